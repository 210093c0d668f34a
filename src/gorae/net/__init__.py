"""A network as kernel objects: bridges, namespaces, veth pairs, addresses, rules, names.

Owns: planning (`plan`, `ipam`, `nft`: pure) and doing (`rtnl`, `bridge`, `endpoint`, `dns`). Never: container
names' policy, what a network means to a user. Called by `engine` (and, through a Protocol, by `build`).
"""
