"""Go's text/template in Python: lexer, parser, evaluator, functions, printf.

Owns: the language of `--format`. Never: what a document looks like; values come in as Python's own (str, int,
float, bool, None, list, dict) or as `value.Struct`, whose unknown fields are errors as in Go. Loaded only when
a format is given.
"""
