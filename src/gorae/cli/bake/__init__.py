"""`bake`: many builds from one definition file (HCL, JSON or compose)."""
