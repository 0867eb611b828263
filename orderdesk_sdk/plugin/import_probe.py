"""Imports of plugins, tried in a process of their own: what ends or hangs that process is named, and hurts nobody here.

A plugin that raises is caught where it is used. One that ends the interpreter (`os._exit`, a crash in compiled code) or
holds it for ever cannot be caught in the same process.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Container, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from attrs import frozen

from orderdesk_sdk.errors import OrderDeskError, PluginError
from orderdesk_sdk.plugin.entry_points import source_of
from orderdesk_sdk.plugin.hookspecs import INTEGRATIONS, LISTENERS
from orderdesk_sdk.plugin.registry import LOAD_TIMEOUT, PluginRegistry

__all__ = ["DeadlyImports", "probe_imports"]

_LOOK = 0.02
"""Seconds between two looks at how far the process is."""
_START_FACTOR = 3
"""How many times the patience for one import the process may take to begin: it imports this package first."""
_FOR_EVER = 1e6
"""Seconds that the process itself waits for an import: it is ended from here."""


@frozen
class DeadlyImports:
    """The plugins that must not be imported, each with what its import did.

    Args:
        integrations, listeners: by the name of the entry point.
    """

    integrations: Mapping[str, PluginError]
    listeners: Mapping[str, PluginError]


@frozen
class _Name:
    """An entry point that is tried. source: the distribution that it is of."""

    group: str
    name: str
    source: str


def probe_imports(
    registry: PluginRegistry, timeout: float = LOAD_TIMEOUT, *, only: Container[str] | None = None
) -> DeadlyImports:
    """The installed plugins whose import ends the interpreter or never ends.

    Disabled ones are not tried, nor those that this process has imported already.

    Args:
        timeout: seconds for the import and the declaration of each.
        only: the names of the entry points that are tried; None: all.
    """
    names = [
        _Name(group, point.name, source_of(point))
        for group in (INTEGRATIONS, LISTENERS)
        for point in registry.entry_points(group)
        if point.module not in sys.modules and (only is None or point.name in only)
    ]
    found: dict[str, dict[str, PluginError]] = {INTEGRATIONS: {}, LISTENERS: {}}
    while names:
        tried, fault = _try_in_process(names, timeout)
        if fault is not None:
            deadly = names[tried - 1]
            found[deadly.group][deadly.name] = _error(deadly, fault)
        names = names[tried:]
    return DeadlyImports(found[INTEGRATIONS], found[LISTENERS])


def _error(deadly: _Name, fault: str) -> PluginError:
    kind = "integration" if deadly.group == INTEGRATIONS else "listener"
    return PluginError(
        f"the plugin cannot be used: its import {fault}",
        location=f"{kind} {deadly.name} ({deadly.source})",
        hint=f"run `orderdesk plugins disable {deadly.name}`, restart what runs, and report this to its author",
    )


def _try_in_process(names: Sequence[_Name], timeout: float) -> tuple[int, str | None]:
    """How many of the names are done with, and what the import of the last of them did, None: nothing wrong."""
    with tempfile.TemporaryDirectory(prefix="orderdesk-imports-") as folder:
        progress = Path(folder) / "progress"
        progress.touch()
        process = _start(progress, names)
        steps, since, fault = 0, time.monotonic(), None
        try:
            while process.poll() is None:
                now_at = progress.stat().st_size
                if now_at != steps:
                    steps, since = now_at, time.monotonic()
                elif time.monotonic() - since > timeout * (1 if steps else _START_FACTOR):
                    fault = f"did not end within {timeout:g} s"
                    break
                time.sleep(_LOOK)
        finally:
            process.kill()
            process.wait()
        steps = progress.stat().st_size
    if steps == 2 * len(names) and process.returncode == 0:
        return len(names), None
    if steps == 0:  # It did not begin: there is nobody to name, and the import here says what is wrong.
        return len(names), None
    return (steps + 1) // 2, fault or f"ended the Python process ({_how_it_ended(process.returncode)})"


def _start(progress: Path, names: Sequence[_Name]) -> subprocess.Popen[bytes]:
    module = "orderdesk_sdk.plugin.import_probe"  # Not __name__, which may be __main__.
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-P", "-m", module, str(progress), *(f"{one.group}:{one.name}" for one in names)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _how_it_ended(code: int) -> str:
    with suppress(ValueError):
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"


def _import_all(progress: Path, names: Sequence[str]) -> None:
    """Import each, and write a byte before it and one after it, so that whoever looks knows where this ended."""
    registry = PluginRegistry(timeout=_FOR_EVER)
    with progress.open("ab", buffering=0) as file:
        for name in names:
            file.write(b".")
            _import(registry, *name.split(":", 1))
            file.write(b".")


def _import(registry: PluginRegistry, group: str, name: str) -> None:
    if group == INTEGRATIONS:
        with suppress(OrderDeskError):  # Told where it is used; what the import does to the process is asked here.
            registry.load(name)
        return
    for point in registry.entry_points(group):
        if point.name == name:
            with suppress(BaseException):  # As above: a listener that raises is told where it is used.
                point.load()


if __name__ == "__main__":
    _import_all(Path(sys.argv[1]), sys.argv[2:])
    os._exit(0)  # What a plugin left running does not hold it up.
