"""The endings of cancels at a service that `ApiProfileSimulator` plays, for plugins configured by an API profile."""

from __future__ import annotations

from orderdesk_devkit.simulators.profile import FATE
from orderdesk_devkit.testing.conformance.ending import Ending
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import minutes
from orderdesk_sdk.plugin.answer import Rejection

__all__ = ["PROFILE_ENDINGS"]

_ASKED, _READ = "POST stop", "GET order"

PROFILE_ENDINGS = (
    Ending("queued", State.CANCELED, proof=_READ),
    Ending("printing", State.REJECTED, rejection=Rejection.TOO_LATE, proof=_ASKED, wait=minutes(30)),
    Ending("gone", State.REJECTED, rejection=Rejection.SHIPPED, proof=_READ),
    Ending("stopped", State.CANCELED, proof=_READ),
    Ending(
        "queued",
        State.REJECTED,
        rejection=Rejection.SHIPPED,
        asked=State.ACKNOWLEDGED,
        proof=_READ,
        options={FATE.name: "ships anyway"},
    ),
    Ending(None, State.REJECTED, rejection=Rejection.NOT_ALLOWED, proof=_ASKED),
)
"""For each stage of an order; after a 409 it is read, and is too late only where that does not say otherwise."""
