"""Messages for people: the list, and one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orderdesk_sdk.cases.counts import counted
from orderdesk_sdk.cases.messages import InboundMessage, MessageState
from orderdesk_sdk.cli.output.screen import Screen
from orderdesk_sdk.cli.output.times import format_time

__all__ = ["show_messages", "show_one_message"]

_STYLES = {MessageState.FAILED: "bold red", MessageState.REFUSED: "yellow"}


def show_messages(screen: Screen, messages: Sequence[InboundMessage], counts: Mapping[MessageState, int]) -> None:
    """A table of messages, and how many there are."""
    rows = [
        (
            message.id,
            format_time(message.received_at, seconds=True),
            str(message.source),
            message.subject,
            message.kind.value if message.kind is not None else message.source.purpose.value,
            message.state.value,
            message.result or "",
        )
        for message in messages
    ]
    if rows:
        screen.table(("message", "received", "from", "order", "says", "state", "result"), rows, whole=("message",))
    screen.line(", ".join(f"{count:,} {state.value}" for state, count in counts.items()) + ".")
    if counts[MessageState.FAILED] or counts[MessageState.REFUSED]:
        screen.line("`orderdesk messages retry MESSAGE` lets one be tried again.", "yellow")


def show_one_message(screen: Screen, message: InboundMessage) -> None:
    """What is kept of a message."""
    screen.line(f"Message {message.id} from {message.source}", "bold")
    screen.line(f"{message.state.value}: {message.result or 'not handled yet'}", _STYLES.get(message.state, ""))
    facts = {
        "order": f"{message.subject}" + (f" (id {message.order_id})" if message.order_id is not None else ""),
        "says": message.kind.value if message.kind is not None else message.source.purpose.value,
        "delivery": message.event_id or "-",
        "received": format_time(message.received_at, seconds=True),
        "tried": counted(message.tries, "time"),
        "next try": format_time(message.next_try_at, seconds=True),
        "digest": message.digest,
    }
    for name, text in facts.items():
        screen.hanging(f"{name}:".ljust(10), text, indent=2)
