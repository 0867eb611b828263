"""How a plugin declares the settings of a connection: plain values, secrets and hosts.

    @settings
    class AcmeSettings:
        api_key: Secret = secret(help="Acme > Account > API keys")
        endpoint: str = url(help="Acme's API", default="https://api.acme.example")
        speed: str = setting(str, help="shipping speed for resubmitted orders", default="Standard")

The result is a frozen attrs class. `settings_fields` lists what a host needs to draw a form.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Mapping
from types import UnionType
from typing import TYPE_CHECKING, TypeVar, Union, cast, dataclass_transform, get_args, get_origin

import attrs

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.urls import read_base_url, read_folder_url
from orderdesk_sdk.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "RefreshTokenSettings",
    "SettingField",
    "SettingKind",
    "validate_number",
    "url",
    "folder_url",
    "custom",
    "read_header_name",
    "read_string_list",
    "secret",
    "setting",
    "settings",
    "settings_fields",
    "urls_of",
]

T = TypeVar("T")
C = TypeVar("C", bound=type)

_KIND = "orderdesk.kind"
_HELP = "orderdesk.help"
_CHOICES = "orderdesk.choices"
_PARSER = "orderdesk.parser"
_RANGE = "orderdesk.range"
_OF_MACHINE = "orderdesk.of_machine"
_OF_FILES = "orderdesk.of_files"

_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{0,100}")
_CLIENT_HEADERS = frozenset({"connection", "content-length", "host", "transfer-encoding"})
"""Headers that only the client sets: another value would be taken for the beginning of another request."""
MAX_NUMBER = 1_000_000_000
"""The largest whole number of a setting that names no other."""

Parser = Callable[[object, str], T]
"""Reads a value as configured; the second argument is its place, for errors. Raises ConfigurationError."""


class SettingKind(enum.Enum):
    """What a setting is to the core."""

    PLAIN = "plain"
    """A value that may be shown."""
    SECRET = "secret"
    """Never shown, and every event of its text is redacted from evidence."""
    URL = "url"
    """A base URL; calls go to the hosts named here and to no other."""
    CUSTOM = "custom"
    """A value with a shape of its own, read by a function: a template, a list of reasons, an API profile."""


@attrs.frozen
class SettingField:
    """One setting as a form or a table shows it.

    Args:
        type: of the annotation, without its parameters and without None.
        default: None where it is required.
        choices: empty where anything goes.
        minimum, maximum: the range of a whole number, both included.
        of_machine: only orderdesk.toml may set it, since it names something of the machine.
        of_files: of a URL, that it is a folder's, and its scheme the transport: `sftp://...` or `file:///...`.
    """

    name: str
    kind: SettingKind
    type: type
    help: str
    required: bool
    default: object | None
    choices: tuple[str, ...] = ()
    parser: Callable[[object, str], object] | None = None
    minimum: int = 0
    maximum: int = MAX_NUMBER
    of_machine: bool = False
    of_files: bool = False


def _field(kind: SettingKind, help_text: str, default: object, **more: object) -> object:
    return attrs.field(default=default, metadata={_KIND: kind, _HELP: help_text, **more})


def setting(
    of: type[T],
    *,
    help: str,
    default: object = attrs.NOTHING,
    choices: tuple[str, ...] = (),
    minimum: int = 0,
    maximum: int = MAX_NUMBER,
    of_machine: bool = False,
) -> T:
    """A plain setting of type `of` (str, int or bool); a text is one line.

    Required where no default is given.

    Args:
        choices: the texts allowed, if few.
        minimum, maximum: of a whole number, both included; a number outside is rejected when the configuration is read.
        of_machine: it names something of the machine, a folder say, so that only its owner sets it, in orderdesk.toml.
    """
    del of  # The annotation says it too; the argument gives this function its return type without Any.
    more: dict[str, object] = {_CHOICES: choices, _RANGE: (minimum, maximum), _OF_MACHINE: of_machine}
    return cast("T", _field(SettingKind.PLAIN, help, default, **more))


def secret(*, help: str, default: object = attrs.NOTHING) -> Secret:
    """A secret setting, given in the configuration as `{ env = "NAME" }`; required where no default is given."""
    return cast("Secret", _field(SettingKind.SECRET, help, default))


def url(*, help: str, default: object = attrs.NOTHING) -> str:
    """A base URL of the service. The connection may call the hosts of its `url` settings and no other.

    It is read whole when the configuration is read: a host and port that can be called, no login, query or fragment.
    http:// goes to this machine only, unless the connection says `insecure = true`.
    `https://*.example.com` stands for every subdomain, for calls without credentials only (`Service.request_url`):
    where a service has files put into a store whose host it tells with each URL.
    """
    return cast("str", _field(SettingKind.URL, help, default))


def folder_url(*, help: str, default: object = attrs.NOTHING) -> str:
    """The URL of a folder in which files are dropped and answers are found: `sftp://host/folder`, `file:///folder`.

    Its scheme is the transport that a flow's calls go by. The connection reads and writes below this folder only.
    """
    return cast("str", _field(SettingKind.URL, help, default, **{_OF_FILES: True}))


def custom(parser: Parser[T], *, help: str, default: object = attrs.NOTHING) -> T:
    """A setting with a shape of its own; required where no default is given. The default is not parsed."""
    return cast("T", _field(SettingKind.CUSTOM, help, default, **{_PARSER: parser}))


def validate_number(field: SettingField, value: int, location: str) -> None:
    """Raises ConfigurationError for a whole number outside the range of its setting."""
    _validate_range(value, field.minimum, field.maximum, field.help, location)


def _validate_range(value: int, minimum: int, maximum: int, help_text: str, location: str) -> None:
    if not minimum <= value <= maximum:
        shown = value if abs(value) <= MAX_NUMBER else "this number"
        text = f"{shown} is out of range: {help_text}"
        raise ConfigurationError(text, location=location, hint=f"give {minimum} to {maximum}")


def read_string_list(value: object, location: str) -> tuple[str, ...]:
    """One or several texts, for `parsed`: ids, codes. Raises ConfigurationError for none, or for anything else."""
    texts = tuple(value) if isinstance(value, list) else (value,)
    if not texts or not all(isinstance(text, str) and text.strip() and text.isprintable() for text in texts):
        raise ConfigurationError("a list of texts was expected", location=location, hint='write it as ["...", "..."]')
    return tuple(str(text).strip() for text in texts)


def read_header_name(value: object, location: str) -> str:
    """The name of an HTTP header of our own (RFC 9110, 5.1), for `parsed`; "" for none. Raises ConfigurationError."""
    if not isinstance(value, str) or not _HEADER.fullmatch(value) or value.lower() in _CLIENT_HEADERS:
        raise ConfigurationError("this is not the name of a header", location=location, hint='write it as "x-api-key"')
    return value


@dataclass_transform(
    frozen_default=True, kw_only_default=True, field_specifiers=(setting, secret, url, folder_url, custom)
)
def settings(cls: C) -> C:
    """Make a frozen attrs class of settings.

    Raises TypeError for a field made without `setting`, `secret`, `url`, `folder_url` or `custom`, and for a default
    that a configuration could not give: a URL that cannot be called or goes by http://, a number out of its range.
    """
    made = attrs.frozen(kw_only=True)(cls)
    for field in attrs.fields(made):
        if _KIND not in field.metadata:
            raise TypeError(
                f"{cls.__name__}.{field.name}: declare it with setting(), secret(), url(), folder_url() or custom(), "
                "and a help"
            )
        try:
            _validate_default(field.metadata, field.default, f"{cls.__name__}.{field.name}")
        except ConfigurationError as error:
            raise TypeError(f"its default cannot be one: {error}") from None
    return made


def _validate_default(metadata: Mapping[str, object], default: object, location: str) -> None:
    if metadata[_KIND] is SettingKind.URL and default not in (attrs.NOTHING, ""):
        (read_folder_url if metadata.get(_OF_FILES) else read_base_url)(default, location)
    least, most = cast("tuple[int, int]", metadata.get(_RANGE, (0, MAX_NUMBER)))
    if metadata[_KIND] is SettingKind.PLAIN and type(default) is int:
        _validate_range(default, least, most, str(metadata[_HELP]), location)


@settings
class RefreshTokenSettings:
    """The base of settings with an OAuth refresh token; what signs with them is `refresh_token_auth`."""

    refresh_token: Secret = secret(help="the refresh token that the account's owner gave the application")
    client_id: Secret = secret(help="the application's client id")
    client_secret: Secret = secret(help="the application's client secret")


def settings_fields(cls: type) -> tuple[SettingField, ...]:
    """The settings of a class made by `settings`, in the order of declaration."""
    return tuple(_setting_fields(cls))


def urls_of(settings: object) -> list[str]:
    """The URLs of a connection's settings that are given, in the order of declaration."""
    named = [getattr(settings, one.name) for one in settings_fields(type(settings)) if one.kind is SettingKind.URL]
    return [url for url in named if url]


def _setting_fields(cls: type) -> Iterator[SettingField]:
    attrs.resolve_types(cls)
    for field in attrs.fields(cls):
        required = field.default is attrs.NOTHING
        least, most = field.metadata.get(_RANGE, (0, MAX_NUMBER))
        yield SettingField(
            name=field.name,
            kind=field.metadata[_KIND],
            type=_bare_type(field.type),
            help=field.metadata[_HELP],
            required=required,
            default=None if required else field.default,
            choices=field.metadata.get(_CHOICES, ()),
            parser=field.metadata.get(_PARSER),
            minimum=least,
            maximum=most,
            of_machine=field.metadata.get(_OF_MACHINE, False),
            of_files=field.metadata.get(_OF_FILES, False),
        )


def _bare_type(annotation: object) -> type:
    """`tuple` of `tuple[str, ...]`, `Profile` of `Profile | None`, and `str` of what is no type."""
    if isinstance(annotation, UnionType) or get_origin(annotation) is Union:
        annotation = next((one for one in get_args(annotation) if one is not type(None)), str)
    found = get_origin(annotation) or annotation
    return found if isinstance(found, type) else str
