"""The `[email]` table: by which server mails are sent, and whether they are sent at all.

Apart from `smtp`, which imports the libraries for mail: every program reads its configuration, and few send one.
"""

from __future__ import annotations

from pathlib import Path

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.connection_settings import custom, secret, setting, settings, settings_fields, validate_number
from orderdesk_sdk.plugin.toolkit.email_addresses import read_address
from orderdesk_sdk.plugin.urls import is_loopback, read_host
from orderdesk_sdk.secret import Secret

__all__ = ["EmailConfig", "validate_email_config"]


@settings
class EmailConfig:
    """The `[email]` table. A draft is kept in the case's history for a person, or a host, that sends mail itself."""

    sender: str = custom(read_address, help="who writes: Shop <orders@example.com>")
    host: str = setting(str, help="the SMTP server", default="localhost")
    port: int = setting(int, help="its port", default=25, minimum=1, maximum=65535)
    starttls: bool = setting(bool, help="whether to turn to TLS", default=False)
    ca_file: str = setting(
        str, help="authorities whose certificates count, a PEM file; empty: the system's", default=""
    )
    username: str = setting(str, help="the login; empty for none", default="")
    password: Secret = secret(help="the login's password", default=Secret(""))
    mode: str = setting(
        str,
        help="send, redirect (for trying things out) or draft",
        default="send",
        choices=("send", "redirect", "draft"),
    )
    redirect_to: str = setting(str, help="who gets every mail in mode redirect", default="")
    timeout: int = setting(int, help="seconds for each step of the conversation", default=20, minimum=1, maximum=600)
    insecure: bool = setting(bool, help="whether a login may go to another machine in clear", default=False)


def validate_email_config(config: EmailConfig, location: str) -> None:
    """Raises ConfigurationError, with location and hint, for what no mail can be sent by, or not without harm."""
    read_address(config.sender, f"{location}.sender")
    if config.mode == "redirect":
        read_address(config.redirect_to, f"{location}.redirect_to")
    for declared in settings_fields(EmailConfig):
        value = getattr(config, declared.name)
        if declared.type is int:
            validate_number(declared, value, f"{location}.{declared.name}")
        if declared.choices and value not in declared.choices:
            allowed = ", ".join(map(repr, declared.choices))
            raise ConfigurationError(f"{value!r} is not allowed", location=f"{location}.{declared.name}", hint=allowed)
    read_host(config.host, f"{location}.host")
    if config.ca_file and not _is_file(config.ca_file):
        raise ConfigurationError(
            f"there is no file {config.ca_file!r}",
            location=f"{location}.ca_file",
            hint="give the whole path of a PEM file",
        )
    _validate_login(config, location)


def _validate_login(config: EmailConfig, location: str) -> None:
    password = config.password.reveal()
    if config.username and not password:
        raise ConfigurationError(
            "a login needs a password", location=f"{location}.password", hint='add { env = "NAME" }'
        )
    if password and not config.username:
        raise ConfigurationError(
            "a password needs a login", location=f"{location}.username", hint='add username = "..."'
        )
    for name, text in (("username", config.username), ("password", password)):
        if not (text.isascii() and text.isprintable()):
            raise ConfigurationError(
                "a login by SMTP has ASCII letters, digits and signs only; others are read in many ways",
                location=f"{location}.{name}",
                hint="choose another at the mail server; many make one for programs, an app password",
            )
    if config.username and not (config.starttls or config.insecure or is_loopback(config.host)):
        raise ConfigurationError(
            "the login would go to another machine in clear",
            location=f"{location}.starttls",
            hint="set starttls = true, or, in a network that you trust, insecure = true",
        )


def _is_file(path: str) -> bool:
    try:
        return Path(path).is_file()
    except (OSError, ValueError):  # Such as a name that is too long, or has a null in it.
        return False
