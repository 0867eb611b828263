"""Ladders: the routes of a declaration or a connection, held against hooks and settings before they are used."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, cast

from attrs import evolve

from orderdesk_sdk.errors import PluginFault
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.plugin.bulkhead import Bulkhead
from orderdesk_sdk.plugin.guard import sound
from orderdesk_sdk.plugin.identity import Identity, checked_identities
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.plain_values import name_of, plain, plain_of, plain_text
from orderdesk_sdk.plugin.reasons import ClosedList, ReasonCode
from orderdesk_sdk.plugin.routes import Button, ByCheck, Email, Portal, Route
from orderdesk_sdk.plugin.toolkit.email_addresses import read_address
from orderdesk_sdk.plugin.toolkit.templates import read_template

if TYPE_CHECKING:
    import pluggy

__all__ = ["calling_hooks", "hook_problem", "identities_of", "ladder_of", "ladder_problem", "texts_of", "watched"]


CALLING = (
    "orderdesk_cancel",
    "orderdesk_cancel_many",
    "orderdesk_check",
    "orderdesk_change_status",
    "orderdesk_resubmit",
)
"""The hooks that make calls."""


def calling_hooks(manager: pluggy.PluginManager) -> list[str]:
    """Which of the hooks that make calls a plugin implements."""
    return [hook for hook in CALLING if getattr(manager.hook, hook).get_hookimpls()]


def hook_problem(manager: pluggy.PluginManager, hook: str, *, needed: bool) -> str | None:
    """What is wrong with a plugin's implementation of a hook that makes calls; None when nothing is."""
    implementations = getattr(manager.hook, hook).get_hookimpls()
    if needed and not implementations:
        return f"its declaration needs {hook}, which it does not implement"
    if any(not inspect.isgeneratorfunction(found.function) for found in implementations):
        return f"{hook} is not a generator function; write it with yield and return"
    return None


def ladder_problem(ladder: object, settings: type, manager: pluggy.PluginManager) -> str | None:
    """What is wrong with a ladder in the light of the plugin's hooks and settings; None when nothing is."""
    if not isinstance(ladder, tuple) or not all(isinstance(route, Button | Email | Portal) for route in ladder):
        return f"its ladder must be a tuple of routes, not {ladder!r}"
    for route in ladder:
        named = {route.to, route.subject, route.body} if isinstance(route, Email) else set()
        # A property will do: it may put them together.
        unknown = {name for name in named if not hasattr(settings, name)}
        if unknown:
            return f"its e-mail route names the setting {min(unknown)!r}, which it does not have"
    buttons = [route for route in ladder if isinstance(route, Button)]
    checks = any(isinstance(route.confirm, ByCheck) for route in buttons)
    needs = {
        "orderdesk_cancel": any(button.batch is None for button in buttons),
        "orderdesk_cancel_many": any(button.batch is not None for button in buttons),
        "orderdesk_check": checks,
    }
    problems = [hook_problem(manager, hook, needed=needed) for hook, needed in needs.items()]
    return next((problem for problem in problems if problem is not None), None)


def ladder_of(declared: Integration, manager: pluggy.PluginManager, settings: object, place: str) -> tuple[Route, ...]:
    """The ladder of one connection. place: of its settings, for errors.

    Raises PluginFault for a ladder that the plugin cannot climb, ConfigurationError for a recipient that is not exactly
    one address and for a template that cannot be filled.
    """
    ladder = declared.cancel
    problem: str | None
    try:
        made: object = declared.configured(settings) if declared.configured is not None else ladder
        # A ladder of other values, or none at all, is told with what it is.
        ladder = cast("tuple[Route, ...]", plain(made) if isinstance(made, tuple) else made)
        problem = ladder_problem(ladder, declared.settings, manager)
    except Exception as error:  # noqa: BLE001 - the plugin's own code; its words may quote a setting, the kind does not
        problem = f"{name_of(error)} in its `configured`"
    if problem is not None:
        raise PluginFault(
            f"the connection cannot be used: {problem}",
            place=f"integration {declared.slug}, {place}",
            remedy="report this to the plugin's author, with the names of the settings that are given",
        )
    texts = texts_of(ladder, settings)
    for route in ladder:
        if isinstance(route, Email):
            read_address(texts[route.to], f"{place}.{route.to}")
            read_template(texts[route.subject], f"{place}.{route.subject}")
            read_template(texts[route.body], f"{place}.{route.body}")
    return ladder


def identities_of(declared: Integration, settings: object) -> Mapping[str, Identity]:
    """Where the responses of one connection state the order's number, by operation. Call it under a guard.

    Raises TypeError for what is no such mapping.
    """
    given = declared.identified_by
    return checked_identities(plain(given(settings)) if callable(given) else given)


def texts_of(ladder: tuple[Route, ...], settings: object) -> Mapping[str, str]:
    """By name the settings that the e-mail routes of a ladder take their texts from. A property of a plugin may be one:
    call it under a guard.
    """
    mails = [route for route in ladder if isinstance(route, Email)]
    names = {name for route in mails for name in (route.to, route.subject, route.body)}
    return {name: plain_text(getattr(settings, name)) for name in sorted(names)}


def watched(
    ladder: tuple[Route, ...], bulkhead: Bulkhead, clean: Callable[[str], str], place: str
) -> tuple[Route, ...]:
    """The ladder, whose lists of reasons are asked for under guard: one that fails raises PluginFault with `place`.

    clean: takes secrets out of the plugin's words.
    """

    def listed(configured: Callable[..., object], settings: object, order: Order) -> tuple[ReasonCode, ...] | None:
        codes = bulkhead.aside(partial(_codes, configured, settings, order), clean)
        return sound(codes, "its list of reasons cannot be had", place=place)

    def watched_one(route: Route) -> Route:
        rule = route.reasons
        if not isinstance(rule, ClosedList) or rule.configured is None:
            return route
        return evolve(route, reasons=evolve(rule, configured=partial(listed, rule.configured)))

    return tuple(map(watched_one, ladder))


def _codes(configured: Callable[..., object], settings: object, order: Order) -> tuple[ReasonCode, ...] | None:
    found = configured(settings, order)
    if found is None:
        return None
    codes = plain(found)
    if not isinstance(codes, tuple):
        raise TypeError(f"a list of ReasonCode was expected, not {name_of(codes)}")
    return tuple(plain_of(ReasonCode, code) for code in codes)
