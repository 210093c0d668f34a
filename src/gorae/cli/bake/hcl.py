"""Bake files in HCL and JSON: syntax by a library, values by `expression`; variables from the environment."""

from __future__ import annotations

from gorae.cli.bake import expression
from gorae.cli.bake.functions import FUNCTIONS
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

_MARKS = ("__is_block__", "__start_line__", "__end_line__", "__comments__", "__inline_comments__")
_REFERENCED_KINDS = ("target", "group")


def parse_hcl(text: str, name: str) -> dict[str, Any]:
    """The file's blocks as `{kind: {label: body}}`, values still as they are written.

    Raises:
        InvalidArgument: with the parser's place.
    """
    from gorae.cli import sitepackages

    sitepackages.open_up()
    import hcl2
    from lark.exceptions import LarkError

    try:
        found = hcl2.loads(text)
    except (LarkError, ValueError) as error:
        first = str(error).splitlines()[0]
        raise InvalidArgument(f"failed to parse {name}: {first}") from None
    document: dict[str, Any] = {}
    for kind, blocks in found.items():
        if kind in _MARKS:
            continue
        if not isinstance(blocks, list):
            document.setdefault("attributes", {})[kind] = blocks
            continue
        for block in blocks:
            for label, body in block.items():
                if label not in _MARKS:
                    kept = {key: one for key, one in body.items() if key not in _MARKS}
                    document.setdefault(kind, {})[_bare(label)] = kept
    return document


def _bare(label: str) -> str:
    return label[1:-1] if label[:1] == '"' else label


