"""`/healthz` and `/readyz`: what whoever runs the process sees, and no more than that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from orderdesk_sdk.cases.workers import WorkerHeartbeat
from orderdesk_sdk.clock import VirtualClock, hours
from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.web.probes import KEPT_FOR, Readiness

if TYPE_CHECKING:
    from tests.web.conftest import WebShop, WebShopOpener


def test_the_process_answers(client: httpx.Client) -> None:
    reply = client.get("/healthz")
    assert (reply.status_code, reply.json()) == (200, {"status": "ok"})


def test_work_that_goes_on_is_ready(client: httpx.Client) -> None:
    reply = client.get("/readyz")
    assert (reply.status_code, reply.json()) == (200, {"ready": True, "reasons": []})
    assert reply.headers["cache-control"] == "no-store"


def test_work_that_nobody_does_is_told_by_codes_alone(open_web_shop: WebShopOpener, clock: VirtualClock) -> None:
    shop = open_web_shop()
    shop.desk.cancel("1042", by="Ann", send_now=False)
    clock.advance(hours(2))
    with shop.client() as client:
        reply = client.get("/readyz")
    assert reply.status_code == 503
    assert reply.json() == {"ready": False, "reasons": ["cases-overdue"]}
    assert "1042" not in reply.text


def test_a_ledger_that_cannot_be_read_is_a_reason(web_shop: WebShop, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise StorageError("the disk /var/lib/desk is full")

    monkeypatch.setattr(web_shop.desk.ledger, "heartbeats", broken)
    with web_shop.client() as client:
        reply = client.get("/readyz")
    assert (reply.status_code, reply.json()) == (503, {"ready": False, "reasons": ["ledger"]})


def test_however_often_it_is_asked_the_ledger_is_read_seldom(
    web_shop: WebShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads, now = list[int](), [0.0]
    heartbeats = web_shop.desk.ledger.heartbeats

    def counted() -> tuple[WorkerHeartbeat, ...]:
        reads.append(1)
        return heartbeats()

    monkeypatch.setattr(web_shop.desk.ledger, "heartbeats", counted)
    readiness = Readiness(web_shop.desk, lambda: now[0])
    for _ in range(100):
        readiness.read()
    assert len(reads) == 1
    now[0] += KEPT_FOR
    readiness.read()
    assert len(reads) == 2


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_they_are_only_read(client: httpx.Client, path: str) -> None:
    assert client.post(path).status_code in (403, 405)
