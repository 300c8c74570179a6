"""The operations as OpenAPI 3.1 describes them: for whoever drives the studio by a program, and for the tests that attack it."""

import re
from collections.abc import Sequence
from typing import Any

from figment.studio.operation import Operation
from figment.version import __version__

REASONS = {
    400: "It can't be used: why", 401: "The token is missing", 403: "Another site asked", 404: "It isn't there",
    409: "It can't be done now: why", 413: "Too large", 421: "The wrong name of this server",
}  # fmt: skip
ALWAYS = (400, 401, 403, 404, 409, 421)
ERROR = {
    "application/json": {
        "schema": {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
    }
}


def described(operations: Sequence[Operation]) -> dict[str, Any]:
    """The document."""
    paths: dict[str, dict[str, Any]] = {}
    for it in operations:
        path = re.sub(r"\{(\w+):\w+\}", r"{\1}", it.path)
        paths.setdefault(path, {})[it.method.lower()] = _described(it, path)
    return {
        "openapi": "3.1.0",
        "info": {"title": "figment studio", "version": __version__},
        "security": [{"token": []}],
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "paths": paths,
    }


def _described(it: Operation, path: str) -> dict[str, Any]:
    statuses = [*ALWAYS, *it.statuses, *([413] if it.body is not None else [])]
    found: dict[str, Any] = {
        "summary": it.summary,
        "operationId": f"{it.method.lower()}{re.sub('[^a-z0-9]+', '_', path.lower())}",
        "parameters": [_path_parameter(name) for name in re.findall(r"\{(\w+)\}", path)] + _query_parameters(it),
        "responses": {
            "200": {"description": "Done", "content": {it.gives: {"schema": {}}}},
            **{str(status): {"description": REASONS.get(status, "Refused: why"), "content": ERROR} for status in statuses},
        },
    }  # fmt: skip
    if it.body is bytes:
        found["requestBody"] = {"required": True, "content": {"application/octet-stream": {"schema": {}}}}
    elif it.body is not None:
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": _schema(it.body)}}}
    return found


def _path_parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _query_parameters(it: Operation) -> list[dict[str, Any]]:
    if it.query is None:
        return []
    schema = _schema(it.query)
    needed = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in needed, "schema": part}
        for name, part in schema.get("properties", {}).items()
    ]


def _schema(model: Any) -> dict[str, Any]:
    """A model's schema with its parts written where they are used: the document has no room of its own for them."""
    schema: dict[str, Any] = model.model_json_schema()
    parts = schema.pop("$defs", {})

    def resolved(value: Any) -> Any:
        if isinstance(value, dict):
            if name := value.get("$ref"):
                return resolved(parts[name.rpartition("/")[2]])
            return {key: resolved(inner) for key, inner in value.items()}
        return [resolved(inner) for inner in value] if isinstance(value, list) else value

    return resolved(schema)
