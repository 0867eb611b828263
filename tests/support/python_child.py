"""A Python that has imported much already: runs each program in a child that is forked for it.

python -m tests.support.python_child    reads programs on stdin, one a line; see `failpoints.fork_server`
"""

from __future__ import annotations

import importlib
import os
import runpy
import sys
import traceback
from collections.abc import Mapping
from typing import NoReturn

from attrs import frozen
from cattrs.preconf.json import make_converter

from orderdesk_devkit.testing.failpoints.child import run_children
from orderdesk_devkit.testing.failpoints.preload import preload

__all__ = ["Program"]

LATE = (
    *("_pytest.config", "orderdesk_devkit.cli.check", "orderdesk_devkit.quality", "orderdesk_sdk.cli.group"),
    *("orderdesk_devkit.testing.cassette_suite", "orderdesk_devkit.testing.conformance"),
)
"""What pytest, its plugins and the commands import anyhow."""


@frozen
class Program:
    """`python -m module arguments` in a folder, with these variables of the environment beside those of the test.

    output: the file that gets what it says.
    """

    module: str
    arguments: tuple[str, ...]
    folder: str
    environment: Mapping[str, str]
    output: str

    def dump(self) -> str:
        """As a line of text."""
        return make_converter().dumps(self)


def _import() -> None:
    preload()
    for name in LATE:
        importlib.import_module(name)
    from _pytest.config import default_plugins

    for name in default_plugins:
        importlib.import_module(f"_pytest.{name}")


def _run(line: str) -> NoReturn:
    program = make_converter().loads(line, Program)
    os.chdir(program.folder)
    os.environ.update(program.environment)
    paths = program.environment.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:] = [program.folder, *filter(None, paths), *sys.path[1:]]
    importlib.invalidate_caches()
    with open(program.output, "wb") as output, open(os.devnull, "rb") as nothing:  # noqa: PTH123 - for their numbers
        os.dup2(nothing.fileno(), 0)
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    sys.argv = [program.module, *program.arguments]
    code: object = 0
    try:
        runpy.run_module(program.module, run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        code = ended.code
    except BaseException:  # noqa: BLE001 - as Python does of a program
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1 if code else 0)


if __name__ == "__main__":
    _import()
    run_children(sys.stdin, _run)
