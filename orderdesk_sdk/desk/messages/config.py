"""The `[messages]` table: how much is taken, how long it is kept, and where messages come from beside HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from attrs import evolve

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.connection_settings import custom, secret, setting, settings, settings_fields, validate_number
from orderdesk_sdk.secret import Secret

__all__ = ["MessageConfig", "validate_message_config", "watching_every"]


def _read_folders(value: object, location: str) -> Mapping[str, Path]:
    if not isinstance(value, Mapping):
        raise ConfigurationError(
            "a table was expected", location=location, hint='write it as { mcf-us = "inbox/mcf-us" }'
        )
    for name, folder in value.items():
        if not isinstance(folder, str) or not folder.strip() or not folder.isprintable():
            raise ConfigurationError("a folder was expected", location=f"{location}.{name}")
    return {str(name): Path(folder) for name, folder in value.items()}


@settings
class MessageConfig:
    """The `[messages]` table. Every limit has a default that suits a store with some thousand orders a day."""

    max_bytes: int = setting(
        int, help="bytes of one message that are taken", default=262_144, minimum=1024, maximum=5_000_000
    )
    per_minute: int = setting(
        int, help="messages that each path of a process takes in a minute", default=600, minimum=1, maximum=100_000
    )
    max_waiting: int = setting(
        int, help="messages that may wait to be handled", default=10_000, minimum=1, maximum=1_000_000
    )
    keep_days: int = setting(
        int, help="days for which a message that came is remembered", default=30, minimum=1, maximum=3650
    )
    verify_seconds: int = setting(
        int, help="seconds that a plugin may take to verify a message", default=2, minimum=1, maximum=10
    )
    threads: int = setting(int, help="messages that a worker handles at a time", default=4, minimum=1, maximum=64)
    max_tries: int = setting(
        int, help="how often a message is tried before a person gets it", default=12, minimum=1, maximum=100
    )
    cancel_folder: str = setting(
        str, help="the folder whose rule posts the orders that are to be canceled", default="Canceled"
    )
    cancel_reason: str = setting(
        str, help="the reason of a cancellation that a posted order requests; empty: none", default=""
    )
    cancel_field: str = setting(
        str,
        help="a field of checkout data that a rule sets on orders that are to be canceled; empty: none",
        default="",
    )
    watch_every: int = setting(
        int, help="seconds between two looks for such orders in the order store; 0: no looks", default=0, maximum=86_400
    )
    store_id: str = setting(str, help="the Order Desk store whose posted orders are taken; empty: none", default="")
    api_key: Secret = secret(help="that store's API key, which posted orders are signed with", default=Secret(""))
    previous_api_key: Secret = secret(help="the key before it, while one is being changed", default=Secret(""))
    folders: Mapping[str, Path] = custom(
        _read_folders, help="by connection a folder of files, such as a queue's messages", default={}
    )


def watching_every(config: MessageConfig, seconds: int) -> MessageConfig:
    """The same settings, with a look into the order store every so many seconds."""
    changed: MessageConfig = evolve(cast("Any", config), watch_every=seconds)  # mypy sees no attrs class in a @settings
    return changed


def validate_message_config(config: MessageConfig, location: str) -> None:
    """Raises ConfigurationError for a number out of its range, and a store without a key."""
    for declared in settings_fields(MessageConfig):
        value = getattr(config, declared.name)
        if declared.type is int:
            validate_number(declared, value, f"{location}.{declared.name}")
    if bool(config.store_id) is not bool(config.api_key.reveal()):
        missing = "api_key" if config.store_id else "store_id"
        raise ConfigurationError(
            "store_id and api_key belong together",
            location=f"{location}.{missing}",
            hint="give both, or neither; they are in Order Desk under Store Settings > API",
        )
