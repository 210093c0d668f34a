"""A container as processes: OCI spec, bundle, runtime, monitor, console, log file.

Owns: the OCI runtime's and the monitor's driver, what a container's process is made of (`config`), the log
file's format. Never: images, names, what a network means. Called by `engine` and `build`.
"""
