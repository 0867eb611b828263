"""The registry: finds plugins without importing them, loads one on first use, and keeps what is wrong with the others.

Every integration has a plugin manager of its own, so a broken one breaks nobody else and an addressed call costs the
same with one plugin installed or a thousand.
"""

from __future__ import annotations

import difflib
import sys
import threading
from collections.abc import Callable, Iterable
from importlib.metadata import EntryPoint

import pluggy
from attrs import frozen

from orderdesk_sdk.errors import NotFoundError, OrderDeskError, PluginFault
from orderdesk_sdk.plugin import hookspecs
from orderdesk_sdk.plugin.bulkhead import Bulkhead
from orderdesk_sdk.plugin.connection_settings import SettingKind, settings_fields
from orderdesk_sdk.plugin.entry_points import Installed, distribution_of, shadow_of, source_of
from orderdesk_sdk.plugin.guard import Fault
from orderdesk_sdk.plugin.hookspecs import INTEGRATIONS, LISTENER_HOOKS, LISTENERS, PROJECT
from orderdesk_sdk.plugin.integration import Integration, NoResubmit
from orderdesk_sdk.plugin.plain_values import name_of, plain_of
from orderdesk_sdk.plugin.validation import calling_hooks, hook_problem, ladder_problem

__all__ = ["Loaded", "Registry"]

LOADING = 20.0
"""Seconds of patience for a plugin's import and declaration."""


@frozen
class Loaded:
    """An integration that is ready for use.

    distribution and version: of the package it came from; "" when registered in code.
    """

    integration: Integration
    manager: pluggy.PluginManager
    distribution: str
    version: str


class Registry:
    """The integrations installed in this environment, and those registered in code. Safe from many threads."""

    def __init__(
        self,
        find: Callable[..., Iterable[EntryPoint]] | None = None,
        patience: float = LOADING,
    ) -> None:
        self._installed = Installed()
        self._find = find or self._installed
        self._patience = patience
        self._lock = threading.Lock()
        self._points: dict[str, EntryPoint] | None = None
        self._clashes: dict[str, PluginFault] = {}
        self._modules: dict[str, object] = {}
        self._loaded: dict[str, Loaded | PluginFault] = {}
        self._loading: dict[str, threading.Lock] = {}

    def register(self, plugin: object, slug: str) -> None:
        """Add an integration that is not installed: a module or object with hook implementations."""
        with self._lock:
            self._modules[slug] = plugin
            self._loaded.pop(slug, None)

    def entry_points(self, group: str) -> tuple[EntryPoint, ...]:
        """The installed entry points of a group, those of unreadable distributions left out."""
        return tuple(self._find(group=group))

    def slugs(self) -> tuple[str, ...]:
        """The slugs of all integrations, sorted; nothing is imported."""
        return tuple(sorted({*self._found(), *self._modules}))

    def load(self, slug: str) -> Loaded:
        """An integration, imported on first use.

        Raises NotFoundError for an unknown slug and PluginFault, the same one each time, for one that cannot be used.
        """
        known = self._loaded.get(slug)
        if known is None:
            with self._lock:
                turn = self._loading.setdefault(slug, threading.Lock())
            with turn:  # Others may load other integrations meanwhile; a hanging import holds up only its own.
                known = self._loaded.get(slug)
                if known is None:
                    known = self._loaded[slug] = self._load(slug)
        if isinstance(known, PluginFault):
            raise known.with_traceback(None)  # Raised again and again, it would collect the frames of all its raisers.
        return known

    def declared(self, slug: str) -> Integration | str:
        """An integration's declaration, or the text of what keeps it from being used."""
        try:
            return self.load(slug).integration
        except OrderDeskError as error:
            return str(error)

    def distribution(self, slug: str) -> str:
        """The name and version of the distribution that an integration comes from; "" when registered in code."""
        return " ".join(self._provider(slug)).strip()

    def unreadable(self) -> tuple[PluginFault, ...]:
        """What is wrong with installed distributions that cannot be read; nobody knows what they would provide."""
        self._found()
        tuple(self._find(group=LISTENERS))
        return tuple(self._installed.faults.values())

    def _provider(self, slug: str) -> tuple[str, str]:
        point = self._found().get(slug) if slug not in self._modules else None
        return distribution_of(point.dist)[:2] if point is not None and point.dist is not None else ("", "")

    def _found(self) -> dict[str, EntryPoint]:
        if self._points is None:
            points: dict[str, EntryPoint] = {}
            for point in self._find(group=INTEGRATIONS):
                known = points.get(point.name)
                if known is not None and (known.value, source_of(known)) != (point.value, source_of(point)):
                    provide = " and ".join(f"{one.value} of {source_of(one)}" for one in (known, point))
                    self._clashes[point.name] = PluginFault(
                        f"two distributions provide it: {provide}",
                        place=f"integration {point.name}",
                        remedy="uninstall one of them",
                    )
                points[point.name] = point
            self._points = points
        return self._points

    def _load(self, slug: str) -> Loaded | PluginFault:
        if slug not in self._modules and slug not in self._found():
            raise NotFoundError(
                "no such integration is installed",
                place=f"integration {slug}",
                remedy=f"install orderdesk-{slug}, or see `orderdesk integrations`",
            )
        if slug in self._clashes:
            return self._clashes[slug]
        bulkhead = Bulkhead(f"load {slug}", 1, self._patience)
        loaded = bulkhead.aside(lambda: self._import(slug))
        match loaded:
            case Fault(text, kind):
                text = text if kind else f"its import or declaration did not end within {self._patience:g} s"
                return self._fault(slug, text)
            case str():
                return self._fault(slug, loaded)
            case OrderDeskError():
                raise loaded  # The guard lets none through.
            case Loaded():
                return loaded

    def _fault(self, slug: str, text: str) -> PluginFault:
        name = self.distribution(slug) or "registered in code"
        return PluginFault(
            f"the plugin cannot be used: {text}",
            place=f"integration {slug} ({name})",
            remedy="update or uninstall it, or report this to its author",
        )

    def _import(self, slug: str) -> Loaded | str:
        """The integration, or what is wrong with it, in words. Runs the plugin's code."""
        point = self._found().get(slug)
        plugin: object = self._modules[slug] if slug in self._modules else point.load() if point is not None else None
        if point is not None and slug not in self._modules:
            shadow = shadow_of(point, getattr(sys.modules.get(point.module), "__file__", None))
            if shadow:
                return shadow
        manager = pluggy.PluginManager(PROJECT)
        manager.add_hookspecs(hookspecs)
        manager.register(plugin, name=slug)
        strange = _strange_hooks(manager, plugin)
        if strange:
            return strange
        said: object = manager.hook.orderdesk_integration()
        if not issubclass(type(said), Integration):
            return f"orderdesk_integration() gave {name_of(said)}, not an Integration"
        declared = plain_of(Integration, said)
        return _problem(declared, slug, manager) or Loaded(declared, manager, *self._provider(slug))


