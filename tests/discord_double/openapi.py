"""Discord's own description of its HTTP API, as a check on requests and responses.

The description is not part of this repository. It is read from
``../shared/discord-openapi/openapi.json`` beside the checkout, where that exists.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

DEFAULT_PATH = Path(__file__).parents[3] / "shared" / "discord-openapi" / "openapi.json"
METHODS = frozenset({"get", "post", "put", "patch", "delete"})
_BASE = "urn:discord-openapi"


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path template."""

    method: str
    template: str

    def __str__(self) -> str:
        return f"{self.method} {self.template}"


class OpenApi:
    """An index of routes with a JSON-schema check for each body."""

    def __init__(self, document: dict[str, Any]) -> None:
        _accept_what_discord_accepts(document)
        self._document = document
        resource = Resource.from_contents(document, default_specification=DRAFT202012)
        self._registry: Registry[Any] = Registry().with_resource(_BASE, resource)
        self._routes = sorted(
            (
                (_pattern(template, item), template, frozenset(METHODS & item.keys()))
                for template, item in document["paths"].items()
            ),
            # "/users/@me" is also a "/users/{user_id}": the most literal template wins.
            key=lambda route: route[1].count("{"),
        )

    @staticmethod
    @cache
    def load(path: Path = DEFAULT_PATH) -> OpenApi | None:
        """Read the description, or return None where it is not at hand."""
        if not path.is_file():
            return None
        return OpenApi(json.loads(path.read_text(encoding="utf-8")))

    def match(self, method: str, path: str) -> Operation | None:
        """Find the operation for a path below ``/api/v10``."""
        for pattern, template, methods in self._routes:
            if method.lower() in methods and pattern.fullmatch(path):
                return Operation(method.upper(), template)
        return None

    def body_types(self, operation: Operation) -> frozenset[str]:
        """Content types in which the operation takes a body; empty if it takes none."""
        return frozenset(self._operation(operation).get("requestBody", {}).get("content", {}))

    def body_required(self, operation: Operation) -> bool:
        """Whether the operation cannot do without a body."""
        return bool(self._operation(operation).get("requestBody", {}).get("required"))

    def body_problems(self, operation: Operation, body: Any) -> Iterator[str]:
        """Say what is wrong with the JSON of a request, if anything is."""
        # A multipart body carries the same JSON in its "payload_json" part, so that the
        # schema for application/json serves both.
        pointer = f"{_pointer(operation)}/requestBody/content/application~1json/schema"
        yield from self._problems(pointer, body)

    def response_problems(self, operation: Operation, status: int, body: Any) -> Iterator[str]:
        """Say what is wrong with the JSON of a response, if anything is."""
        content = self._operation(operation)["responses"].get(str(status), {}).get("content", {})
        if "application/json" in content:
            pointer = f"{_pointer(operation)}/responses/{status}/content/application~1json/schema"
            yield from self._problems(pointer, body)

    def _operation(self, operation: Operation) -> dict[str, Any]:
        found: dict[str, Any] = self._document["paths"][operation.template]
        return dict(found[operation.method.lower()])

    def _problems(self, pointer: str, instance: Any) -> Iterator[str]:
        error = best_match(self._validator(pointer).iter_errors(instance))
        if error is not None:
            yield f"schema: {error.json_path}: {error.message[:300]}"

    @cache  # noqa: B019 - lives as long as the one description that is loaded
    def _validator(self, pointer: str) -> Draft202012Validator:
        reference = {"$ref": f"{_BASE}#{quote(pointer, safe='/~')}"}
        return Draft202012Validator(reference, registry=self._registry)


def _pointer(operation: Operation) -> str:
    template = operation.template.replace("~", "~0").replace("/", "~1")
    return f"/paths/{template}/{operation.method.lower()}"


def _pattern(template: str, item: dict[str, Any]) -> re.Pattern[str]:
    numeric = {
        parameter["name"]
        for parameter in item.get("parameters", [])
        if parameter["schema"].get("$ref", "").endswith("/SnowflakeType")
    }
    pieces = re.split(r"\{(\w+)\}", template)
    # re.split leaves literal text at even positions and parameter names at odd ones.
    return re.compile(
        "".join(
            re.escape(piece) if index % 2 == 0 else (r"\d+" if piece in numeric else "[^/]+")
            for index, piece in enumerate(pieces)
        )
    )


def _accept_what_discord_accepts(document: dict[str, Any]) -> None:
    """Widen the description where Discord's documentation and practice are wider."""
    schemas = document["components"]["schemas"]
    snowflake = schemas["SnowflakeType"]
    # The reference's own upload example sends attachment ids as integers.
    schemas["SnowflakeType"] = {"anyOf": [snowflake, {"type": "integer", "minimum": 0}]}
    for schema in schemas.values():
        permissions = schema.get("properties", {}).get("default_member_permissions")
        if permissions is not None and permissions.get("type") == ["integer", "null"]:
            # Documented as a string that holds a bit set.
            schema["properties"]["default_member_permissions"] = {
                "anyOf": [permissions, {"type": "string", "pattern": "^[0-9]+$"}]
            }
