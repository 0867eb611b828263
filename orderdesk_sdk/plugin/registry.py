"""The registry: finds plugins without importing them, loads one on first use, and keeps what is wrong with the others.

Every integration has a plugin manager of its own, so a broken one breaks nobody else and an addressed call costs the
same with one plugin installed or a thousand.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import pluggy
from attrs import frozen

from orderdesk_sdk.errors import NotFoundError, OrderDeskError, PluginError
from orderdesk_sdk.plugin import hookspecs
from orderdesk_sdk.plugin.bulkhead import Bulkhead
from orderdesk_sdk.plugin.connection_settings import SettingKind, settings_fields
from orderdesk_sdk.plugin.entry_points import InstalledEntryPoints, distribution_of, shadowing_error, source_of
from orderdesk_sdk.plugin.guard import PluginFailure
from orderdesk_sdk.plugin.hookspecs import INTEGRATIONS, LISTENER_HOOKS, LISTENERS, PROJECT
from orderdesk_sdk.plugin.integration import Integration, NoResubmission
from orderdesk_sdk.plugin.plain_values import class_name, plain_instance
from orderdesk_sdk.plugin.validation import (
    calling_hooks,
    cancel_requests_error,
    hook_error,
    prior_steps_error,
    route_error,
)

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["LoadedPlugin", "PluginRegistry"]

LOAD_TIMEOUT = 20.0
"""Seconds of patience for a plugin's import and declaration."""


@frozen
class LoadedPlugin:
    """An integration that is ready for use.

    Args:
        distribution, version: of the package it came from; "" when registered in code.
    """

    integration: Integration
    manager: pluggy.PluginManager
    distribution: str
    version: str


