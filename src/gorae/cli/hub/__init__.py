"""Commands about a hub: they run in the hub's own program."""
