"""`inspect` of any kind of object: a JSON list, or a template for each.

A template is tried on the document as a Go struct, then on the raw JSON, where a missing key is an error: so
both Go's names (`.ID`) and the API's (`.Id`) work.
"""

from __future__ import annotations

from gorae.cli.errors import BAD_TEMPLATE, FAILURE, Exit
from gorae.cli.listing import PARSING
from gorae.cli.options import Option
from gorae.client import jsontext
from gorae.errors import GoraeError, InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from gorae.cli.console import Console
    from gorae.cli.template.evaluator import Template

FORMAT = Option("f format", "string", "print each by a Go template ('json', 'TEMPLATE')")


def inspect(
    console: Console,
    names: Iterable[str],
    fetch: Callable[[str], tuple[Any, str]],
    template_text: str,
    *,
    raw: bool = True,
) -> int:
    """Show the documents of `names`; those that fail are complained of after the others.

    Args:
        fetch: gives a name's document and its Go type.
        raw: try templates on the raw document too.

    Raises:
        Exit: a name failed (status 1).
    """
    template = None
    if template_text not in ("", "json"):
        template = parse_or_leave(template_text)
    documents: list[Any] = []
    complaints: list[str] = []
    for name in names:
        try:
            document, kind = fetch(name)
            documents.append(
                document if template is None else render(template, document, kind, raw=raw)
            )
        except GoraeError as error:
            complaints.append(str(error))
    if template is not None:
        console.out.write("".join(f"{text}\n" for text in documents) or "\n")
    elif template_text == "json":
        console.out.write(jsontext.encode(documents) + "\n")
    else:
        console.out.write(jsontext.encode(documents, indent=4) + "\n")
    if complaints:
        raise Exit(FAILURE, "\n".join(complaints))
    return 0


def parse_or_leave(text: str, name: str = "", complaint: str = PARSING) -> Template:
    """A parsed template of a command that shows one thing: a wrong text ends it with docker's 64."""
    from gorae.cli.template.evaluator import Template
    from gorae.cli.template.value import TemplateFault

    try:
        return Template(text, name=name)
    except TemplateFault as error:
        raise Exit(BAD_TEMPLATE, f"{complaint}{error}") from None


def render(template: Template, document: Any, kind: str, *, raw: bool = True) -> str:
    """The text of one document.

    Raises:
        InvalidArgument: neither the struct nor the raw document has what the template names.
    """
    from gorae.cli.document import Document
    from gorae.cli.template.value import TemplateFault

    try:
        return template.execute(Document(document, kind))
    except TemplateFault as error:
        if not raw:
            raise InvalidArgument(f"template parsing error: {error}") from None
    try:
        return template.execute(_untyped(document), missing_is_error=True)
    except TemplateFault as error:
        raise InvalidArgument(f"template parsing error: {error}") from None


def _untyped(value: Any) -> Any:
    """The document as Go reads it without types: numbers stay text."""
    from gorae.cli.template.value import Number

    if isinstance(value, dict):
        return {key: _untyped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_untyped(item) for item in value]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Number(value)
    return value
