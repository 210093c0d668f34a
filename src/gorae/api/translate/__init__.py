"""Documents of the API into the engine's values and back. Pure: look-ups are arguments."""
