"""A server that is killed while programs cancel over the API: they ask again, and every order is canceled once."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.clock import SystemClock, hours
from tests.support.killed_console import ORDERS, KilledConsole, killed_console
from tests.support.waiting import eventually

pytestmark = pytest.mark.crash

CALLERS = 4
KILLED_AFTER = (30, 90)
"""Replies after which the server is killed."""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[KilledConsole]:
    with killed_console(tmp_path) as opened:
        yield opened


class Callers:
    """Programs that cancel an order each time, with a key of the order, until they have a reply to it.

    taken: the orders that were replied to. under_way: keys that a killed server had begun.
    """

    def __init__(self, url: str, token: str) -> None:
        self._client = httpx.Client(
            base_url=f"{url}/api/v1/", headers={"Authorization": f"Bearer {token}"}, timeout=120, trust_env=False
        )
        self._orders: queue.SimpleQueue[int] = queue.SimpleQueue()
        self.taken: list[int] = []
        self.under_way: set[int] = set()
        self.unexpected: list[str] = []
        for number in range(2001, 2001 + ORDERS):
            self._orders.put(number)
        self._threads = [threading.Thread(target=self._run) for _ in range(CALLERS)]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def has_taken(self, count: int) -> bool:
        """Whether so many orders were replied to."""
        return len(self.taken) >= count

    def wait(self) -> None:
        """Until every order has a reply."""
        for thread in self._threads:
            thread.join(120)
        self._client.close()

    def _run(self) -> None:
        while True:
            try:
                number = self._orders.get_nowait()
            except queue.Empty:
                return
            while not self._cancel(number):
                threading.Event().wait(0.05)
            self.taken.append(number)

    def _cancel(self, number: int) -> bool:
        # What a killed server had begun counts as under way for a minute; whoever cannot wait asks anew.
        key = f"{number}-again" if number in self.under_way else str(number)
        try:
            reply = self._client.post(
                f"orders/o{number}/cancel", json={"without_plan": True}, headers={"Idempotency-Key": key}
            )
        except httpx.TransportError:
            return False
        if reply.status_code == 409 and reply.json()["error"]["code"] == "in_progress":
            self.under_way.add(number)
        elif reply.status_code != 202:
            self.unexpected.append(f"{number}: {reply.status_code} {reply.text}")
            return True
        return reply.status_code == 202


def test_whoever_asks_again_after_a_kill_cancels_once(shop: KilledConsole) -> None:
    with shop.desk() as desk:
        _, token = desk.access.api_tokens.create(
            "erp", role=Role.SUPERVISOR, expires_at=SystemClock().now() + hours(1), by="a test"
        )
    server = shop.serve()
    callers = Callers(shop.url, token.reveal())
    callers.start()
    for replies in KILLED_AFTER:
        eventually(partial(callers.has_taken, replies), f"{replies} replies")
        server.kill()
        server.wait()
        server = shop.serve()
    callers.wait()
    assert callers.unexpected == []
    assert sorted(callers.taken) == list(range(2001, 2001 + ORDERS))
    assert len(callers.under_way) <= CALLERS * len(KILLED_AFTER), "only what was under way at a kill"
    shop.let_leases_end()
    eventually(lambda: len(shop.canceled()) == ORDERS, "every order is canceled", within=300)
    eventually(lambda: _all_settled(shop), "every case is settled", within=300, pause=0.2)
    shop.require_each_once()


def _all_settled(shop: KilledConsole) -> bool:
    with shop.desk() as desk:
        return not any(case.is_open for case in desk.cases.list(limit=500))
