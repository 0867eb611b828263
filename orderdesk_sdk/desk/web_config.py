"""The `[web]` table: under which address the console and the API are reached, and what stands in front of them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network
from urllib.parse import urlsplit

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.connection_settings import (
    custom,
    read_header_name,
    read_string_list,
    secret,
    setting,
    settings,
    settings_fields,
    validate_number,
)
from orderdesk_sdk.secret import Secret

__all__ = ["WebConfig", "validate_web_config"]

MIN_SECRET_LENGTH = 32
"""Characters of a secret that nobody can guess."""
_HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*", re.ASCII)


def _read_hosts(value: object, location: str) -> tuple[str, ...]:
    hosts = tuple(read_string_list(value, location))
    for host in hosts:
        if not _HOST_NAME.fullmatch(host) or len(host) > 253:
            raise ConfigurationError(
                f"{host!r} is not the name of a host", location=location, hint='write it as ["desk.example.com"]'
            )
    return tuple(host.lower() for host in hosts)


def _read_networks(value: object, location: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ipaddress.ip_network(text) for text in read_string_list(value, location))
    except ValueError as error:
        raise ConfigurationError(
            f"this is not a network: {error}", location=location, hint='write it as ["10.0.0.7/32"]'
        ) from None


def _read_url(value: object, location: str) -> str:
    """An address without a path; "" for none."""
    if value == "":
        return ""
    try:
        parts = urlsplit(value if isinstance(value, str) else "")
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    host = parts.hostname or ""
    is_written_so = value in (f"{parts.scheme}://{host}", f"{parts.scheme}://{host}:{port}")
    if parts.scheme not in ("http", "https") or not _HOST_NAME.fullmatch(host) or not is_written_so:
        raise ConfigurationError(
            f"{value!r} is not the address of a site", location=location, hint='write it as "https://desk.example.com"'
        )
    return f"{parts.scheme}://{parts.netloc}"


def _optional_header(value: object, location: str) -> str:
    return "" if value == "" else read_header_name(value, location)


@settings
class WebConfig:
    """The `[web]` table. Without it the console answers on this machine only, over plain HTTP."""

    url: str = custom(
        _read_url,
        help='where people reach it, such as "https://desk.example.com"; empty: on this machine only',
        default="",
    )
    hosts: Sequence[str] = custom(_read_hosts, help="further host names that it is reached by", default=())
    trusted_proxies: Sequence[IPv4Network | IPv6Network] = custom(
        _read_networks, help="networks of the proxies whose X-Forwarded-For and -Proto are believed", default=()
    )
    user_header: str = custom(
        _optional_header,
        help="the header in which a trusted proxy names the user whom it has signed in; empty: none",
        default="",
    )
    message_secret: Secret = secret(
        help="what the paths of messages in are made of, so that nobody can guess them; empty: none are taken",
        default=Secret(""),
    )
    api_calls_per_minute: int = setting(
        int, help="calls of the API by one token, in the long run", default=6000, minimum=1, maximum=1_000_000
    )
    polls_per_minute: int = setting(
        int,
        help="polls of the cases of one order that callers ask for; each costs your quota at the service",
        default=1,
        minimum=1,
        maximum=1000,
    )
    max_upload_bytes: int = setting(
        int, help="bytes of an e-mail that a person files", default=5_000_000, minimum=10_000, maximum=25_000_000
    )

    @property
    def is_https(self) -> bool:
        """Whether people reach it over TLS, which a proxy in front of it has."""
        return self.url.startswith("https://")


def validate_web_config(config: WebConfig, location: str) -> None:
    """Raises ConfigurationError for a secret that could be guessed, a number, and a header that anybody could send."""
    message_secret = config.message_secret.reveal()
    if message_secret and len(message_secret) < MIN_SECRET_LENGTH:
        raise ConfigurationError(
            f"the secret has fewer than {MIN_SECRET_LENGTH} characters",
            location=f"{location}.message_secret",
            hint="make one with `python -c 'import secrets; print(secrets.token_urlsafe(32))'`",
        )
    if config.user_header and not config.trusted_proxies:
        raise ConfigurationError(
            "without trusted proxies anybody could send this header",
            location=f"{location}.user_header",
            hint='add trusted_proxies = ["ADDRESS/32"], the address of the proxy that signs people in',
        )
    for declared in settings_fields(WebConfig):
        if declared.type is int:
            validate_number(declared, getattr(config, declared.name), f"{location}.{declared.name}")
