"""URL -> service call -> answer, by noun of the distribution specification.

Owns: headers, statuses, who may call. Never: what a registry means; SQL; bytes on disk.
"""