class PluginRegistry:
    """The integrations installed in this environment, and those registered in code. Safe from many threads."""

    def __init__(
        self,
        find: Callable[..., Iterable[EntryPoint]] | None = None,
        timeout: float = LOAD_TIMEOUT,
    ) -> None:
        self._installed = InstalledEntryPoints()
        self._find = find or self._installed
        self._timeout = timeout
        self._lock = threading.Lock()
        self._points: dict[str, EntryPoint] | None = None
        self._conflicts: dict[str, PluginError] = {}
        self._modules: dict[str, object] = {}
        self._loaded: dict[str, LoadedPlugin | PluginError] = {}
        self._loading: dict[str, threading.Lock] = {}
        self._disabled: frozenset[str] = frozenset()

    @property
    def disabled(self) -> frozenset[str]:
        """The names of the plugins, integrations and listeners, that are not imported."""
        return self._disabled

    def disable(self, names: Iterable[str]) -> None:
        """Import no integration and no listener of these names: `load` raises PluginError for them from now on."""
        self._disabled = self._disabled.union(names)

    def refuse(self, slug: str, error: PluginError) -> None:
        """Do not import an integration that must not be: `load` raises the error for it."""
        self._loaded[slug] = error

    def register(self, plugin: object, slug: str) -> None:
        """Add an integration that is not installed: a module or object with hook implementations."""
        with self._lock:
            self._modules[slug] = plugin
            self._loaded.pop(slug, None)

    def entry_points(self, group: str) -> tuple[EntryPoint, ...]:
        """The installed entry points of a group, those of unreadable distributions and disabled plugins left out."""
        return tuple(point for point in self._find(group=group) if point.name not in self._disabled)

    def slugs(self) -> tuple[str, ...]:
        """The slugs of all integrations, sorted; nothing is imported."""
        return tuple(sorted({*self._integration_points(), *self._modules}))

    def load(self, slug: str) -> LoadedPlugin:
        """An integration, imported on first use.

        Raises NotFoundError for an unknown slug and PluginError, the same one each time, for one that cannot be used.
        """
        known = self._disabled_error(slug) or self._loaded.get(slug)
        if known is None:
            with self._lock:
                loading_lock = self._loading.setdefault(slug, threading.Lock())
            with loading_lock:  # Others may load other integrations meanwhile; a hanging import holds up only its own.
                known = self._loaded.get(slug)
                if known is None:
                    known = self._loaded[slug] = self._load(slug)
        if isinstance(known, PluginError):
            raise known.with_traceback(None)  # Raised again and again, it would collect the frames of all its raisers.
        return known

    def describe(self, slug: str) -> Integration | str:
        """An integration's declaration, or the text of what keeps it from being used."""
        try:
            return self.load(slug).integration
        except OrderDeskError as error:
            return str(error)

    def distribution(self, slug: str) -> str:
        """The name and version of the distribution that an integration comes from; "" when registered in code."""
        return " ".join(self._provider(slug)).strip()

    def distribution_errors(self) -> tuple[PluginError, ...]:
        """What is wrong with installed distributions that cannot be read; nobody knows what they would provide."""
        self._integration_points()
        tuple(self._find(group=LISTENERS))
        return tuple(self._installed.errors.values())

    def _provider(self, slug: str) -> tuple[str, str]:
        point = self._integration_points().get(slug) if slug not in self._modules else None
        return distribution_of(point.dist)[:2] if point is not None and point.dist is not None else ("", "")

    def _integration_points(self) -> dict[str, EntryPoint]:
        if self._points is None:
            points: dict[str, EntryPoint] = {}
            for point in self._find(group=INTEGRATIONS):
                known = points.get(point.name)
                if known is not None and (known.value, source_of(known)) != (point.value, source_of(point)):
                    provide = " and ".join(f"{one.value} of {source_of(one)}" for one in (known, point))
                    self._conflicts[point.name] = PluginError(
                        f"two distributions provide it: {provide}",
                        location=f"integration {point.name}",
                        hint="uninstall one of them",
                    )
                points[point.name] = point
            self._points = points
        return self._points

    def _load(self, slug: str) -> LoadedPlugin | PluginError:
        if slug not in self._modules and slug not in self._integration_points():
            raise NotFoundError(
                "no such integration is installed",
                location=f"integration {slug}",
                hint=self._hint_for_unknown(slug),
            )
        if slug in self._conflicts:
            return self._conflicts[slug]
        bulkhead = Bulkhead(f"load {slug}", 1, self._timeout)
        loaded = bulkhead.run_isolated(lambda: self._import(slug))
        match loaded:
            case PluginFailure(text, kind):
                text = text if kind else f"its import or declaration did not end within {self._timeout:g} s"
                return self._plugin_error(slug, text)
            case str():
                return self._plugin_error(slug, loaded)
            case OrderDeskError():
                raise loaded  # The guard lets none through.
            case LoadedPlugin():
                return loaded

    def _hint_for_unknown(self, slug: str) -> str:
        from difflib import get_close_matches

        known = self.slugs()
        close = get_close_matches(slug, known, n=1) or [name for name in known if slug.startswith(f"{name}-")]
        if close:
            return f"write {close[0]} if you mean that; `orderdesk integrations` lists all that are installed"
        return (
            "take one of `orderdesk integrations`, or install the package that provides it: the names of plugins"
            " begin with orderdesk-, and your package index lists them"
        )

    def _disabled_error(self, slug: str) -> PluginError | None:
        if slug not in self._disabled or slug not in self.slugs():
            return None
        return PluginError(
            "the plugin is disabled, and is not imported",
            location=self._location(slug),
            hint=f"run `orderdesk plugins enable {slug}` once it is mended",
        )

    def _location(self, slug: str) -> str:
        return f"integration {slug} ({self.distribution(slug) or 'registered in code'})"

    def _plugin_error(self, slug: str, message: str) -> PluginError:
        return PluginError(
            f"the plugin cannot be used: {message}",
            location=self._location(slug),
            hint="update or uninstall it, or report this to its author",
        )

    def _import(self, slug: str) -> LoadedPlugin | str:
        """The integration, or what is wrong with it, in words. Runs the plugin's code."""
        point = self._integration_points().get(slug)
        plugin: object = self._modules[slug] if slug in self._modules else point.load() if point is not None else None
        if point is not None and slug not in self._modules:
            shadow = shadowing_error(point, getattr(sys.modules.get(point.module), "__file__", None))
            if shadow:
                return shadow
        manager = pluggy.PluginManager(PROJECT)
        manager.add_hookspecs(hookspecs)
        manager.register(plugin, name=slug)
        strange = _unknown_hooks(manager, plugin)
        if strange:
            return strange
        said: object = manager.hook.orderdesk_integration()
        if not issubclass(type(said), Integration):
            return f"orderdesk_integration() gave {class_name(said)}, not an Integration"
        declared = plain_instance(Integration, said)
        return _declaration_error(declared, slug, manager) or LoadedPlugin(declared, manager, *self._provider(slug))


