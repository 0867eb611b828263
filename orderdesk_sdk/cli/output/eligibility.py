"""What services say of an order before they are asked to cancel it, for people."""

from __future__ import annotations

from orderdesk_sdk.cases.eligibility import EligibilityReading, EligibilityState, describe_eligibility
from orderdesk_sdk.cli.output.integrations import show_reasons
from orderdesk_sdk.cli.output.screen import Screen
from orderdesk_sdk.cli.output.times import format_time, zone
from orderdesk_sdk.desk.eligibility import EligibilityResult
from orderdesk_sdk.orders.order import Order

__all__ = ["show_eligibility_results", "show_eligibility_state"]


def show_eligibility_results(screen: Screen, order: Order, results: tuple[EligibilityResult, ...]) -> None:
    """What came of asking each connection of an order."""
    screen.line(f"Order {order.number}", "bold")
    for result in results:
        reading = result.reading
        if reading is None:
            screen.indented(f"{result.connection}: {result.problem}", style="yellow")
            continue
        screen.indented(f"{result.connection}: {_said(reading)}", style=_style(reading))
        if reading.eligibility.reasons:
            screen.line(f"Reasons that {result.connection} accepts for this order:")
            show_reasons(screen, reading.eligibility.reasons)
    screen.line("Nothing was sent that changes anything; only the answer to a cancel decides.", "dim")


def show_eligibility_state(screen: Screen, title: str, state: EligibilityState, order_number: str) -> None:
    """What a plan knows of it at one connection."""
    ask = f"ask with `orderdesk eligibility {order_number}`"
    if state.reading is None:
        screen.indented(f"{title}: not asked yet whether it would cancel; {ask}")
    elif state.is_stale:
        screen.indented(f"{title}: {_said(state.reading)}; stale: {ask} again", style="yellow")
    else:
        screen.indented(f"{title}: {_said(state.reading)}", style=_style(state.reading))


def _said(reading: EligibilityReading) -> str:
    until = reading.eligibility.until
    stated = f", until {format_time(until)}" if until is not None else ""
    read_at = f"{format_time(reading.read_at)} {zone(reading.read_at)}"
    return f"{describe_eligibility(reading.eligibility)}{stated}, read {read_at}"


def _style(reading: EligibilityReading) -> str:
    return "yellow" if reading.eligibility.is_eligible is False else ""
