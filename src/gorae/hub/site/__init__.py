"""The hub's web pages, rendered here and read with any browser; two languages, one style sheet, hardly a script.

Owns: pages, forms, sessions of browsers. Never: a rule of the registry; what a visitor may see is asked of the
permissions, as for any other client. Nothing on a page comes from elsewhere: the policy sent along forbids it.
"""
