"""Lists of things: tables, `--format` templates, JSON lines.

A `Listing` is the data of one kind of list: its columns (field, header, how to read a row) and which of them the
plain table shows. Fast path: the plain table needs no template engine.
"""

from __future__ import annotations

from gorae.cli import tabwriter
from gorae.cli.options import Option
from gorae.client import jsontext
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from gorae.cli.template.evaluator import Template

    Getter = Callable[[Any], Any]


PARSING = "template parsing error: "
CLASH = "WARNING: Ignoring custom format, because both --format and --quiet are set."


def format_option(names: str = "format") -> Option:
    """The option of list commands."""
    return Option(
        names, "string", "print each by a Go template ('table TEMPLATE', 'json', 'TEMPLATE')"
    )


class Listing:
    """One kind of list.

    Args:
        type_name: Go's name of a row, which error messages show.
        columns: field -> (header, reader of one row).
        table: the fields of the plain table, in order.
        unlisted: fields that `json` leaves out.
        raw: what `--format raw` shows, (word, field) a line; a word with `?` only when it is asked for.
    """

    __slots__ = ("columns", "methods", "raw", "table", "type_name", "unlisted")

    def __init__(
        self,
        type_name: str,
        columns: dict[str, tuple[str, Getter]],
        table: Sequence[str],
        *,
        methods: dict[str, tuple[str, Callable[..., Any]]] | None = None,
        unlisted: Sequence[str] = (),
        raw: Sequence[tuple[str, str]] = (),
    ) -> None:
        self.type_name = type_name
        self.columns = columns
        self.table = tuple(table)
        self.methods = methods or {}
        self.unlisted = tuple(unlisted)
        self.raw = tuple(raw)

    def render(
        self, rows: Iterable[Any], template: str = "", *, table: Sequence[str] = (), also: str = ""
    ) -> str:
        """The whole list as text.

        Args:
            template: what `--format` says; empty for the plain table.
            table: other fields for the plain table than the usual ones.
            also: a field that `raw` shows because it was asked for.

        Raises:
            InvalidArgument: the template is wrong.
        """
        kind = template.strip()
        if kind in ("", "table"):
            return self._plain(rows, table or self.table)
        if kind == "json":
            return "".join(self.json_line(row) + "\n" for row in rows)
        if kind == "raw" and self.raw:
            lines = [
                (word.rstrip("?"), field)
                for word, field in self.raw
                if not word.endswith("?") or field == also
            ]
            return "".join(self._raw(row, lines) + "\n" for row in rows)
        return self._templated(rows, kind)

    def identifiers(self, rows: Iterable[Any], template: str, field: str) -> str:
        """What `--quiet` shows: the field alone."""
        if template == "raw" and self.raw:
            lines = [line for line in self.raw if line[1] == field]
            return "".join(self._raw(row, lines) for row in rows)
        read = self.columns[field][1]
        return "".join(f"{read(row)}\n" for row in rows)

    def _raw(self, row: Any, lines: Iterable[tuple[str, str]]) -> str:
        return "".join(
            f"{word}: {self.columns[field][1](row)}".rstrip(" ") + "\n" for word, field in lines
        )

    def json_line(self, row: Any) -> str:
        """All fields of a row, sorted by name."""
        document = {
            name: self.columns[name][1](row)
            for name in sorted(self.columns)
            if name not in self.unlisted
        }
        return jsontext.encode(document, html=True)

    def _plain(self, rows: Iterable[Any], fields: Sequence[str]) -> str:
        chosen = [self.columns[name] for name in fields]
        lines = ["\t".join(header for header, _ in chosen)]
        readers = [reader for _, reader in chosen]
        lines += ["\t".join([str(read(row)) for read in readers]) for row in rows]
        return tabwriter.align("\n".join(lines)) + "\n"

    def _templated(self, rows: Iterable[Any], text: str) -> str:
        text = text.replace("\\t", "\t").replace("\\n", "\n")
        as_table = text.startswith("table")
        template = parse_template(text.removeprefix("table").strip() if as_table else text)
        lines = [execute(template, self.struct(row)) for row in rows]
        if not as_table:
            return "".join(line + "\n" for line in lines)
        return tabwriter.align("\n".join([self._header(template), *lines])) + "\n"

    def _header(self, template: Template) -> str:
        from gorae.cli.template.evaluator import Template
        from gorae.cli.template.functions import Definition
        from gorae.cli.template.value import Method, Struct, TemplateFault, constant

        same = {
            name: Definition(lambda value, *_: value, 1, None)
            for name in ("json", "split", "join", "title", "lower", "upper", "pad", "truncate")
        }
        heads = {name: constant(header) for name, (header, _) in self.columns.items()}
        heads |= {name: (lambda: Method(lambda text: text, 1)) for name in self.methods}
        try:
            return Template(template.text, functions=same).execute(Struct(self.type_name, heads))
        except TemplateFault:
            return ""

    def struct(self, row: Any) -> Any:
        """The row as templates see it."""
        from functools import partial

        from gorae.cli.template.value import Method, Row, constant

        getters: dict[str, Callable[[], Any]] = {
            name: partial(read, row) for name, (_, read) in sorted(self.columns.items())
        }
        for name, (_, method) in self.methods.items():
            getters[name] = constant(Method(partial(method, row), 1))
        hidden = frozenset((*self.methods, *self.unlisted))
        return Row(self.type_name.removeprefix("*"), getters, pointer=True, hidden=hidden)


def parse_template(text: str, complaint: str = PARSING) -> Template:
    """A parsed template; its faults as an error of the command line."""
    from gorae.cli.template.evaluator import Template
    from gorae.cli.template.value import TemplateFault

    try:
        return Template(text)
    except TemplateFault as error:
        raise InvalidArgument(f"{complaint}{error}") from None


def execute(template: Template, value: Any, complaint: str = PARSING) -> str:
    """The text for one row; a field that is not there is an error of the command line."""
    from gorae.cli.template.value import TemplateFault

    try:
        return template.execute(value)
    except TemplateFault as error:
        raise InvalidArgument(f"{complaint}{error}") from None


def uses_field(text: str, name: str) -> bool:
    """Whether a format asks for the field, or for everything."""
    return f".{name}" in text or "json ." in text