def _strange_hooks(manager: pluggy.PluginManager, plugin: object) -> str | None:
    """What is wrong with hooks that are never called; None when nothing is. Those marked as optional may be unknown."""
    for caller in manager.get_hookcallers(plugin) or ():
        if caller.name in LISTENER_HOOKS:
            return f"it implements {caller.name}, which is for listeners: name a module of its own under {LISTENERS}"
        if not caller.has_spec() and not all(found.optionalhook for found in caller.get_hookimpls()):
            near = difflib.get_close_matches(caller.name, vars(hookspecs), n=1)
            hint = f"it may mean {near[0]}; " if near else ""
            newer = "one of a newer SDK is marked @hookimpl(optionalhook=True)"
            return f"it implements {caller.name}, which is no hook of this SDK: {hint}{newer}"
    return None


def _problem(declared: Integration, slug: str, manager: pluggy.PluginManager) -> str | None:
    """What is wrong with a declaration in the light of its entry point and hooks; None when nothing is."""
    if declared.slug != slug:
        return f"it declares the slug {declared.slug!r}, but its entry point is named {slug!r}"
    try:
        hosts = [field.name for field in settings_fields(declared.settings) if field.kind is SettingKind.HOST]
    except Exception as error:  # noqa: BLE001 - whatever is wrong with the class, it is the declaration's fault
        return f"its settings class cannot be read ({type(error).__name__}: {error}); make it with @settings"
    if declared.base_url is None and (calls := calling_hooks(manager)):
        return f"it makes calls ({', '.join(calls)}), so base_url must name one of its host settings {hosts}"
    if declared.base_url is not None and declared.base_url not in hosts:
        return f"base_url names {declared.base_url!r}, which is not among its host settings {hosts}"
    strange = set(declared.echoes.values()) - {field.name for field in settings_fields(declared.settings)}
    if strange:
        return f"its echoes name {', '.join(map(repr, strange))}, which is not among its settings"
    unknown = {action.status for action in declared.actions} - {None, *(status.name for status in declared.statuses)}
    if unknown:
        return f"its actions set {', '.join(map(repr, unknown))}, which is not among its statuses"
    resubmits = not isinstance(declared.resubmit, NoResubmit)
    return (
        ladder_problem(declared.cancel, declared.settings, manager)
        or hook_problem(manager, "orderdesk_resubmit", needed=resubmits)
        or hook_problem(manager, "orderdesk_change_status", needed=bool(declared.statuses))
    )
