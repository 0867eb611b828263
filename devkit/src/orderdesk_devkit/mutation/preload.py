"""What every run of the suite imports: imported once, by the process that the others are forked from. No plugin."""

from __future__ import annotations

import gc
import importlib
import pkgutil
from collections.abc import Iterator
from importlib.metadata import entry_points

import orderdesk_devkit.simulators
from orderdesk_devkit.testing.failpoints.preload import preload

__all__: list[str] = []

_MODULES = (
    "pytest",
    "orderdesk_devkit.mutation.recording",
    "orderdesk_devkit.testing.conformance",
    "uvicorn.lifespan.on",
    "uvicorn.loops.asyncio",
)


def _modules() -> Iterator[str]:
    yield from _MODULES
    simulators = pkgutil.iter_modules(orderdesk_devkit.simulators.__path__, "orderdesk_devkit.simulators.")
    yield from (module.name for module in simulators if not module.ispkg)
    yield from (point.module for point in entry_points(group="pytest11"))


for _name in _modules():
    importlib.import_module(_name)
preload()
gc.freeze()  # What is here stays: no collection in a child looks at it again, or copies its pages by that.
