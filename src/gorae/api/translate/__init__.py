"""Documents of the API into the engine's values and back. Pure: what must be looked up comes as an argument."""
