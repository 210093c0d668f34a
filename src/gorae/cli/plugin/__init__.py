"""docker's own command line reaching gorae's builder: the `docker-buildx` plugin."""
