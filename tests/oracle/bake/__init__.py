"""What `docker buildx bake --print` shows of definition files: a catalogue, and the oracle's answers to it."""
