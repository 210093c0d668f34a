"""What `docker buildx build --check` says: a catalogue of Dockerfiles, and the oracle's answers to them."""
