"""Ladders: the routes of a declaration or a connection, held against hooks and settings before they are used."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from orderdesk_sdk.addresses import read_address
from orderdesk_sdk.declaration import Button, ByCheck, Email, Integration, Portal, Route
from orderdesk_sdk.errors import ConfigurationError, PluginFault
from orderdesk_sdk.identity import Identity, checked_identities
from orderdesk_sdk.templates import read_template

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pluggy

__all__ = ["calling_hooks", "hook_problem", "identities_of", "ladder_of", "ladder_problem"]


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
        unknown = {
            name for name in named if not hasattr(settings, name)
        }  # A property will do: it may put them together.
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
        ladder = declared.configured(settings) if declared.configured is not None else ladder
        problem = ladder_problem(ladder, declared.settings, manager)
    except Exception as error:  # noqa: BLE001 - the plugin's own code; its words may quote a setting, the kind does not
        problem = f"{type(error).__name__} in its `configured`"
    if problem is not None:
        raise PluginFault(
            f"the connection cannot be used: {problem}",
            place=f"integration {declared.slug}, {place}",
            remedy="report this to the plugin's author, with the names of the settings that are given",
        )
    for route in ladder:
        if isinstance(route, Email):
            read_address(getattr(settings, route.to), f"{place}.{route.to}")
            read_template(getattr(settings, route.subject), f"{place}.{route.subject}")
            read_template(getattr(settings, route.body), f"{place}.{route.body}")
    return ladder


def identities_of(declared: Integration, settings: object, place: str) -> Mapping[str, Identity]:
    """Where the responses of one connection state the order's number, by operation. place: of its settings, for errors.

    Raises ConfigurationError where a setting should say so and does not, PluginFault for what is no such mapping.
    """
    given = declared.identified_by
    try:
        return checked_identities(given(settings) if callable(given) else given)
    except ConfigurationError:
        raise
    except Exception as error:  # noqa: BLE001 - the plugin's own code; its words may quote a setting, the kind does not
        raise PluginFault(
            f"the connection cannot be used: {type(error).__name__} in its `identified_by`",
            place=f"integration {declared.slug}, {place}",
            remedy="report this to the plugin's author, with the names of the settings that are given",
        ) from None
