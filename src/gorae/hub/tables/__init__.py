"""SQL of the hub's tables, in words that SQLite and PostgreSQL share.

Owns: the text of every statement. Never: a decision. Each function takes the transaction first.
"""
