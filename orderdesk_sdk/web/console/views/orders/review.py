"""The confirmation: what a person is about to do with an order, in full, before it is done. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from attrs import frozen

from orderdesk_sdk.cases.counts import counted
from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.plugin.integration import SideEffect
from orderdesk_sdk.web.console.views.orders.page import OrderPage
from orderdesk_sdk.web.console.views.orders.places import Place

__all__ = ["CancelChoice", "Review", "make_review", "read_quantities"]

MAX_DIGITS = 9


@frozen
class CancelChoice:
    """What a person has chosen.

    Args:
        listed: a reason of the list; "": none.
        words: their own; "": none. They go before the list.
        connections: the only places; empty: all.
        quantities: pieces by the field of their line; empty: the whole order.
        side_effects: what is asked for besides.
    """

    listed: str
    words: str
    connections: tuple[str, ...]
    quantities: Mapping[str, int]
    side_effects: tuple[SideEffect, ...] = ()

    @property
    def reason(self) -> str | None:
        """What `Desk.cancel` is given; None: no reason."""
        return self.words or self.listed or None


@frozen
class Review:
    """What will happen.

    Args:
        places: where, in the order in which it is done.
        facts: reason, lines and what is not done, by name.
        fields: what the form that does it must send, so that it does what was shown here.
    """

    sentence: str
    places: tuple[Place, ...]
    facts: tuple[tuple[str, str], ...]
    fields: tuple[tuple[str, str], ...]


def read_quantities(fields: Mapping[str, str], known: Mapping[str, int]) -> dict[str, int]:
    """The pieces that were typed, by field; a field that is empty or 0 counts for nothing.

    Args:
        known: how many pieces each line has.

    Raises ValidationError for what is no number, or more than there are.
    """
    found: dict[str, int] = {}
    for name, ordered in known.items():
        text = fields.get(name, "").strip()
        if not text:
            continue
        if not (text.isascii() and text.isdecimal() and len(text) <= MAX_DIGITS) or int(text) > ordered:
            raise ValidationError(
                f"{text[:20]!r} is not a number of pieces from 0 to {ordered}", hint="mend it, or leave it empty"
            )
        if int(text):
            found[name] = int(text)
    return found


def make_review(page: OrderPage, choice: CancelChoice, plan_token: str) -> Review:
    """The confirmation of a choice.

    Raises ValidationError where nothing is left to be canceled, or a reason is missing.

    Args:
        plan_token: of the plan that the person looked at.
    """
    open_places = [place for place in page.places if place.covered is None]
    places = [place for place in open_places if not choice.connections or place.connection in choice.connections]
    if not places:
        raise ValidationError("no place was chosen", hint="choose at least one place to cancel the order at")
    if page.reasons.is_required and choice.reason is None:
        raise ValidationError(
            f"{' and '.join(page.reasons.wanted_by)} cancels nothing without a reason", hint="choose one"
        )
    names = _chosen_connections(choice.connections, [place.connection for place in open_places])
    lines = {line.field: line for line in page.lines}
    what = [f"{count} of {lines[field].name}" for field, count in choice.quantities.items()]
    left = [place.title for place in open_places if place not in places]
    facts = [
        ("Reason", choice.reason or "none"),
        ("Of the order", ", ".join(what) or "all of it"),
        *([("Left alone", ", ".join(left))] if left else []),
        ("Not done", ", ".join(page.not_done) or "-"),
        *(("Also done", f"{place.title}: {', '.join(place.also_done)}") for place in places if place.also_done),
    ]
    fields = [
        ("plan", plan_token),
        ("seen", page.plan_seen),
        ("reason", choice.listed),
        ("words", choice.words),
        *(("at", name) for name in names),
        *((field, str(count)) for field, count in choice.quantities.items()),
        *(("also", effect.value) for effect in choice.side_effects),
    ]
    return Review(_sentence(places), tuple(places), tuple(facts), tuple(fields))


def _chosen_connections(chosen: Collection[str], all_open: Sequence[str]) -> tuple[str, ...]:
    """Empty where every place is meant: then also one that the order comes to later."""
    wanted = tuple(name for name in all_open if name in chosen)
    return () if len(wanted) in (0, len(all_open)) else wanted


def _sentence(places: Sequence[Place]) -> str:
    asked = sum(place.chosen is not None for place in places)
    by_hand = len(places) - asked
    parts = []
    if asked:
        parts.append(counted(asked, "place is asked", "places are asked"))
    if by_hand:
        parts.append(counted(by_hand, "is left to a person", "are left to a person"))
    return f"Once you confirm, {' and '.join(parts)}. A request that was sent cannot be taken back."
