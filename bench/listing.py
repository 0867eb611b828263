"""Listing 1,000 installed plugins, over reading nothing but the names of their entry points."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.figure import Bound, Figure, Goal, Scale, Spread, compare, interleaved
from bench.new_process import run_in_new_process
from orderdesk_sdk.plugin.hookspecs import INTEGRATIONS

__all__ = ["listing"]

PLUGINS = 1000
BASELINE = f"""
import time
from importlib.metadata import entry_points
began = time.perf_counter()
names = sorted(point.name for point in entry_points(group={INTEGRATIONS!r}))
print((time.perf_counter() - began) * 1e3)
print(sum(name.startswith("bench-") for name in names))
"""
SDK_LISTING = """
import sys, time
from orderdesk_sdk.plugin.registry import PluginRegistry
began = time.perf_counter()
names = PluginRegistry().slugs()
print((time.perf_counter() - began) * 1e3)
print(sum(name.startswith("bench-") for name in names))
print(sum(name.startswith("orderdesk_bench_") for name in sys.modules))
"""


def listing(effort: Scale) -> Iterator[Figure]:
    """Each listing in a fresh process: what importlib.metadata caches would hide most of the cost."""
    imported: list[float] = []
    with tempfile.TemporaryDirectory(prefix="orderdesk-bench-") as folder:
        site = Path(folder)
        _install(site)

        def ours() -> float:
            took, found, modules = run_in_new_process(SDK_LISTING, path=site)
            _complete(found)
            imported.append(modules)
            return took

        def names_only() -> float:
            took, found = run_in_new_process(BASELINE, path=site)
            _complete(found)
            return took

        listed, names = interleaved(effort.pick(3, 9, 15), [ours, names_only])
    goal = Goal(Bound.AT_MOST, 1.2)
    yield compare(f"listing {PLUGINS:,} plugins", "ms", "entry-point names", listed, names, goal=goal)
    yield Figure("plugins imported by listing", "count", Spread.of(imported), goal=Goal(Bound.AT_MOST, 0))


def _install(site: Path) -> None:
    """Plugins as an installer leaves them; their modules exist, so that an import would succeed and be seen."""
    for number in range(PLUGINS):
        slug, module = f"bench-{number}", f"orderdesk_bench_{number}"
        info = site / f"orderdesk_bench_{number}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: orderdesk-{slug}\nVersion: 1.0\n", "utf-8")
        (info / "entry_points.txt").write_text(f"[{INTEGRATIONS}]\n{slug} = {module}\n", "utf-8")
        (site / f"{module}.py").touch()


def _complete(found: float) -> None:
    if found != PLUGINS:
        raise RuntimeError(f"{found:g} of {PLUGINS} plugins were found")
