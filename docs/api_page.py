"""The page on the JSON API, made of the table of its operations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from docs.prose import table
from orderdesk_sdk.desk.documents import JsonObject
from orderdesk_sdk.web.api.openapi import PARAMETER_TEXTS, STATUS_TEXTS, openapi_document
from orderdesk_sdk.web.api.operation import PREFIX, KeyUse, Operation
from orderdesk_sdk.web.api.operations import OPERATIONS

__all__ = ["api_page"]

_HEAD = """\
# The JSON API

What `orderdesk serve` answers below `/api/v1`. How to begin is told in [Use the JSON API](../how-to/json-api.md). The
same as an OpenAPI 3.1 document is at `/api/v1/openapi.json`.

- A token of `orderdesk tokens create` goes into the header `Authorization: Bearer ...`, and nowhere else. What is done
  is done in its name. It has a role, and may be limited to some connections: of other connections it learns nothing,
  and what is about the whole desk is not for it.
- Bodies are JSON objects in UTF-8, at most 64 kB. Unknown keys, keys that are given twice and unknown parameters are
  refused. Texts have printable characters; without other words 1 to 200 of them.
- `Idempotency-Key` is any text of your own, 1 to 200 visible ASCII characters, kept for at least a day for each token:
  the same key and body again give the same reply, with `Idempotent-Replayed: true`, and do nothing; another body is
  answered with 409. A request that was refused may be repeated with its key.
- Keys of replies are always present. Within `/api/v1` keys are added, never renamed, retyped or removed: ignore those
  that you do not know. The documents are those of the [command line](cli-json.md).

An error is answered as `{"error": {"code", "id", "message"}}`; for tokens of supervisors up, of all connections, also
with `location` and `hint`. The log has it under `id` too.
"""


def api_page() -> str:
    """Every operation with its parameters, body, reply and errors; then every document."""
    lines = [_HEAD, "## Errors", ""]
    lines += table(("status", "means"), [(f"{status.value}", text) for status, text in STATUS_TEXTS.items()])
    lines += ["## Operations", ""]
    lines += table(
        ("call", "role", "command line", "what it does"),
        [
            (
                f"[`{_call(operation)}`](#{operation.name.replace('_', '-')})",
                operation.role.value,
                f"`orderdesk {operation.cli_command}`" if operation.cli_command else "-",
                operation.summary,
            )
            for operation in OPERATIONS
        ],
    )
    for operation in OPERATIONS:
        lines += _operation(operation)
    lines += ["## Documents", ""]
    schemas = cast("Mapping[str, JsonObject]", _at(openapi_document(OPERATIONS), "components", "schemas"))
    for name, schema in schemas.items():
        lines += _document(name, schema)
    return "\n".join(lines).rstrip("\n") + "\n"


def _call(operation: Operation) -> str:
    return f"{operation.method.value} {PREFIX}{operation.path}"


def _operation(operation: Operation) -> list[str]:
    described = _described(operation)
    lines = [f"({operation.name.replace('_', '-')})=", f"### `{_call(operation)}`", "", operation.summary, ""]
    limited = (
        " It is about the whole desk, so a token of some connections may not." if operation.about_whole_desk else ""
    )
    lines += [f"For tokens of the role {operation.role.value} up.{limited}{_key_sentence(operation)}", ""]
    rows = [*_parameter_rows(operation, described), *_body_rows(described)]
    if rows:
        lines += table(("given", "in", "type", ""), rows)
    errors = ", ".join(str(status.value) for status in operation.all_errors())
    reply = _at(described, "responses", str(operation.status.value), "content", operation.media_type, "schema")
    lines += [f"Answers {operation.status.value} with {_type(cast('JsonObject', reply))}. Errors: {errors}.", ""]
    return lines


def _key_sentence(operation: Operation) -> str:
    if operation.key_use is KeyUse.REQUIRED:
        return " `Idempotency-Key` is required."
    return " `Idempotency-Key` is accepted." if operation.key_use is KeyUse.OPTIONAL else ""


def _described(operation: Operation) -> JsonObject:
    found = _at(openapi_document(OPERATIONS), "paths", PREFIX + operation.path, operation.method.value.lower())
    return cast("JsonObject", found)


def _parameter_rows(operation: Operation, described: JsonObject) -> Iterator[tuple[str, ...]]:
    for name in operation.parameters:
        yield f"`{name}`", "path", "text", PARAMETER_TEXTS[name]
    for parameter in cast("list[JsonObject]", described["parameters"]):
        if parameter["in"] == "query":
            schema = cast("JsonObject", parameter["schema"])
            yield f"`{parameter['name']}`", "query", _type(schema), str(parameter["description"])


def _body_rows(described: JsonObject) -> Iterator[tuple[str, ...]]:
    if "requestBody" not in described:
        return
    schema = cast("JsonObject", _at(described, "requestBody", "content", "application/json", "schema"))
    required = cast("list[str]", schema["required"])
    for name, inner in cast("Mapping[str, JsonObject]", schema["properties"]).items():
        needed = " Required." if name in required else ""
        yield f"`{name}`", "body", _type(inner), f"{inner['description']}{needed}"


def _document(name: str, schema: JsonObject) -> list[str]:
    lines = [f"({name.lower()})=", f"### {name}", "", str(schema.get("description") or schema.get("title") or ""), ""]
    rows = [
        (f"`{key}`", _type(inner), str(inner.get("description", "")))
        for key, inner in cast("Mapping[str, JsonObject]", schema.get("properties", {})).items()
    ]
    return [*lines, *(table(("key", "type", ""), rows) if rows else [])]


def _type(schema: JsonObject) -> str:
    """The type of a value, in words."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    for joined in ("allOf", "anyOf", "oneOf"):
        if joined in schema:
            return " or ".join(_type(one) for one in cast("list[JsonObject]", schema[joined]))
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in cast("list[object]", schema["enum"]))
    if "const" in schema:
        return f"`{schema['const']}`"
    kinds = schema.get("type", "any")
    return " or ".join(_plain_type(str(kind), schema) for kind in (kinds if isinstance(kinds, list) else [kinds]))


_WORDS = {"string": "text", "integer": "whole number", "boolean": "true or false"}


def _plain_type(kind: str, schema: JsonObject) -> str:
    if kind == "array" and isinstance(schema.get("items"), dict):
        return f"list of {_type(cast('JsonObject', schema['items']))}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_type(cast('JsonObject', schema['additionalProperties']))}"
    return "moment" if schema.get("format") == "date-time" and kind == "string" else _WORDS.get(kind, kind)


def _at(document: object, *path: str) -> object:
    """What lies at a path in a document. Raises KeyError."""
    for step in path:
        document = cast("JsonObject", document)[step]
    return document
