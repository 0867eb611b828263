"""What follows from the declaration alone, before anything is called: its own logic, its settings, what it imports."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from typing import assert_never

import pytest
from attrs import evolve

from orderdesk_devkit.declaration_checks import declaration_errors
from orderdesk_devkit.testing.canary import canary
from orderdesk_devkit.testing.conformance.base import Count, StandardTests
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import PluginUnderTest
from orderdesk_sdk.errors import ConfigurationError, describe_exception
from orderdesk_sdk.plugin.connection_settings import SettingField, SettingKind, settings_fields
from orderdesk_sdk.plugin.hookspecs import INTEGRATIONS
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.runtime.connection_config import ConnectionConfig, make_settings

__all__ = ["DeclarationTests", "imported_by"]

MAX_MODULES = 40
"""Modules that a plugin may bring along, beside its own, the SDK's and what these stand on. Ours bring 0 to 8."""

_NONE_OF_A_PLUGIN = ("pytest", "rich", "click", "starlette", "uvicorn", "vcr", "yaml")
"""What tests, simulators and the command line are made of."""

_INVALID_VALUES: tuple[object, ...] = (
    None,
    True,
    -1,
    1.5,
    "",
    " \n",
    "\u202e",
    "{",
    "{nobody}",
    "x" * 10_000,
    [],
    [None],
    [[]],
    [{}],
    {},
    {"": None},
    {"path": 1},
    {"cancel": {}},
    {"default": [{}]},
)
"""What is put in place of a setting with a shape of its own."""


class DeclarationTests(StandardTests):
    """No call is made."""

    def test_the_declaration_is_consistent(self, plugin_under_test: PluginUnderTest) -> None:
        """No route is out of reach, no window closed for good, no list of reasons has a gap; words are there."""
        declared = plugin_under_test.registry().load(plugin_under_test.slug).integration
        faults = [*declaration_errors(declared), *declaration_errors(declared, plugin_under_test.integration.cancel)]
        require(Requirement.DECLARATION, dict.fromkeys(f"{text} - {hint}" for text, hint in faults))

    def test_wrong_settings_are_rejected_with_their_location(
        self, plugin_under_test: PluginUnderTest, count: Count
    ) -> None:
        """A missing one, one of another kind, one that nobody knows, a secret in plain text, and junk of any shape."""
        declared = plugin_under_test.registry().load(plugin_under_test.slug).integration
        good = plugin_under_test.unconnected_config()
        found: list[str] = []
        for name, value in _invalid_settings(declared):
            table = {other: kept for other, kept in good.settings.items() if other != name}
            table |= {} if value is _MISSING else {name: value}
            found += _failures(declared, evolve(good, settings=table), name, value)
            count("wrong settings", 1)
        require(Requirement.SETTINGS, found)

    def test_it_is_light_to_import(self, plugin_under_test: PluginUnderTest) -> None:
        """It brings few modules along, and none that only tests and simulators need."""
        points = [point for point in entry_points(group=INTEGRATIONS) if point.name == plugin_under_test.slug]
        if plugin_under_test.plugin is not None or not points:
            pytest.skip(f"{plugin_under_test.slug} is registered in code, where it was imported already")
        brought = imported_by(points[0].module)
        found = [f"{name} is imported" for name in _NONE_OF_A_PLUGIN if name in {one.split(".")[0] for one in brought}]
        if len(brought) > MAX_MODULES:
            roots = ", ".join(sorted({one.split(".")[0] for one in brought}))
            found.append(f"{len(brought)} modules come along, {MAX_MODULES} may, of: {roots}")
        require(Requirement.LIGHT_IMPORT, found)


_MISSING = object()
"""In place of a setting that is left out."""


def _invalid_settings(declared: Integration) -> Iterator[tuple[str, object]]:
    """Settings, each with a value that it cannot have, or, with a shape of its own, may not have."""
    yield "no_such_setting", "1"
    for one in settings_fields(declared.settings):
        if one.required:
            yield one.name, _MISSING
        yield from ((one.name, value) for value in _values(one))


def _values(one: SettingField) -> tuple[object, ...]:
    match one.kind:
        case SettingKind.SECRET:
            return canary(one.name), {}, {"env": ""}, {"env": canary(one.name)}, 7
        case SettingKind.URL:
            return "somewhere", "ftp://somewhere.example", "", 7, []
        case SettingKind.PLAIN:
            return (1.5, [], {}, *(("none of its choices",) if one.choices else ()))
        case SettingKind.CUSTOM:
            return _INVALID_VALUES
        case _:
            assert_never(one.kind)


def _failures(declared: Integration, connection: ConnectionConfig, name: str, value: object) -> Iterator[str]:
    """What is wrong with how a wrong value is taken."""
    what = "left out" if value is _MISSING else f"as {value!r:.60}"
    kinds = {one.name: one.kind for one in settings_fields(declared.settings)}
    try:
        made = make_settings(declared.settings, connection, {})
    except ConfigurationError as error:
        if name not in f"{error.location} {error.message}":
            yield f"{name} {what}: the error does not name it: {error}"
        if kinds.get(name) is SettingKind.SECRET and canary(name) in str(error):
            yield f"{name}: the error shows the secret"
        return
    except Exception as error:  # noqa: BLE001 - the plugin's own parser, whatever it raises
        yield f"{name} {what}: {describe_exception(error)} is no ConfigurationError"
        return
    if kinds.get(name) is not SettingKind.CUSTOM:
        yield f"{name} {what}: it is accepted"
        return
    for hook in (declared.routes_for, declared.unavailable_reason):
        try:
            if hook is not None:
                hook(made)
        except Exception as error:  # noqa: BLE001 - the plugin's own code, whatever it raises
            yield f"{name} {what}: it is accepted, and then {describe_exception(error)}"


def imported_by(module: str) -> tuple[str, ...]:
    """What importing a module brings along in a new Python, beside its own package, the SDK and what that stands on."""
    own = module.partition(".")[0]
    program = (
        "import json, sys, orderdesk_sdk.plugin.registry, orderdesk_sdk.plugin.auth, orderdesk_sdk.plugin.service\n"
        f"before = set(sys.modules)\nimport {module}\nprint(json.dumps(sorted(set(sys.modules) - before)))"
    )
    ran = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)  # noqa: S603 - our own
    brought: list[str] = json.loads(ran.stdout)
    return tuple(name for name in brought if name.partition(".")[0] not in (own, "orderdesk_sdk"))
