"""JSON Schemas of replies, from the types of their keys."""

from __future__ import annotations

import enum
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

from attrs import field, frozen

from orderdesk_sdk.desk.documents import JsonObject
from orderdesk_sdk.orders.serialization.json_text import parse_json
from orderdesk_sdk.web.api.replies.values import Format

__all__ = ["ReplySchemas", "SchemaFile"]

_PLAIN: Mapping[object, str] = {str: "string", int: "integer", bool: "boolean", type(None): "null", float: "number"}
_REFERENCE = "#/components/schemas/"


@frozen
class SchemaFile:
    """A reply that a file of JSON Schema describes.

    Args:
        name: of the schema in the document; what it defines itself has this in front of its names.
    """

    name: str
    path: Path


@frozen
class ReplySchemas:
    """Collects the schemas of replies, each once, under the names of their classes."""

    schemas: dict[str, JsonObject] = field(factory=dict)

    def add(self, reply: type | SchemaFile) -> JsonObject:
        """A reference to the schema of a reply, which is added where it is new."""
        if isinstance(reply, SchemaFile):
            return self._add_file(reply)
        name = reply.__name__
        if issubclass(reply, str):
            return {"type": "string", "description": (reply.__doc__ or "").split("\n")[0]}
        if name not in self.schemas:
            self.schemas[name] = {}  # A document that holds itself refers to it already.
            hints, required = get_type_hints(reply, include_extras=True), _required_keys(reply)
            self.schemas[name] = {
                "type": "object",
                "description": (reply.__doc__ or "").split("\n")[0],
                "properties": {key: self._schema(hint) for key, hint in hints.items()},
                "required": [key for key in hints if key in required],
            }
        return {"$ref": _REFERENCE + name}

    def _add_file(self, file: SchemaFile) -> JsonObject:
        document = parse_json(file.path.read_bytes(), location=file.path.name)
        whole = _renamed(document, file.name)
        if isinstance(whole, dict) and file.name not in self.schemas:
            whole.pop("$schema", None)
            for name, schema in whole.pop("$defs", {}).items():
                self.schemas[_inner_name(file.name, name)] = schema
            self.schemas[file.name] = whole
        return {"$ref": _REFERENCE + file.name}

    def _schema(self, hint: object) -> JsonObject:
        origin, arguments = get_origin(hint), get_args(hint)
        if origin is Annotated:
            return self._annotated(arguments[0], arguments[1:])
        if origin in (Union, types.UnionType):
            return _any_of([self._schema(one) for one in arguments])
        if origin is list:
            return {"type": "array", "items": self._schema(arguments[0])}
        if origin is dict:
            return {"type": "object", "additionalProperties": self._schema(arguments[1])}
        if origin is Literal:
            return {"type": "string", "enum": list(arguments)}
        if isinstance(hint, type) and issubclass(hint, enum.Enum):
            return {"type": "string", "enum": [member.value for member in hint]}
        if isinstance(hint, type) and is_typeddict(hint):
            return self.add(hint)
        if hint is object:
            return {}
        return {"type": _PLAIN[hint]}

    def _annotated(self, hint: object, notes: tuple[object, ...]) -> JsonObject:
        schema = self._schema(hint)
        for note in notes:
            told = {"format": note.name} if isinstance(note, Format) else {"description": str(note)}
            schema = {"allOf": [schema], **told} if "$ref" in schema else schema | told
        return schema


def _required_keys(reply: type) -> frozenset[str]:
    found: frozenset[str] = getattr(reply, "__required_keys__")  # noqa: B009 - mypy knows it of no type
    return found


def _any_of(schemas: list[JsonObject]) -> JsonObject:
    """One of several; plain types together, as `type: [string, null]`."""
    *others, last = schemas
    if last == {"type": "null"} and len(others) == 1 and others[0].keys() <= {"type", "format"}:
        return others[0] | {"type": [others[0]["type"], "null"]}
    return {"anyOf": schemas}


def _inner_name(prefix: str, name: str) -> str:
    return prefix + "".join(part.capitalize() for part in name.split("_"))


def _renamed(value: object, prefix: str) -> object:
    """The schema with its references to `$defs` turned to where these stand in the document."""
    if isinstance(value, list):
        return [_renamed(entry, prefix) for entry in value]
    if not isinstance(value, dict):
        return value
    found = {key: _renamed(entry, prefix) for key, entry in value.items()}
    reference = found.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/$defs/"):
        found["$ref"] = _REFERENCE + _inner_name(prefix, reference.removeprefix("#/$defs/"))
    elif isinstance(reference, str):  # A schema of schemas, which the document does not hold.
        found = {key: entry for key, entry in found.items() if key != "$ref"} | {"type": "object"}
    return found
