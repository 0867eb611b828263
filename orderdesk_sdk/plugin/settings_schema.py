"""The settings of an integration as data: the fields of a form, and a JSON Schema that judges what is filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from orderdesk_sdk.plugin.connection_settings import SettingField, SettingKind, settings_fields

__all__ = ["settings_form", "settings_schema"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_URL = r"^https?://[^/\s*@?#\\]+(/[^\s*?#\\]*)?$"
_SUBDOMAINS = r"^https://\*(\.[A-Za-z0-9-]+){2,}/?$"
_FOLDER = r"^(sftp://[^/\s*@?#\\]+|file://|http://[^/\s*@?#\\]+)(/[^\s*?#\\]*)?$"
_SECRET: Mapping[str, object] = {
    "oneOf": [
        {
            "type": "object",
            "properties": {name: {"type": "string", "minLength": 1}},
            "required": [name],
            "additionalProperties": False,
        }
        for name in ("env", "text")
    ]
}
"""A secret as a configuration holds it: by reference, or for a simulator as it is."""


def settings_form(cls: type) -> list[dict[str, object]]:
    """The settings of a class made by `settings`, in the order of declaration; each is a field of a form.

    No default of a secret, and no other that JSON does not have, is told: it reads None.
    """
    return [
        {
            "name": field.name,
            "kind": field.kind.value,
            "secret": field.kind is SettingKind.SECRET,
            "type": _form_type(field),
            "required": field.required,
            "default": _default(field),
            "choices": list(field.choices),
            "help": field.help,
        }
        for field in settings_fields(cls)
    ]


def settings_schema(cls: type, title: str) -> dict[str, object]:
    """A JSON Schema (2020-12) of a `[connections.NAME.settings]` table.

    It rejects unknown and missing settings, other types, choices and URLs, and secrets in plain text. What a setting's
    own function reads (a template, an API profile) is judged by its outer shape only; the rest is said when it is read.
    """
    fields = settings_fields(cls)
    return {
        "$schema": DIALECT,
        "title": title,
        "type": "object",
        "properties": {field.name: _property(field) for field in fields},
        "required": [field.name for field in fields if field.required],
        "additionalProperties": False,
    }


def _property(field: SettingField) -> dict[str, object]:
    told: dict[str, object] = {"description": field.help}
    default = _default(field)
    if default is not None:
        told["default"] = default
    match field.kind:
        case SettingKind.SECRET:
            return told | {"writeOnly": True, **_SECRET}
        case SettingKind.URL:
            if field.of_files:
                return told | {"type": "string", "pattern": _FOLDER}
            return told | {"type": "string", "anyOf": [{"pattern": _URL}, {"pattern": _SUBDOMAINS}]}
        case SettingKind.PLAIN | SettingKind.CUSTOM:
            limited: dict[str, object] = {"enum": list(field.choices)} if field.choices else {}
            if field.type is int:
                limited = {"minimum": field.minimum, "maximum": field.maximum}
            return told | _JSON_TYPES[_form_type(field)] | limited
        case _:
            assert_never(field.kind)


_JSON_TYPES: Mapping[str, dict[str, object]] = {
    "text": {"type": "string"},
    "int": {"type": "integer"},
    "bool": {"type": "boolean"},
    "texts": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]},
    "table": {"type": "object"},
}


def _form_type(field: SettingField) -> str:
    """What a form asks for."""
    if field.type in (int, bool):
        return field.type.__name__
    if field.type in (tuple, list):
        return "texts"
    return "table" if field.kind is SettingKind.CUSTOM and field.type is not str else "text"


def _default(field: SettingField) -> object:
    match field.default:
        case str() | int() if field.kind is not SettingKind.SECRET:
            return field.default
        case tuple() as texts if texts and all(isinstance(text, str) for text in texts):
            return list(texts)
        case _:
            return None
