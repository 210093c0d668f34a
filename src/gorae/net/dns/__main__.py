"""The program: `python -m gorae.net.dns CONTROL`."""

import sys

from gorae.net.dns.server import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
