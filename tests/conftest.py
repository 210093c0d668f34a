"""For all tests."""

from hypothesis import settings

settings.register_profile("house", deadline=None)  # a busy machine is no finding
settings.load_profile("house")
