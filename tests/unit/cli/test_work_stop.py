"""`orderdesk work`, told to end while a service answers nobody: what is under way is finished, nothing new is begun."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from orderdesk_amazon_mcf.simulator import McfSimulator
from orderdesk_devkit.simulators.server import serve
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import SystemClock
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.orders.order import Order, OrderLine

PATIENCE = 120.0
"""Seconds until a process that does not come up, or end, is taken for broken; it takes one."""
ORDERS = 20
SECRETS = ("refresh_token", "client_id", "client_secret")
AT_ONCE = 8
"""Calls at once per connection."""


class Gate:
    """A service that answers a cancel only when it is open."""

    def __init__(self, inside: McfSimulator) -> None:
        self._inside = inside
        self.is_open = False
        self.asked = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and Request(scope).method == "PUT":
            self.asked += 1
            while not self.is_open:
                await asyncio.sleep(0.005)
        await self._inside.app(scope, receive, send)


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_work_that_is_told_to_end_begins_nothing_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: signal.Signals
) -> None:
    simulator = McfSimulator(SystemClock())
    gate = Gate(simulator)
    with serve(gate) as served:
        settings = simulator.settings(served.url)
        for name in SECRETS:
            monkeypatch.setenv(name.upper(), str(settings[name]))
        told = "\n".join(
            f"{name} = {{ env = {json.dumps(name.upper())} }}" if name in SECRETS else f"{name} = {json.dumps(value)}"
            for name, value in settings.items()
        )
        config = tmp_path / "orderdesk.toml"
        config.write_text(
            '[ledger]\nurl = "sqlite:///orderdesk.db"\n[connections.mcf]\nintegration = "amazon-mcf"\n'
            f"[connections.mcf.settings]\n{told}\n",
            encoding="utf-8",
        )
        with Desk.open(config) as desk:
            for number in range(ORDERS):
                order = Order(f"o{number}", f"N{number}", lines=(OrderLine(1, code="MUG"),))
                simulator.add_order(order.number, lines=[("MUG", 1)])
                desk.orders.import_orders([order], by="a test")
                desk.orders.register(order.number, connection="mcf", by="a test")
                desk.cancel(order.number, by="Ann", send_now=False)
        working = subprocess.Popen(
            [sys.executable, "-m", "orderdesk_sdk.cli", "work"],
            cwd=tmp_path,
            env=dict(os.environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            give_up = time.monotonic() + PATIENCE
            while gate.asked < AT_ONCE:
                assert working.poll() is None, working.communicate()
                assert time.monotonic() < give_up, "nothing is asked"
                time.sleep(0.01)
            working.send_signal(how)
            gate.is_open = True
            printed, complaints = working.communicate(timeout=PATIENCE)
        finally:
            working.kill()
            working.communicate()
        assert (working.returncode, complaints) == (0, "")
        assert "stopped" in printed
        with Desk.open(config) as desk:
            states = [case.state for case in desk.cases.list()]
    assert gate.asked <= AT_ONCE + 1, "one may have been on its way when the signal came"
    assert State.SENDING not in states, "what was under way is written down"
    assert states.count(State.PENDING) == ORDERS - gate.asked
