"""Compose files to one application, and the API calls that bring it up, change it and take it down.

Owns: the compose file's model, interpolation and merging, the plan of actions and its reasons, the labels by which an
application is found again.
Never: reaches the engine but through the API; prints.
Called by: `cli` (the commands), `cli.bake` (interpolation).
"""
