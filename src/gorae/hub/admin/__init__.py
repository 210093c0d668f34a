"""The `gorae hub` commands that work on a hub's data, beside the running server or without one.

Owns: reading their options, printing their answers. Never: a rule; the services have these.
"""
