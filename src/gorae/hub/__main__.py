"""The hub's program, as `gorae hub` starts it: `python -I .../gorae/hub DOCUMENT`."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])

from gorae.hub.main import main  # noqa: E402 - the path comes first

sys.exit(main(sys.argv[1:]))
