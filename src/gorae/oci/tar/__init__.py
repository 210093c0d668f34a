"""The tar format: header blocks, extensions, sparse maps, and members read front to back. Pure; engine and clients use it.

What is read comes from strangers: every count, size and name has a limit, and a bad archive is one InvalidArgument.
"""
