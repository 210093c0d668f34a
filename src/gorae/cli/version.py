"""The client's own version, kept equal to the package's by a test."""

VERSION = "0.1.0"
