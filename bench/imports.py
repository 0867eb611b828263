"""What `import orderdesk_sdk` costs, over importing the libraries that it is made of."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from bench.figure import Bound, Figure, Goal, Scale, compare, interleaved
from bench.new_process import run_in_new_process

__all__ = ["imports"]

LIBRARIES = "attrs, cattrs, pluggy"


def imports(effort: Scale) -> Iterator[Figure]:
    """The package itself, and the desk, whose parts are imported when one is opened."""
    package, desk, libraries = interleaved(
        effort.pick(5, 15, 31),
        [partial(_import, what) for what in ("orderdesk_sdk", "orderdesk_sdk.desk.desk", LIBRARIES)],
    )
    low = f"lowest of each: {min(package):.2f} and {min(libraries):.2f} ms"
    goal = Goal(Bound.AT_MOST, 1.15)
    yield compare("import orderdesk_sdk", "ms", LIBRARIES, package, libraries, goal=goal, note=low)
    yield compare("import orderdesk_sdk.desk.desk", "ms", LIBRARIES, desk, libraries, goal=Goal(Bound.AT_MOST, 3.0))


def _import(what: str) -> float:
    code = f"import time\nbegan = time.perf_counter()\nimport {what}\nprint((time.perf_counter() - began) * 1e3)"
    return run_in_new_process(code)[0]
