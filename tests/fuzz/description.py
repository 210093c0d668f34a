"""The API's description as operations: what a request to each may hold. Read from moby's own document."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

SOURCE = Path(__file__).parents[1] / "data/engine-api/docker-engine-api-v1.50-swagger.yaml"
Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Parameter:
    """A parameter of the path, the query or the headers."""

    name: str
    place: str
    kind: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Operation:
    """One operation. `body`: the schema of its document, or None."""

    name: str
    method: str
    path: str
    parameters: tuple[Parameter, ...]
    body: Schema | None
    statuses: frozenset[int]


class Description:
    """All operations, and the definitions that their schemas point at."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._definitions: Mapping[str, Schema] = document["definitions"]
        self.operations = tuple(
            self._operation(method.upper(), path, one)
            for path, methods in document["paths"].items()
            for method, one in methods.items()
        )

    def _operation(self, method: str, path: str, one: Mapping[str, Any]) -> Operation:
        body: Schema | None = None
        parameters = []
        for given in one.get("parameters", ()):
            if given["in"] == "body":
                body = given["schema"]
            else:
                words = tuple(map(str, given.get("enum", ())))
                kind = given.get("type", "string")
                parameters.append(Parameter(given["name"], given["in"], kind, words))
        statuses = frozenset(map(int, one["responses"]))
        return Operation(one["operationId"], method, path, tuple(parameters), body, statuses)

    def resolve(self, schema: Schema) -> Schema:
        """The schema with its reference followed and its parts (`allOf`) joined."""
        while "$ref" in schema:
            schema = self._definitions[schema["$ref"].rpartition("/")[2]]
        if "allOf" not in schema:
            return schema
        properties: dict[str, Schema] = {}
        for part in schema["allOf"]:
            properties |= self.resolve(part).get("properties", {})
        return {"type": "object", "properties": properties}


@functools.cache
def description() -> Description:
    """Of the API 1.50."""
    return Description(yaml.load(SOURCE.read_text(), Loader=yaml.CSafeLoader))
