"""The form of a connection: what an integration needs, as fields, and what was filled in, as settings."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence

from attrs import frozen

from orderdesk_sdk.errors import ConfigurationError, ValidationError
from orderdesk_sdk.plugin.connection_settings import settings_fields
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.settings_schema import settings_form

__all__ = ["ConnectionForm", "FormField", "form_of", "read_texts"]

MAX_TEXT_LENGTH = 100_000
"""Characters of one field: an API profile has a few thousand."""
_TRUE, _FALSE = ("true", "on", "yes", "1"), ("false", "off", "no", "0")


@frozen
class FormField:
    """One field.

    Args:
        type: "text", "int", "bool", "texts" (several, a line each) or "table" (TOML, as it would stand in a file).
        default: what it is where nothing is filled in; None: nothing, or nothing that a form can show.
        choices: empty where anything goes.
        is_secret: it can be given and never be read.
    """

    name: str
    type: str
    help: str
    is_required: bool
    is_secret: bool
    default: object = None
    choices: tuple[str, ...] = ()


@frozen
class ConnectionForm:
    """What a connection to an integration needs."""

    integration: str
    title: str
    fields: tuple[FormField, ...]

    @property
    def secret_names(self) -> tuple[str, ...]:
        """The settings that are secret."""
        return tuple(field.name for field in self.fields if field.is_secret)


def form_of(integration: Integration) -> ConnectionForm:
    """The form of an integration's connections, without what only orderdesk.toml may set."""
    left_out = {declared.name for declared in settings_fields(integration.settings) if declared.of_machine}
    fields = tuple(
        FormField(
            name=str(field["name"]),
            type=str(field["type"]),
            help=str(field["help"]),
            is_required=bool(field["required"]),
            is_secret=bool(field["secret"]),
            default=field["default"],
            choices=_texts(field["choices"]),
        )
        for field in settings_form(integration.settings)
        if field["name"] not in left_out
    )
    return ConnectionForm(integration.slug, integration.title, fields)


def read_texts(form: ConnectionForm, texts: Mapping[str, str]) -> Mapping[str, object]:
    """Settings out of the texts of a form or a command line; what is left empty is left out.

    Raises ValidationError for a name that is no setting, or a secret's, and ConfigurationError for a text that cannot
    be read as what the field holds.
    """
    fields = {field.name: field for field in form.fields if not field.is_secret}
    for name in texts:
        if name not in fields:
            raise ValidationError(
                "there is no such setting, or it is a secret",
                location=f"integration {form.integration}: {name}",
                hint=f"the settings are: {', '.join(fields) or 'none'}",
            )
    return {name: _read_text(fields[name], text, f"settings.{name}") for name, text in texts.items() if text.strip()}


def _read_text(field: FormField, text: str, location: str) -> object:
    if len(text) > MAX_TEXT_LENGTH:
        raise ConfigurationError("the text is too long", location=location, hint=f"at most {MAX_TEXT_LENGTH}")
    given = text.strip()
    match field.type:
        case "int":
            if not (given.isascii() and given.lstrip("-").isdigit() and len(given) <= 19):
                raise ConfigurationError("a whole number was expected", location=location)
            return int(given)
        case "bool":
            if given.lower() not in (*_TRUE, *_FALSE):
                raise ConfigurationError("must be true or false", location=location)
            return given.lower() in _TRUE
        case "texts":
            return [line.strip() for line in text.splitlines() if line.strip()]
        case "table":
            return _read_table(given, location)
        case _:
            return given if "\n" not in given else text.replace("\r\n", "\n")


def _read_table(text: str, location: str) -> object:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        raise ConfigurationError(
            "is not TOML", location=location, hint="write it as it would stand in orderdesk.toml, a key a line"
        ) from None


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, Sequence) else ()
