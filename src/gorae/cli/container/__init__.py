"""Commands about containers: one file a command, or a few that are one gesture."""
