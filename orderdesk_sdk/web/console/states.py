"""How states look: each has a word, a shape and a color, so that none is told by its color alone. Pure."""

from __future__ import annotations

from attrs import frozen

from orderdesk_sdk.cases.case import State

__all__ = ["StateLook", "state_look"]


@frozen
class StateLook:
    """A state for the eye.

    Args:
        icon: the name of its symbol.
        tone: of the colors of the style sheet: good, info, warn, bad, ask or quiet.
    """

    word: str
    icon: str
    tone: str


_LOOKS = {
    State.PENDING: ("pending", "quiet"),
    State.REPORTED: ("reported", "info"),
    State.SENDING: ("sending", "info"),
    State.ACKNOWLEDGED: ("acknowledged", "info"),
    State.ACTION_REQUIRED: ("action", "ask"),
    State.UNKNOWN: ("unknown", "ask"),
    State.CANCELED: ("check", "good"),
    State.DONE: ("check", "good"),
    State.PARTIALLY_CANCELED: ("partly", "warn"),
    State.REJECTED: ("rejected", "bad"),
    State.UNSUPPORTED: ("unsupported", "quiet"),
    State.WITHDRAWN: ("withdrawn", "quiet"),
    State.EXPIRED: ("expired", "bad"),
    State.SHIPPED_ANYWAY: ("alarm", "bad"),
}


def state_look(state: State | str) -> StateLook:
    """How a state looks, by itself or by its word. Raises ValueError for a word that is none."""
    known = State(state)
    return StateLook(known.value, *_LOOKS[known])
