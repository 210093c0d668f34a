"""The hub's program, as `gorae hub` starts it: `python -IS .../gorae/hub DOCUMENT`.

The document's `site` says where the packages are, when the interpreter was told not to look.
"""

import json
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])
try:
    site = json.loads(sys.argv[1])["site"]
except (IndexError, ValueError, KeyError, TypeError):
    site = ""
if site:
    sys.path.append(site)

from gorae.hub.main import main  # noqa: E402 - the paths come first

sys.exit(main(sys.argv[1:]))
