"""What is wrong with a declaration in itself: routes that nobody reaches, windows that never open, gaps in a mapping.

What keeps it from being loaded at all is told by the registry; this is what a person would stumble over later. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from orderdesk_sdk.plugin.connection_settings import settings_fields
from orderdesk_sdk.plugin.integration import Integration, NoResubmission
from orderdesk_sdk.plugin.reasons import FreeText, ReasonList, mapping_errors
from orderdesk_sdk.plugin.routes import Always, Button, FinalResponse, Portal, Route, WhileStatus, WithinTime

__all__ = ["declaration_errors"]


def declaration_errors(integration: Integration, routes: Sequence[Route] | None = None) -> Iterator[tuple[str, str]]:
    """What is wrong, and what its author does about it.

    Args:
        routes: of one connection, in place of the declared one.
    """
    yield from _route_errors(integration.cancel if routes is None else routes)
    yield from _empty_text_errors(integration)
    yield from _duplicate_errors(integration)


def _route_errors(routes: Sequence[Route]) -> Iterator[tuple[str, str]]:
    for number, route in enumerate(routes, start=1):
        where, following = f"route {number} ({route.label})", routes[number:]
        if isinstance(route.window, WhileStatus) and not (route.window.statuses and route.window.closes_at.strip()):
            yield (
                f"{where}: its window names no status, or no word for what closes it",
                'write WhileStatus({"..."}, until="...")',
            )
        if isinstance(route, Button) and route.fallback_on and not following:
            yield (
                f"{where}: it falls back to a next route, and there is none",
                "declare that route, or leave `fallback_on` out so that a rejection settles the case",
            )
        if following and _never_falls_back(route):
            yield (
                f"{where}: no order ever leaves it for the next route",
                "give it a window or `fallback_on`, or remove the routes behind it",
            )
        if any(route == other for other in following):
            yield f"{where}: it stands there twice", "remove one"
        yield from ((f"{where}: {text}", hint) for text, hint in _reason_errors(route))
    windows = [route.window for route in routes if isinstance(route.window, WithinTime)]
    for one, other in pairwise(windows):
        if other.of_submission <= one.of_submission:
            yield (
                (
                    f"a window of {other.of_submission} stands behind one of {one.of_submission}, "
                    "and is never open when it is reached"
                ),
                "let the windows of a list of routes grow, or change their order",
            )


def _never_falls_back(route: Route) -> bool:
    """Whether a case that took this route ends on it: always open, its response final, no rejection that falls back."""
    return (
        isinstance(route, Button)
        and isinstance(route.window, Always)
        and isinstance(route.confirm, FinalResponse)
        and not route.fallback_on
    )


def _reason_errors(route: Route) -> Iterator[tuple[str, str]]:
    match route.reasons:
        case ReasonList(codes, _, configured, read_per_order):
            if not codes and configured is None and not read_per_order:
                yield "its list of reasons is empty", "list the codes that the service takes"
            elif codes:
                hint = "let each canonical reason stand in the `stands_for` of exactly one ReasonCode"
                yield from ((f"its reasons have a gap: {gap}", hint) for gap in mapping_errors(codes))
                yield from (
                    (f"the code {code.code!r} has no title", "give it the words that a person chooses by")
                    for code in codes
                    if not code.title.strip()
                )
        case FreeText(_, max_length) if max_length < 1:
            yield f"it takes reasons of {max_length} characters", "give FreeText the length that the service takes"
        case _:
            return


def _empty_text_errors(integration: Integration) -> Iterator[tuple[str, str]]:
    """Texts for people that are empty."""
    rule, resubmit = integration.remote_id_format, integration.resubmission
    said = {
        "title": integration.title,
        "remote_id's why": rule.description if rule is not None else "-",
        "resubmit's why": resubmit.reason if isinstance(resubmit, NoResubmission) else "-",
        **{f"the help of {one.name}": one.help for one in settings_fields(integration.settings)},
        **{
            f"the instruction of route {number}": route.instruction
            for number, route in enumerate(integration.cancel, start=1)
            if isinstance(route, Portal)
        },
    }
    for what, text in said.items():
        if not text.strip():
            yield f"{what} is empty", "a person reads it: say it in a few words"


def _duplicate_errors(integration: Integration) -> Iterator[tuple[str, str]]:
    """Names that stand twice or can never match."""
    names = {
        "action": [action.name for action in integration.actions],
        "status": [status.name for status in integration.statuses],
    }
    for what, listed in names.items():
        for name, count in Counter(listed).items():
            if count > 1:
                yield f"the {what} {name!r} is declared {count} times", "remove all but one"
    for name in sorted(integration.evidence_headers):
        if name != name.lower():
            yield f"the evidence header {name!r} has capitals and so never matches", "write it in lower case"
    for one in settings_fields(integration.settings):
        if one.default not in (None, "") and one.choices and one.default not in one.choices:
            yield (
                f"the default of {one.name} is not among its choices",
                f"let it be one of {', '.join(one.choices)}",
            )
