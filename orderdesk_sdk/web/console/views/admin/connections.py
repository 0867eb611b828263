"""The form of a connection, field by field, made of what its integration declares. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from attrs import frozen

from orderdesk_sdk.desk.connection_admin.forms import ConnectionForm, FormField

__all__ = ["FieldView", "FormView", "field_texts", "make_form"]

_ABBREVIATIONS: Mapping[str, str] = {one.lower(): one for one in ("URL", "API", "ID", "SQS", "AWS", "SFTP")}


@frozen
class FieldView:
    """A field.

    Args:
        value: as text; "" for a secret, which is never shown.
        choices: as values and texts; empty where anything goes.
        is_long: it has several lines.
        is_set: of a secret: there is one.
    """

    name: str
    label: str
    hint: str
    value: str
    choices: tuple[tuple[str, str], ...]
    is_required: bool
    is_secret: bool
    is_set: bool
    is_long: bool


@frozen
class FormView:
    """The form of a connection."""

    integration: str
    title: str
    fields: tuple[FieldView, ...]


def make_form(form: ConnectionForm, given: Mapping[str, str], secrets_set: Mapping[str, datetime]) -> FormView:
    """The form with what was filled in.

    Args:
        given: texts of the settings that are not secret.
        secrets_set: since when each secret is there that is.
    """
    fields = tuple(_field(field, given, secrets_set) for field in form.fields)
    return FormView(form.integration, form.title, fields)


def field_texts(settings: Mapping[str, object]) -> dict[str, str]:
    """Settings as the texts of a form."""
    return {name: _text(value) for name, value in settings.items()}


def _field(field: FormField, given: Mapping[str, str], secrets_set: Mapping[str, datetime]) -> FieldView:
    is_set = field.name in secrets_set
    choices = field.choices or (("true", "false") if field.type == "bool" else ())
    options = tuple((choice, choice) for choice in choices)
    if options and not field.is_required:
        options = (("", f"as usual{f': {_text(field.default)}' if field.default is not None else ''}"), *options)
    return FieldView(
        name=field.name,
        label=_label(field.name),
        hint=_hint(field, secrets_set.get(field.name)),
        value="" if field.is_secret else given.get(field.name, ""),
        choices=options,
        is_required=field.is_required,
        is_secret=field.is_secret,
        is_set=is_set,
        is_long=field.type in ("texts", "table"),
    )


def _label(name: str) -> str:
    words = [_ABBREVIATIONS.get(word, word) for word in name.split("_")]
    first = words[0] if words[0] in _ABBREVIATIONS.values() else words[0].capitalize()
    return " ".join((first, *words[1:]))


def _hint(field: FormField, since: datetime | None) -> str:
    parts = [field.help]
    if field.is_secret:
        stays = f"set on {since:%Y-%m-%d}; left empty, it stays" if since is not None else "never shown again"
        parts.append(stays)
    if field.type == "texts":
        parts.append("one a line")
    if field.type == "table":
        parts.append("as it would stand in orderdesk.toml, a key a line")
    if field.default is not None and not field.choices and field.type != "bool" and not field.is_required:
        shown = _text(field.default)
        parts.append(f"usually {shown}" if shown and len(shown) < 80 else "")
    return "; ".join(part for part in parts if part)


def _text(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case list() | tuple():
            return "\n".join(map(_text, value))
        case dict():
            return "\n".join(f"{_key(str(name))} = {_toml(inner)}" for name, inner in value.items())
        case None:
            return ""
        case _:
            return str(value)


def _toml(value: object) -> str:
    """A value as TOML has it, on one line."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case list() | tuple():
            return f"[{', '.join(map(_toml, value))}]"
        case dict():
            return f"{{ {', '.join(f'{_key(str(name))} = {_toml(inner)}' for name, inner in value.items())} }}"
        case _:
            return _quoted(str(value))


def _key(name: str) -> str:
    return name if name.replace("-", "").replace("_", "").isalnum() and name.isascii() else _quoted(name)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in escaped) + '"'
