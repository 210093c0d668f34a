"""Where a hub's bytes are: a folder, or an S3-compatible store.

Owns: uploads being written, blobs once they count. Never: who may see them. Both storages keep the same promises,
held by one suite of tests.
"""
