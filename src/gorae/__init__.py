"""gorae: a container engine in Python, driven by the Docker Engine API."""
