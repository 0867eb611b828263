"""Routes: those of a declaration or a connection, held against hooks and settings before they are used."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, cast

from attrs import evolve

from orderdesk_sdk.errors import PluginError
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.plugin.bulkhead import Bulkhead
from orderdesk_sdk.plugin.guard import raise_for_failure
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.order_numbers import Identity, validated_identities
from orderdesk_sdk.plugin.plain_values import class_name, plain_instance, plain_text, plain_value
from orderdesk_sdk.plugin.reasons import ReasonCode, ReasonList
from orderdesk_sdk.plugin.routes import Button, Email, Polling, Portal, Route
from orderdesk_sdk.plugin.toolkit.email_addresses import read_address
from orderdesk_sdk.plugin.toolkit.templates import read_template

if TYPE_CHECKING:
    import pluggy

__all__ = [
    "calling_hooks",
    "cancel_requests_error",
    "hook_error",
    "identities_for",
    "routes_for_connection",
    "prior_steps_error",
    "route_error",
    "email_texts",
    "guard_routes",
    "redact_reasons",
    "redact_routes",
]


CALLING_HOOKS = (
    "orderdesk_cancel",
    "orderdesk_cancel_many",
    "orderdesk_poll",
    "orderdesk_read_eligibility",
    "orderdesk_change_status",
    "orderdesk_resubmit",
    "orderdesk_respond",
    "orderdesk_list_cancel_requests",
    "orderdesk_webhooks",
)
"""The hooks that make calls."""


def calling_hooks(manager: pluggy.PluginManager) -> list[str]:
    """Which of the hooks that make calls a plugin implements."""
    return [hook for hook in CALLING_HOOKS if getattr(manager.hook, hook).get_hookimpls()]


def hook_error(manager: pluggy.PluginManager, hook: str, *, required: bool) -> str | None:
    """What is wrong with a plugin's implementation of a hook that makes calls; None when nothing is."""
    implementations = getattr(manager.hook, hook).get_hookimpls()
    if required and not implementations:
        return f"its declaration needs {hook}, which it does not implement"
    if any(not inspect.isgeneratorfunction(found.function) for found in implementations):
        return f"{hook} is not a generator function; write it with yield and return"
    return None


def route_error(routes: object, settings: type, manager: pluggy.PluginManager) -> str | None:
    """What is wrong with a list of routes in the light of the plugin's hooks and settings; None when nothing is."""
    if not isinstance(routes, tuple) or not all(isinstance(route, Button | Email | Portal) for route in routes):
        return f"its list of routes must be a tuple of routes, not {routes!r}"
    for route in routes:
        named = {route.to, route.subject, route.body} if isinstance(route, Email) else set()
        # A property will do: it may put them together.
        unknown = {name for name in named if not hasattr(settings, name)}
        if unknown:
            return f"its e-mail route names the setting {min(unknown)!r}, which it does not have"
    buttons = [route for route in routes if isinstance(route, Button)]
    others = [route.reasons for route in routes if not isinstance(route, Button)]
    if any(isinstance(rule, ReasonList) and rule.read_per_order for rule in others):
        return "only the reasons of a Button can be read_per_order"
    names = [button.name for button in buttons if button.name is not None]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        return f"two of its buttons have the name {twice!r}"
    checks = any(isinstance(route.confirm, Polling) for route in buttons)
    needs = {
        "orderdesk_cancel": any(button.batch is None for button in buttons),
        "orderdesk_cancel_many": any(button.batch is not None for button in buttons),
        "orderdesk_poll": checks,
        "orderdesk_read_eligibility": any(button.eligibility is not None for button in buttons),
    }
    problems = [hook_error(manager, hook, required=needed) for hook, needed in needs.items()]
    return next((problem for problem in problems if problem is not None), None)


def prior_steps_error(integration: Integration, routes: tuple[Route, ...]) -> str | None:
    """What is wrong with the prior steps of routes in the light of statuses and side effects; None when nothing is."""
    statuses = {status.name for status in integration.statuses}
    for step in (step for route in routes if isinstance(route, Button) for step in route.prior):
        if step.undo is not None and step.undo not in statuses:
            return f"its step {step.name!r} is undone by {step.undo!r}, which is not among its statuses"
        effect = step.effect
        if effect is not None and effect.needs_switch and effect not in integration.side_effects:
            return (
                f"its step {step.name!r} has the side effect {effect.value!r}, which nothing turns on:"
                f" add SideEffect.{effect.name} to side_effects"
            )
    return None


def cancel_requests_error(integration: Integration, manager: pluggy.PluginManager) -> str | None:
    """What is wrong with how requests to cancel are answered, in the light of the hooks; None when nothing is."""
    declared = integration.cancel_requests
    window = declared.window if declared is not None else None
    if window is not None and not hasattr(integration.settings, window.setting):
        return f"its cancel_requests name the setting {window.setting!r}, which it does not have"
    needs = {
        "orderdesk_respond": declared is not None and declared.needs_calls,
        "orderdesk_list_cancel_requests": declared is not None and declared.every is not None,
    }
    for hook, needed in needs.items():
        if declared is None and getattr(manager.hook, hook).get_hookimpls():
            return f"it implements {hook}, and declares no cancel_requests"
        if problem := hook_error(manager, hook, required=needed):
            return problem
    return None


