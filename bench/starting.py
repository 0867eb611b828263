"""What a plan at the command line costs: CPU of a fresh process, over one that imports the libraries it is made of."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.figure import Figure, Scale, compare, interleaved
from bench.loopback import quiet_environment
from orderdesk_devkit.sample_orders import SAMPLE_ORDERS

__all__ = ["starting"]

LIBRARIES = "attrs, cattrs, pluggy, click, rich"
CONNECTION = """
[connections.mcf]
integration = "amazon-mcf"
[connections.mcf.settings]
refresh_token = {{ text = "Atzr|bench" }}
client_id = {{ text = "bench-client" }}
client_secret = {{ text = "bench-secret" }}
"""
RULE = """
[[rules]]
name = "What leaves the shop is canceled"
event = "order moved"
when = "folder == 'Closed'"
do = [{ action = "Cancel Order", connections = ["mcf"], reason = "customer asked" }]
"""


def starting(effort: Scale) -> Iterator[Figure]:
    """`orderdesk plan` for one order at one connection, without rules and with one."""
    with tempfile.TemporaryDirectory(prefix="orderdesk-bench-") as name:
        plain, ruled = (_folder(Path(name) / kind, rule) for kind, rule in (("plain", ""), ("ruled", RULE)))
        libraries = _cpu([sys.executable, "-c", f"import {LIBRARIES}"], Path(name))
        takes = [_cpu(_plan(), plain), _cpu(_plan(), ruled), libraries]
        for take in takes:
            take()
        without, with_rule, yardstick = interleaved(effort.pick(3, 11, 21), takes)
    against = f"import {LIBRARIES}"
    yield compare("orderdesk plan, CPU of a fresh process", "ms", against, without, yardstick)
    yield compare("orderdesk plan with a rule, CPU of a fresh process", "ms", against, with_rule, yardstick)


def _plan() -> list[str]:
    return [sys.executable, "-m", "orderdesk_sdk.cli", "plan", "1042"]


def _folder(folder: Path, rule: str) -> Path:
    """A folder with a configuration, and an order that was submitted."""
    folder.mkdir()
    (folder / "orderdesk.toml").write_text(CONNECTION.format() + rule, encoding="utf-8")
    (folder / "orders.json").write_text(SAMPLE_ORDERS, encoding="utf-8")
    for arguments in (["import", "orders.json"], ["register", "1042", "--at", "mcf"]):
        _run([sys.executable, "-m", "orderdesk_sdk.cli", *arguments, "--by", "bench"], folder)
    return folder


def _cpu(command: list[str], folder: Path) -> Callable[[], float]:
    """Milliseconds of CPU that a process takes."""

    def measured() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        _run(command, folder)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1e3

    return measured


def _run(command: list[str], folder: Path) -> None:
    ran = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=quiet_environment(), check=False)
    if ran.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{ran.stdout}{ran.stderr}")
