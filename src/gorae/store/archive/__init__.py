"""Layers as tar: unpacking into a snapshot, packing what a snapshot adds, and telling what changed.

A tar comes from strangers: names are resolved below the target only, every count and size has a limit, and a bad
archive is one InvalidArgument.
"""
