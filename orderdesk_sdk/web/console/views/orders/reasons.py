"""The reasons to choose from, for all places of an order together: one reason goes to each of them. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from orderdesk_sdk.cases.plan import PlanEntry, PlanStep
from orderdesk_sdk.plugin.reasons import ReasonCode, StandardReason

__all__ = ["ReasonChoice", "ReasonGroup", "Reasons", "make_reasons"]


@frozen
class ReasonChoice:
    """A reason that may be given.

    Args:
        value: what `Desk.cancel` takes.
        refused_by: the titles of the places whose list does not have it; empty: every place takes it.
    """

    value: str
    text: str
    refused_by: tuple[str, ...] = ()


@frozen
class ReasonGroup:
    """Reasons of one kind: the standard ones, or the codes of one service."""

    title: str
    choices: tuple[ReasonChoice, ...]


@frozen
class Reasons:
    """What may be said.

    Args:
        is_required: a place takes no cancellation without one.
        takes_words: every place takes a reason in one's own words; else one of the groups is to be chosen.
        wanted_by: the titles of the places that are told the reason.
    """

    groups: tuple[ReasonGroup, ...]
    is_required: bool
    takes_words: bool
    wanted_by: tuple[str, ...]


def make_reasons(entries: Sequence[PlanEntry]) -> Reasons:
    """The reasons for the places where something is still to be requested."""
    steps = [(entry, entry.steps[entry.chosen_step]) for entry in entries if entry.chosen_step is not None]
    lists = [(entry.title, step.reasons) for entry, step in steps if step.reasons]
    groups = [ReasonGroup("For every place", _standard(lists))]
    groups += [ReasonGroup(f"{title} only", _codes(title, codes, lists)) for title, codes in lists]
    return Reasons(
        tuple(groups),
        is_required=any(step.requires_reason for _, step in steps),
        takes_words=not any(_is_closed(step) for _, step in steps),
        wanted_by=tuple(entry.title for entry, step in steps if step.needs is not None),
    )


def _is_closed(step: PlanStep) -> bool:
    return bool(step.reasons)


def _standard(lists: Sequence[tuple[str, Sequence[ReasonCode]]]) -> tuple[ReasonChoice, ...]:
    return tuple(
        ReasonChoice(
            reason.value,
            reason.value.capitalize(),
            tuple(title for title, codes in lists if not any(reason in code.stands_for for code in codes)),
        )
        for reason in StandardReason
    )


def _codes(
    title: str, codes: Sequence[ReasonCode], lists: Sequence[tuple[str, Sequence[ReasonCode]]]
) -> tuple[ReasonChoice, ...]:
    """The codes of one list; another list refuses those that it does not have, under whatever title."""
    return tuple(
        ReasonChoice(
            code.code,
            f"{code.title} ({code.code}){f': {code.note}' if code.note else ''}",
            tuple(other for other, known in lists if other != title and not _has(known, code.code)),
        )
        for code in codes
    )


def _has(codes: Sequence[ReasonCode], word: str) -> bool:
    return any(word.lower() in (code.code.lower(), code.title.lower()) for code in codes)
