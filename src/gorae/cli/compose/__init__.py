"""`gorae compose`: the commands over the `compose` room."""