def routes_for_connection(
    integration: Integration, manager: pluggy.PluginManager, settings: object, location: str
) -> tuple[Route, ...]:
    """The routes of one connection.

    Args:
        location: of its settings, for errors.

    Raises PluginError for a list of routes that the plugin cannot fall back, ConfigurationError for a recipient that is
    not exactly one address and for a template that cannot be filled.
    """
    routes = integration.cancel
    problem: str | None
    try:
        made: object = integration.routes_for(settings) if integration.routes_for is not None else routes
        # A tuple of other values, or none at all, is reported with what it is.
        routes = cast("tuple[Route, ...]", plain_value(made) if isinstance(made, tuple) else made)
        problem = route_error(routes, integration.settings, manager) or prior_steps_error(integration, routes)
    except Exception as error:  # noqa: BLE001 - the plugin's own code; its words may quote a setting, the kind does not
        problem = f"{class_name(error)} in its `configured`"
    if problem is not None:
        raise PluginError(
            f"the connection cannot be used: {problem}",
            location=f"integration {integration.slug}, {location}",
            hint="report this to the plugin's author, with the names of the settings that are given",
        )
    texts = email_texts(routes, settings)
    for route in routes:
        if isinstance(route, Email):
            read_address(texts[route.to], f"{location}.{route.to}")
            read_template(texts[route.subject], f"{location}.{route.subject}")
            read_template(texts[route.body], f"{location}.{route.body}")
    return routes


def identities_for(integration: Integration, settings: object) -> Mapping[str, Identity]:
    """Where the responses of one connection state the order's number, by operation. Call it under a guard.

    Raises TypeError for what is no such mapping.
    """
    given = integration.identified_by
    return validated_identities(plain_value(given(settings)) if callable(given) else given)


def email_texts(routes: tuple[Route, ...], settings: object) -> Mapping[str, str]:
    """By name the settings that the e-mail routes of a list of routes take their texts from.

    A property of a plugin may be one:
    call it under a guard.
    """
    mails = [route for route in routes if isinstance(route, Email)]
    names = {name for route in mails for name in (route.to, route.subject, route.body)}
    return {name: plain_text(getattr(settings, name)) for name in sorted(names)}


def guard_routes(
    routes: tuple[Route, ...], bulkhead: Bulkhead, redact: Callable[[str], str], location: str
) -> tuple[Route, ...]:
    """The list of routes, whose words show no secret and whose lists of reasons are asked for under guard.

    One that fails raises PluginError with `location`.

    Args:
        redact: takes secrets out of the plugin's words.
    """

    def codes_of(configured: Callable[..., object], settings: object, order: Order) -> tuple[ReasonCode, ...] | None:
        found = bulkhead.run_isolated(partial(_reason_codes, configured, settings, order), redact)
        codes = raise_for_failure(found, "its list of reasons cannot be had", location=location)
        return None if codes is None else redact_reasons(codes, redact)

    def watched_one(route: Route) -> Route:
        rule = route.reasons
        if not isinstance(rule, ReasonList) or rule.codes_for is None:
            return route
        return evolve(route, reasons=evolve(rule, codes_for=partial(codes_of, rule.codes_for)))

    return tuple(map(watched_one, redact_routes(routes, redact)))


def redact_routes(routes: tuple[Route, ...], redact: Callable[[str], str]) -> tuple[Route, ...]:
    """The same routes, with words for people that show no secret: the plugin may have made them of the settings."""

    def redacted(route: Route) -> Route:
        if isinstance(route.reasons, ReasonList):
            route = evolve(route, reasons=evolve(route.reasons, codes=redact_reasons(route.reasons.codes, redact)))
        if isinstance(route, Portal):
            return evolve(route, instruction=redact(route.instruction))
        return evolve(route, warning=redact(route.warning)) if route.warning is not None else route

    return tuple(map(redacted, routes))


def redact_reasons(codes: Iterable[ReasonCode], redact: Callable[[str], str]) -> tuple[ReasonCode, ...]:
    """The same codes, with titles and notes that show no secret; the codes themselves go to the service as they are."""
    return tuple(
        evolve(one, title=redact(one.title), note=None if one.note is None else redact(one.note)) for one in codes
    )


def _reason_codes(codes_for: Callable[..., object], settings: object, order: Order) -> tuple[ReasonCode, ...] | None:
    found = codes_for(settings, order)
    if found is None:
        return None
    codes = plain_value(found)
    if not isinstance(codes, tuple):
        raise TypeError(f"a list of ReasonCode was expected, not {class_name(codes)}")
    return tuple(plain_instance(ReasonCode, code) for code in codes)
