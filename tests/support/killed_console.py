"""A console whose processes are killed: the server, or the worker beside it, before one simulated printer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from attrs import define, field

from orderdesk_devkit.cli.demo_shop.staff import STAFF, add_staff
from orderdesk_devkit.simulators.fault_queue import Fault
from orderdesk_devkit.simulators.paced_clock import PacedClock
from orderdesk_devkit.simulators.server import serve
from orderdesk_devkit.simulators.simulator import Effect
from orderdesk_lulu.simulator import LuluSimulator
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import SystemClock, minutes
from orderdesk_sdk.desk.config import read_config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.orders.order import Order, OrderLine
from tests.support.waiting import eventually

__all__ = ["ORDERS", "KilledConsole", "killed_console"]

ORDERS = 200
UNPAID = "UNPAID"
"""Where a job stays until somebody cancels it, however fast time runs."""
_DELAY = 0.2
"""Seconds that the printer takes for an answer, so that a kill comes in the middle."""
_CONFIG = """[ledger]
url = "sqlite:///orderdesk.db"

[sandbox]
clock = "{url}"

[sandbox.simulators]
lulu = "{url}"

[connections.lulu]
integration = "lulu"
settings = {{ base_url = "{url}", client_id = {{ text = "{id}" }}, client_secret = {{ text = "{secret}" }} }}
"""


@define
class KilledConsole:
    """Processes on one ledger. The simulator and the clock of all live in the test's own process, so they survive."""

    folder: Path
    printer: LuluSimulator
    clock: PacedClock
    url: str = ""
    tokens: dict[str, str] = field(factory=dict, repr=False)
    _processes: list[subprocess.Popen[str]] = field(factory=list)

    def serve(self, *, works: bool = True) -> subprocess.Popen[str]:
        """Start a server, at the address of the one before; gives it when it answers."""
        ready = self.folder / "ready.json"
        ready.unlink(missing_ok=True)
        port = self.url.rpartition(":")[2] or "0"
        options = ["serve", "--port", port, "--ready-file", str(ready), *([] if works else ["--no-work"])]
        process = self._start(options)
        eventually(lambda: ready.exists() and ready.read_text(encoding="utf-8").endswith("\n"), "the server answers")
        self.url = json.loads(ready.read_text(encoding="utf-8"))["url"]
        return process

    def work(self) -> subprocess.Popen[str]:
        """Start a worker of its own."""
        return self._start(["work", "--every", "0.2"])

    def canceled(self) -> Counter[str]:
        """How often the printer canceled each order."""
        return Counter(
            str(record.remote_id) for record in self.printer.log if record.effect_kind is Effect.CANCEL_ACCEPTED
        )

    def asked_in_vain(self) -> list[str]:
        """The orders that the printer was asked to cancel again, after it had done so."""
        return [str(record.remote_id) for record in self.printer.log if record.effect.startswith("cancel refused")]

    def require_each_once(self) -> None:
        """Raises AssertionError unless every order was canceled once, by one case with its proof."""
        numbers = {str(number) for number in _numbers()}
        with self.desk() as desk:
            cases = desk.cases.list(limit=500)
            assert {case.state for case in cases} == {State.CANCELED}
            assert Counter(case.order_number for case in cases) == Counter(numbers), "one case for each order"
            assert all(case.evidence for case in cases), "none is called canceled without proof"
        assert set(self.canceled().values()) == {1}, "none was canceled twice"
        assert self.asked_in_vain() == []

    def let_leases_end(self) -> None:
        """Let the time pass after which others take over what a dead process had begun, and ask what became of it."""
        self.clock.advance(minutes(10))
        self.clock.run(120)

    def desk(self) -> Desk:
        """A desk of the test's own on the same ledger; close it."""
        return Desk(read_config(self.folder / "orderdesk.toml"), clock=self.clock)

    def end(self) -> None:
        """End whatever still runs."""
        for process in self._processes:
            process.kill()
            process.communicate()

    def _start(self, options: Sequence[str]) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "orderdesk_sdk.cli", *options],
            cwd=self.folder,
            env=dict(os.environ),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._processes.append(process)
        return process


def _numbers() -> range:
    return range(2001, 2001 + ORDERS)


@contextmanager
def killed_console(folder: Path) -> Iterator[KilledConsole]:
    """A shop of 200 orders that wait to be canceled, with one person of each role signed in; nothing is served yet."""
    clock = PacedClock(SystemClock().now())
    printer = LuluSimulator(clock)
    with serve(printer.app) as served:
        settings = printer.settings(served.url)
        config = _CONFIG.format(url=served.url, id=settings["client_id"], secret=settings["client_secret"])
        (folder / "orderdesk.toml").write_text(config, encoding="utf-8")
        made = KilledConsole(folder, printer, clock)
        with made.desk() as desk:
            add_staff(desk)
            for name in STAFF:
                link = desk.access.make_sign_in_link(name, by="a test")
                made.tokens[name] = desk.access.use_sign_in_link(link.reveal()).token.reveal()
            orders = [Order(f"o{number}", str(number), lines=(OrderLine(1, code="BOOK-A5"),)) for number in _numbers()]
            desk.orders.import_orders(orders, by="a test")
            for number in _numbers():
                printer.add_order(str(number), lines=[("BOOK-A5", 1)], stage=UNPAID)
                desk.orders.register(str(number), connection="lulu", by="a test")
        clock.run(1)
        printer.faults.add(Fault.DELAY, method="PUT", times=ORDERS, seconds=_DELAY)
        try:
            yield made
        finally:
            made.end()