class Reader:
    """Evaluates the blocks of one or more files, in any order: what is needed is evaluated when it is asked for."""

    def __init__(
        self,
        documents: Iterable[Mapping[str, Any]],
        environment: Mapping[str, str],
        *,
        quoted: bool,
    ) -> None:
        self._environment = environment
        self._quoted = quoted
        self._variables: dict[str, Any] = {
            "BAKE_CMD_CONTEXT": {"default": "."},
            "BAKE_LOCAL_PLATFORM": {},
        }
        self._known: dict[str, Any] = {
            "BAKE_CMD_CONTEXT": ".",
            "BAKE_LOCAL_PLATFORM": "linux/amd64",
        }
        self._underway: list[str] = []
        self._targets: dict[str, Any] = {}
        functions: dict[str, Any] = {}
        for document in documents:
            self._variables |= document.get("variable") or {}
            self._variables |= {
                name: {"default": value}
                for name, value in (document.get("attributes") or {}).items()
            }
            functions |= document.get("function") or {}
            self._targets |= document.get("target") or {}
        self._functions = {**FUNCTIONS, **{n: self._function(n, b) for n, b in functions.items()}}
        self.scope = expression.Scope(self._variable, self._functions)

    def variables(self) -> dict[str, Any]:
        """All of them, for `--list variables`."""
        return {
            name: {
                "value": self._variable(name),
                "description": self.value(body.get("description"), self.scope),
            }
            for name, body in self._variables.items()
            if name not in ("BAKE_CMD_CONTEXT", "BAKE_LOCAL_PLATFORM")
        }

    def _variable(self, name: str) -> Any:
        if name in self._known:
            return self._known[name]
        if name in _REFERENCED_KINDS:
            return _Blocks(self._targets, self)
        if name not in self._variables:
            raise InvalidArgument(f'there is no variable named "{name}"')
        if name in self._underway:
            raise InvalidArgument(f"variable cycle not allowed for {name}")
        self._underway.append(name)
        try:
            default = self.value((self._variables[name] or {}).get("default"), self.scope)
        finally:
            self._underway.pop()
        value = self._empty(name) if default is None else default
        if name in self._environment:
            value = self._typed(self._environment[name], default, name)
        self._known[name] = value
        return value

    def _empty(self, name: str) -> Any:
        """One without a default is an empty text, unless it has a type."""
        body = self._variables[name] or {}
        return None if body.get("type") or "default" in body else ""

    def _typed(self, text: str, default: Any, name: str) -> Any:
        """An environment variable as what `type` says, else as what the default is."""
        kind = str((self._variables[name] or {}).get("type") or "").strip("${} ")
        if default is None and kind in ("number", "bool"):
            default = 0.0 if kind == "number" else False
        elif default is None and kind.startswith(("list", "set", "tuple")):
            default = []
        return _of_type(text, default, name)

    def validate(self) -> None:
        """Raises: InvalidArgument: a variable's own condition does not hold, with its own sentence."""
        for name, body in self._variables.items():
            blocks = (body or {}).get("validation") or ()
            for block in [blocks] if isinstance(blocks, dict) else blocks:
                if not self.value(block.get("condition"), self.scope):
                    message = self.value(block.get("error_message"), self.scope)
                    raise InvalidArgument(f"variable {name}: validation failed: {message}")

    def _function(self, name: str, body: Mapping[str, Any]) -> Callable[..., Any]:
        params = [_bare(str(one)) for one in body.get("params") or ()]
        rest = _bare(str(body.get("variadic_params") or body.get("variadic_param") or ""))

        def call(*arguments: Any) -> Any:
            if len(arguments) < len(params) or (len(arguments) > len(params) and not rest):
                raise ValueError(f"{name} takes {len(params)} arguments, not {len(arguments)}")
            bound = dict(zip(params, arguments, strict=False))
            if rest:
                bound[rest] = list(arguments[len(params) :])
            return self.value(body.get("result"), self.scope.with_names(bound))

        return call

    def value(self, raw: Any, scope: expression.Scope) -> Any:
        """Evaluate what the parser gave: strings are templates or expressions."""
        if isinstance(raw, list):
            return [self.value(one, scope) for one in raw]
        if isinstance(raw, dict):
            return {
                self._key(key, scope): self.value(one, scope)
                for key, one in raw.items()
                if key not in _MARKS
            }
        if not isinstance(raw, str):
            return raw
        if not self._quoted:
            return expression.template(raw, scope)
        return self._text(raw, scope)

    def _text(self, raw: str, scope: expression.Scope) -> Any:
        if raw[:1] == '"' and raw[-1:] == '"':
            inside = raw[1:-1]
            return (
                _heredoc(inside, scope)
                if inside.startswith("<<")
                else expression.template(inside, scope)
            )
        if raw.startswith("${") and raw.endswith("}"):
            return expression.evaluate(raw[2:-1], scope)
        return expression.evaluate(raw, scope)

    def _key(self, key: Any, scope: expression.Scope) -> str:
        text = str(key)
        if self._quoted and text[:1] == '"':
            return str(expression.template(text[1:-1], scope))
        return str(expression.evaluate(text[1:-1], scope)) if text[:1] == "(" else text


class _Blocks:
    """`target.NAME` in an expression."""

    def __init__(self, targets: Mapping[str, Any], reader: Reader) -> None:
        self._targets = targets
        self._reader = reader

    def __getitem__(self, name: str) -> Any:
        return self._reader.value(self._targets[name], self._reader.scope)


def _heredoc(text: str, scope: expression.Scope) -> str:
    opening, _, rest = text.partition("\n")
    body = rest.rpartition("\n")[0] + "\n"
    if opening.startswith("<<-"):
        lines = body.split("\n")
        width = min((len(one) - len(one.lstrip()) for one in lines if one.strip()), default=0)
        body = "\n".join(one[width:] for one in lines)
    return expression.to_text(expression.template(body, scope))


def _of_type(text: str, default: Any, name: str) -> Any:
    """An environment variable takes the type that the default has."""
    try:
        if isinstance(default, bool):
            return {"true": True, "1": True, "false": False, "0": False}[text.lower()]
        if isinstance(default, int):
            return int(text)
        if isinstance(default, float):
            return float(text)
    except (KeyError, ValueError):
        raise InvalidArgument(
            f"failed to parse {name} as {type(default).__name__}: {text!r}"
        ) from None
    if isinstance(default, list):
        return [one.strip() for one in text.split(",")]
    return text
