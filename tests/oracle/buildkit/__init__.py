"""Small builds that Docker 28 with BuildKit and gorae must answer alike: status, sentence, config, history, files."""