def _unknown_hooks(manager: pluggy.PluginManager, plugin: object) -> str | None:
    """What is wrong with hooks that are never called; None when nothing is. Those marked as optional may be unknown."""
    for caller in manager.get_hookcallers(plugin) or ():
        if caller.name in LISTENER_HOOKS:
            return f"it implements {caller.name}, which is for listeners: name a module of its own under {LISTENERS}"
        if not caller.has_spec() and not all(found.optionalhook for found in caller.get_hookimpls()):
            import difflib  # For a mistake only.

            near = difflib.get_close_matches(caller.name, vars(hookspecs), n=1)
            hint = f"it may mean {near[0]}; " if near else ""
            newer = "one of a newer SDK is marked @hookimpl(optionalhook=True)"
            return f"it implements {caller.name}, which is not a hook of this SDK: {hint}{newer}"
    return None


def _declaration_error(integration: Integration, slug: str, manager: pluggy.PluginManager) -> str | None:
    """What is wrong with a declaration in the light of its entry point and hooks; None when nothing is."""
    if integration.slug != slug:
        return f"it declares the slug {integration.slug!r}, but its entry point is named {slug!r}"
    try:
        urls = [field.name for field in settings_fields(integration.settings) if field.kind is SettingKind.URL]
    except Exception as error:  # noqa: BLE001 - whatever is wrong with the class, it is the declaration's fault
        return f"its settings class cannot be read ({type(error).__name__}: {error}); make it with @settings"
    if integration.base_url is None and (calls := calling_hooks(manager)):
        return f"it makes calls ({', '.join(calls)}), so base_url must name one of its url() settings {urls}"
    if integration.base_url is not None and integration.base_url not in urls:
        return f"base_url names {integration.base_url!r}, which is not among its url() settings {urls}"
    strange = set(integration.expected_headers.values()) - {
        field.name for field in settings_fields(integration.settings)
    }
    if strange:
        return f"expected_headers names {', '.join(map(repr, strange))}, which is not among its settings"
    switches = {field.name for field in settings_fields(integration.settings) if field.type is bool}
    named = {switch.setting for switch in integration.side_effects.values() if switch.setting is not None}
    if no_switches := named - switches:
        return f"side_effects names {', '.join(map(repr, no_switches))}, which is not a bool among its settings"
    unknown = {action.status for action in integration.actions} - {
        None,
        *(status.name for status in integration.statuses),
    }
    if unknown:
        return f"its actions set {', '.join(map(repr, unknown))}, which is not among its statuses"
    resubmits = not isinstance(integration.resubmission, NoResubmission)
    return (
        route_error(integration.cancel, integration.settings, manager)
        or prior_steps_error(integration, integration.cancel)
        or hook_error(manager, "orderdesk_resubmit", required=resubmits)
        or hook_error(manager, "orderdesk_change_status", required=bool(integration.statuses))
        or cancel_requests_error(integration, manager)
    )
