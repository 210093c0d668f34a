"""Examples are made without a deadline: a busy machine is no error."""

from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
