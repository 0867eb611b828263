"""A connection as somebody wants it, and as it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from attrs import field, frozen

from orderdesk_sdk.runtime.connection_config import Answering
from orderdesk_sdk.secret import Secret

__all__ = ["ConnectionChange", "ConnectionView"]


@frozen(kw_only=True)
class ConnectionChange:
    """A connection as it shall be.

    Args:
        settings: those that are not secret, in place of all that it had.
        secrets: the new ones. One that is not named stays as it is; an empty one is removed.
        cancel_requests: what becomes of the requests to cancel that come in there.
    """

    name: str
    integration: str
    settings: Mapping[str, object] = field(factory=dict)
    secrets: Mapping[str, Secret] = field(factory=dict)
    cancel_requests: Answering = Answering.PERSON


@frozen(kw_only=True)
class ConnectionView:
    """A connection as it is shown, without its secrets.

    Args:
        is_stored: it was made at run time; else it stands in orderdesk.toml, and is changed there.
        settings: those that are not secret; of one in orderdesk.toml none, since it may hold a secret in a wrong place.
        secrets_set: by the name of each secret that is set, since when.
        problem: what keeps it from being used, or what is left to be done at its service now that it is switched off;
            None where nothing is known to.
        registers_webhook: its plugin registers its webhook itself, and nothing is known to keep it from that.
        by, at: who made the last change, and when; "" and None in orderdesk.toml.
    """

    name: str
    integration: str
    is_stored: bool
    is_enabled: bool
    settings: Mapping[str, object] = field(factory=dict)
    secrets_set: Mapping[str, datetime] = field(factory=dict)
    cancel_requests: Answering = Answering.PERSON
    problem: str | None = None
    registers_webhook: bool = False
    version: int = 0
    by: str = ""
    at: datetime | None = None
