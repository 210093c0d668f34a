"""Bytes on disk and facts in SQLite.

Owns: the content store, snapshots on overlayfs, archives, volumes' directories, tables, leases, the collector, the
check. Never: HTTP, registries, what a container means. Called by every room above it on the engine's side.
"""
