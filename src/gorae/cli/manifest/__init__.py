"""Commands of the group `manifest`: manifests and indexes in registries."""
