"""The registry that people can host: the distribution spec's server end, with accounts and a web site.

Owns: repositories and who may see and change them, uploads, tokens, the audit log, the hub's own process. Never: the
engine's insides; it shares the store's content and its collector, and nothing else. Called by its own program alone.

    routes/   URL -> service call -> answer, by noun         site/     the web pages, rendered here
    *.py      what a registry means, blocking                admin/    the `gorae hub` commands
    tables/   SQL, for SQLite and PostgreSQL alike           storage/  where bytes are: a folder, or S3
"""
