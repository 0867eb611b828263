"""Requests and queries: attrs classes whose fields say of which kind their values are.

    @frozen
    class NoteRequest:
        note: str | None = field(default=None, metadata=described(Nullable(Text(2000)), "How this is known."))

Keys that a class does not have are refused, and so is a missing one without a default.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import attrs
from attrs import NOTHING, Attribute, AttrsInstance, frozen

from orderdesk_sdk.desk.documents import JsonObject
from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.web.api.kinds import Kind

__all__ = ["ObjectOf", "described", "parameters", "read_body", "read_query", "request_schema"]

T = TypeVar("T", bound=AttrsInstance)

_KIND, _HELP = "orderdesk.api.kind", "orderdesk.api.help"
_ROOT = "$"


def described(kind: Kind, text: str) -> dict[str, object]:
    """The metadata of a field: of which kind its value is, and what it is for."""
    return {_KIND: kind, _HELP: text}


@frozen
class ObjectOf:
    """An object that is read as an attrs class."""

    cls: type[AttrsInstance]

    def schema(self) -> JsonObject:
        """As JSON Schema."""
        return request_schema(self.cls)

    def read(self, value: object, path: str) -> object:
        """An instance of the class."""
        return _read_object(self.cls, value, path)

    def read_parameter(self, texts: Sequence[str], path: str) -> object:
        """Never: a query has no objects."""
        raise ValidationError(f"{path}: an object cannot stand in a query ({len(texts)})")


def request_schema(cls: type[AttrsInstance]) -> JsonObject:
    """The JSON Schema of an attrs class."""
    found = attrs.fields(cls)
    return {
        "type": "object",
        "title": cls.__name__,
        "properties": {field.name: _field_schema(field) for field in found},
        "required": [field.name for field in found if field.default is NOTHING],
        "additionalProperties": False,
    }


def parameters(cls: type[AttrsInstance]) -> list[JsonObject]:
    """The fields of a query as parameters of OpenAPI."""
    return [
        {
            "name": field.name,
            "in": "query",
            "required": field.default is NOTHING,
            "description": field.metadata[_HELP],
            "schema": _without_null(_field_schema(field)),
        }
        for field in attrs.fields(cls)
    ]


def read_body(cls: type[T], document: object) -> T:
    """The body of a request. Raises ValidationError with the path of what is wrong in it."""
    return _read_object(cls, document, _ROOT)


def read_query(cls: type[T] | None, pairs: Sequence[tuple[str, str]]) -> T | None:
    """The query of a request; None where the operation has none. Raises ValidationError, also for an unknown key."""
    texts: dict[str, list[str]] = {}
    for name, text in pairs:
        texts.setdefault(name, []).append(text)
    known = {} if cls is None else {field.name: field for field in attrs.fields(cls)}
    _refuse_unknown(texts, known, "query")
    if cls is None:
        return None
    values = {
        name: _kind(field).read_parameter(texts[name], f"query.{name}")
        for name, field in known.items()
        if name in texts
    }
    _refuse_missing(values, known, "query")
    return cls(**values)


def _read_object(cls: type[T], document: object, path: str) -> T:
    if not isinstance(document, dict):
        raise ValidationError(f"{path}: an object is expected")
    known = {field.name: field for field in attrs.fields(cls)}
    _refuse_unknown(document, known, path)
    values = {
        name: _kind(field).read(document[name], f"{path}.{name}") for name, field in known.items() if name in document
    }
    _refuse_missing(values, known, path)
    return cls(**values)


def _refuse_unknown(given: Mapping[str, object], known: Mapping[str, object], path: str) -> None:
    for name in given:
        if name not in known:
            shown = name if name.isprintable() and len(name) <= 50 else "..."
            raise ValidationError(
                f"{path}: the key {shown!r} is not known",
                hint=f"known are: {', '.join(known)}" if known else "leave it out",
            )


def _refuse_missing(values: Mapping[str, object], known: Mapping[str, Attribute[object]], path: str) -> None:
    for name, field in known.items():
        if field.default is NOTHING and name not in values:
            raise ValidationError(f"{path}: the key {name!r} is missing", hint="add it")


def _kind(field: Attribute[object]) -> Kind:
    kind: Kind = field.metadata[_KIND]
    return kind


def _field_schema(field: Attribute[object]) -> JsonObject:
    told = {"description": field.metadata[_HELP]}
    if isinstance(field.default, str | int):
        return _kind(field).schema() | told | {"default": field.default}
    return _kind(field).schema() | told


def _without_null(schema: JsonObject) -> JsonObject:
    """The schema of a parameter, which can be left out and never null."""
    choices = schema.get("anyOf")
    if not isinstance(choices, list):
        return {key: value for key, value in schema.items() if key != "description"}
    first: JsonObject = choices[0]
    return first
