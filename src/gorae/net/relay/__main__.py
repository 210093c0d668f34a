"""The program: `python -m gorae.net.relay CONTROL`."""

import sys

from gorae.net.relay.server import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
