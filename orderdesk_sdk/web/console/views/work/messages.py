"""Messages that came in. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from orderdesk_sdk.cases.counts import counted
from orderdesk_sdk.cases.messages import InboundMessage, MessageState
from orderdesk_sdk.web.console.views.work.inbox import KindFilter

__all__ = ["MESSAGE_TONES", "MessagesPage", "message_facts", "state_filters"]

MESSAGE_TONES: Mapping[str, str] = {
    MessageState.RECEIVED.value: "info",
    MessageState.HANDLED.value: "good",
    MessageState.FAILED.value: "bad",
    MessageState.REFUSED.value: "warn",
}
"""The color of each state."""


@frozen
class MessagesPage:
    """The list of messages.

    Args:
        next_href: of the next page; None: this is the last.
        is_narrowed: not every message was asked for.
    """

    messages: tuple[InboundMessage, ...]
    filters: tuple[KindFilter, ...]
    next_href: str | None
    first_href: str | None
    is_narrowed: bool
    tones: Mapping[str, str] = MESSAGE_TONES


def state_filters(counts: Mapping[MessageState, int], chosen: MessageState | None) -> tuple[KindFilter, ...]:
    """The states that the list can be narrowed to, everything first."""
    everything = KindFilter("", "Everything", f"{sum(counts.values()):,}", chosen is None, "/messages")
    return (
        everything,
        *(
            KindFilter(
                state.value,
                state.value.capitalize(),
                f"{counts[state]:,}",
                state is chosen,
                f"/messages?state={state.value}",
            )
            for state in MessageState
        ),
    )


def message_facts(message: InboundMessage) -> tuple[tuple[str, str], ...]:
    """What is kept of a message, as names with values."""
    return (
        ("From", message.source.connection or "the order store"),
        ("About", message.subject),
        ("Order", message.order_id or "nobody has looked yet"),
        ("Says", message.kind.value if message.kind is not None else message.source.purpose.value),
        ("Delivery", message.event_id or "it has no name of the sender's"),
        ("Tried", f"{counted(message.tries, 'time')} since it came or was last tried again"),
        ("SHA-256", message.digest),
    )
