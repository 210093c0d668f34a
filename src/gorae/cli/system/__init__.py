"""Commands about the engine itself, and those that span kinds of objects."""
