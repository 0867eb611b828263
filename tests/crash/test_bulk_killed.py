"""`orderdesk cancel --from FILE` is killed twice and run again: nothing is lost, nothing is sent twice.

A small bulk is killed in every run; one of 10,000 orders is asked for by `--kills 200`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orderdesk_devkit.testing.raw_server import RawServer, responding
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import SystemClock, VirtualClock, minutes
from orderdesk_sdk.plugin.integration import Limit
from tests.support.bulk_services import BulkServices, import_bulk_orders, open_bulk_desk

pytestmark = pytest.mark.crash

ROOT = Path(__file__).resolve().parent.parent.parent
SERVICES = 3, 10
"""Of a small bulk and of a large one."""
PER_SERVICE = 100, 1000
"""Orders of each service, of a small bulk and of a large one."""
LARGE_FROM = 200
KILLED_AFTER = 0.13, 0.43
"""Shares of the orders after whose requests the command is killed, while others are on their way."""
PLUGINS = """
from orderdesk_sdk.plugin.integration import Limit
from tests.support.bulk_services import BulkPlugin

for number in range(10):
    globals()[f"well{number}"] = BulkPlugin(f"well{number}", Limit(1000, 1000))
"""


def install_plugins(folder: Path, names: Sequence[str]) -> None:
    """Leave a distribution as pip would, with an integration for each service."""
    info = folder / "orderdesk_bulk_services-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "bulk_plugins.py").write_text(PLUGINS, encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: orderdesk-bulk-services\nVersion: 1.0\n")
    points = "".join(f"{name} = bulk_plugins:{name}\n" for name in names)
    (info / "entry_points.txt").write_text(f"[orderdesk.integrations]\n{points}")


class Command:
    """The command line in a folder of its own; `run` gives its exit code, negative where it was killed."""

    def __init__(self, folder: Path, url: str, names: Sequence[str]) -> None:
        self._folder = folder
        install_plugins(folder / "site", names)
        config = "".join(
            f'[connections.{name}]\nintegration = "{name}"\nsettings.endpoint = "{url}"\n' for name in names
        )
        (folder / "orderdesk.toml").write_text(config, encoding="utf-8")
        self.process: subprocess.Popen[bytes] | None = None

    def run(self, file: str) -> tuple[int, dict[str, object]]:
        """The exit code and the summary; no summary where it was killed."""
        environment = {**os.environ, "PYTHONPATH": f"{self._folder / 'site'}{os.pathsep}{ROOT}"}
        arguments = [sys.executable, "-m", "orderdesk_sdk.cli", "cancel", "--from", file, "--by", "Ann", "--json"]
        self.process = subprocess.Popen(
            arguments, cwd=self._folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        out, err = self.process.communicate()
        if self.process.returncode < 0:
            return self.process.returncode, {}
        assert out, err.decode()
        return self.process.returncode, json.loads(out)

    def kill(self) -> None:
        """Kill it, as a machine that loses its power does."""
        assert self.process is not None
        self.process.kill()


class KillingServices(BulkServices):
    """Services in whose middle of a request the command dies, at certain counts."""

    def __init__(self, killed_at: Sequence[int]) -> None:
        super().__init__(SystemClock())
        self.kill: Callable[[], None] = lambda: None
        self._left = list(killed_at)

    def __call__(self, request: bytes) -> bytes:
        response = super().__call__(request)
        if self._left and len(self.asked) >= self._left[0]:
            self._left.pop(0)
            self.kill()
        return response


def test_a_bulk_that_is_killed_twice_and_run_again_loses_and_doubles_nothing(tmp_path: Path, kills: int) -> None:
    is_large = kills >= LARGE_FROM
    names = tuple(f"well{number}" for number in range(SERVICES[is_large]))
    per_service = PER_SERVICE[is_large]
    services = KillingServices([int(share * per_service * len(names)) for share in KILLED_AFTER])
    with open_bulk_desk(tmp_path, SystemClock(), services, limit=Limit(1000, 1000), names=names) as desk:
        numbers = import_bulk_orders(desk, per_service, names)
    (tmp_path / "orders.csv").write_text("order,reason\n" + "".join(f"{number},\n" for number in numbers))
    with RawServer(responding(services)) as server:
        command = Command(tmp_path, server.url, names)
        services.kill = command.kill
        killed = [command.run("orders.csv")[0] for _ in KILLED_AFTER]
        code, summary = command.run("orders.csv")
    assert [status < 0 for status in killed] == [True, True]
    assert (code, summary["is_complete"], summary["total"]) == (0, True, len(numbers))
    asked = Counter(number for _, number, _ in services.asked)
    assert max(asked.values()) == 1, "no order was asked for twice"
    later = VirtualClock(datetime.now(UTC) + minutes(10))  # When the leases of the killed have ended.
    with open_bulk_desk(tmp_path, later, services, limit=Limit(1000, 1000), names=names) as desk:
        for _ in range(3):
            desk.run_due(limit=2 * len(numbers))
            later.advance(minutes(3))
        cases = desk.ledger.cases(CancelCase, limit=2 * len(numbers))
        assert Counter(case.order_number for case in cases) == Counter(numbers), "one case an order"
        never_asked = {case.order_number for case in cases if not asked[case.order_number]}
        assert {case.state for case in cases if case.order_number not in never_asked} == {State.CANCELED}
        # Killed between the intent and the first byte: nothing proves that nothing was sent, so it is not sent again.
        left = {case.state for case in cases if case.order_number in never_asked}
        assert left <= {State.UNKNOWN, State.ACTION_REQUIRED}
        assert Counter(number for _, number, _ in services.asked) == asked
