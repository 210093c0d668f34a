"""The entrance: one document from the command line, then the server or one command of administration.

Shape: {"command": "user add", "options": {"root": ..., ...}, "arguments": [...]}. `gorae hub` reads what people type
and makes the document; nothing else calls this.
"""

import json
import sys
from collections.abc import Sequence
from typing import Any

from gorae.errors import GoraeError, InvalidArgument
from gorae.hub import config as configuration
from gorae.hub.admin import table
from gorae.hub.admin.order import Order

SETTINGS = frozenset(
    ("root", "listen", "url", "tls_cert", "tls_key", "database", "signup", "log_level", "title")
)


def main(arguments: Sequence[str]) -> int:
    """Run it; the exit status."""
    try:
        document = _document(arguments)
        options = document["options"]
        given = {key: options[key] for key in SETTINGS & options.keys()}
        config = configuration.load(str(options.get("config", "")), given)
        if document["command"] == "serve":
            from gorae.hub.serve import serve

            return serve(config)
        return table.run(Order(document["command"], config, options, document["arguments"]))
    except GoraeError as error:
        print(error.message, file=sys.stderr)
        return 1
    except OSError as error:
        where = f'"{error.filename}": ' if error.filename else ""
        print(f"{where}{(error.strerror or str(error)).lower()}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _document(arguments: Sequence[str]) -> dict[str, Any]:
    try:
        document = json.loads(arguments[0])
        if {"command", "options", "arguments"} <= document.keys():
            return dict(document)
    except (IndexError, ValueError, AttributeError):
        pass
    raise InvalidArgument("this program is started by `gorae hub`: run `gorae hub --help`")
