"""Dockerfiles as values: bytes to instructions, shell words, ignore rules. Pure.

Owns: the grammar. Never: reading files, knowing images. Called by `build` and `engine`.
"""
