"""What is wrong with a declaration in itself: routes that nobody reaches, windows that never open, gaps in a crosswalk.

What keeps it from being loaded at all is told by the registry; this is what a person would stumble over later. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from orderdesk_sdk.plugin.connection_settings import settings_fields
from orderdesk_sdk.plugin.integration import Integration, NoResubmit
from orderdesk_sdk.plugin.reasons import ClosedList, FreeText, gaps
from orderdesk_sdk.plugin.routes import Always, Button, ByReply, Portal, Route, SinceSubmission, WhileStatus

__all__ = ["declaration_faults"]


def declaration_faults(declared: Integration, ladder: Sequence[Route] | None = None) -> Iterator[tuple[str, str]]:
    """What is wrong, and what its author does about it. ladder: of one connection, in place of the declared one."""
    yield from _ladder_faults(declared.cancel if ladder is None else ladder)
    yield from _word_faults(declared)
    yield from _list_faults(declared)


def _ladder_faults(ladder: Sequence[Route]) -> Iterator[tuple[str, str]]:
    for number, route in enumerate(ladder, start=1):
        where, following = f"route {number} ({route.label})", ladder[number:]
        if isinstance(route.window, WhileStatus) and not (route.window.statuses and route.window.until.strip()):
            yield (
                f"{where}: its window names no status, or no word for what closes it",
                'write WhileStatus({"..."}, until="...")',
            )
        if isinstance(route, Button) and route.climbs and not following:
            yield (
                f"{where}: it climbs to a next route, and there is none",
                "declare that route, or leave `climbs` out so that a refusal settles the case",
            )
        if following and _stays(route):
            yield (
                f"{where}: no order ever leaves it for the next route",
                "give it a window or `climbs`, or remove the routes behind it",
            )
        if any(route == other for other in following):
            yield f"{where}: it stands there twice", "remove one"
        yield from ((f"{where}: {text}", remedy) for text, remedy in _reason_faults(route))
    windows = [route.window for route in ladder if isinstance(route.window, SinceSubmission)]
    for one, other in pairwise(windows):
        if other.within <= one.within:
            yield (
                f"a window of {other.within} stands behind one of {one.within}, and is never open when it is reached",
                "let the windows of a ladder grow, or change their order",
            )


def _stays(route: Route) -> bool:
    """Whether a case that took this route ends on it: always open, its reply final, no refusal that climbs."""
    return (
        isinstance(route, Button)
        and isinstance(route.window, Always)
        and isinstance(route.confirm, ByReply)
        and not route.climbs
    )


def _reason_faults(route: Route) -> Iterator[tuple[str, str]]:
    match route.reasons:
        case ClosedList(codes, _, configured):
            if not codes and configured is None:
                yield "its list of reasons is empty", "list the codes that the service takes"
            elif codes:
                remedy = "let each canonical reason stand in the `stands_for` of exactly one ReasonCode"
                yield from ((f"its reasons have a gap: {gap}", remedy) for gap in gaps(codes))
                yield from (
                    (f"the code {code.code!r} has no title", "give it the words that a person chooses by")
                    for code in codes
                    if not code.title.strip()
                )
        case FreeText(_, max_length) if max_length < 1:
            yield f"it takes reasons of {max_length} characters", "give FreeText the length that the service takes"
        case _:
            return


def _word_faults(declared: Integration) -> Iterator[tuple[str, str]]:
    """Texts for people that are empty."""
    rule, resubmit = declared.remote_id, declared.resubmit
    said = {
        "title": declared.title,
        "remote_id's why": rule.why if rule is not None else "-",
        "resubmit's why": resubmit.why if isinstance(resubmit, NoResubmit) else "-",
        **{f"the help of {one.name}": one.help for one in settings_fields(declared.settings)},
        **{
            f"the instruction of route {number}": route.instruction
            for number, route in enumerate(declared.cancel, start=1)
            if isinstance(route, Portal)
        },
    }
    for what, text in said.items():
        if not text.strip():
            yield f"{what} is empty", "a person reads it: say it in a few words"


def _list_faults(declared: Integration) -> Iterator[tuple[str, str]]:
    """Names that stand twice or can never match."""
    names = {
        "action": [action.name for action in declared.actions],
        "status": [status.name for status in declared.statuses],
    }
    for what, listed in names.items():
        for name, count in Counter(listed).items():
            if count > 1:
                yield f"the {what} {name!r} is declared {count} times", "remove all but one"
    for name in sorted(declared.evidence_headers):
        if name != name.lower():
            yield f"the evidence header {name!r} has capitals and so never matches", "write it in lower case"
    for one in settings_fields(declared.settings):
        if one.default not in (None, "") and one.choices and one.default not in one.choices:
            yield (
                f"the default of {one.name} is not among its choices",
                f"let it be one of {', '.join(one.choices)}",
            )
