"""The contenders of the cancel race: each asks the same service for the same cancels, in its own way."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Protocol
from urllib.parse import urlsplit

import httpx
from attrs import frozen

from bench.same_rows import SameRows
from bench.store import open_store, simulator_settings
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.plugin.service import user_agent
from orderdesk_sdk.secret import Secret

__all__ = ["CLIENTS", "Client", "Run"]

PATH = "/fba/outbound/2020-07-01/fulfillmentOrders"
WARM = 30
"""Cancels before the clock starts: connections are open, the token is there, the plugin is imported."""


@frozen
class Run:
    """What some cancels took, preparations excluded.

    Args:
        seconds: from the first to the last.
        cpu_seconds: of the whole process meanwhile, in user and in system.
    """

    seconds: float
    cpu_seconds: float


class Client(Protocol):
    """`run` makes `calls` cancels from `threads` threads."""

    def run(self, calls: int, threads: int) -> Run:
        """What `calls` cancels took."""


class BareHttpx:
    """The yardstick: one `httpx.Client`, URL and headers ready made, the status checked, nothing kept."""

    def __init__(self, url: str) -> None:
        self._base = url + PATH
        self._client = httpx.Client()
        self._headers = {
            "user-agent": user_agent("amazon-mcf", "0.1.0"),
            "accept": "application/json",
            "x-amz-access-token": "Atza|bench",
            "x-amz-date": datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"),
        }

    def cancel(self, number: str) -> None:
        """Make one call."""
        self._client.put(f"{self._base}/{number}/cancel", headers=self._headers).raise_for_status()

    def run(self, calls: int, threads: int) -> Run:
        return _time_threads(self.cancel, _numbers(calls), threads)


class HttpxAndCommits:
    """The floor of the design: bare httpx, and around each call the rows of a cancel in two grouped commits.

    Nothing is read, decided, redacted or handed to another thread.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._bare = BareHttpx(url)

    def run(self, calls: int, threads: int) -> Run:
        with tempfile.TemporaryDirectory(prefix="orderdesk-bench-") as folder:
            rows = SameRows(Path(folder) / "bench.db", self._url)

            copies = {number: rows.copy(number) for number in (f"{index:06}" for index in range(WARM + calls))}

            def cancel(number: str) -> None:
                rows.commit(copies[number].intent)
                self._bare.cancel(number)
                rows.commit(copies[number].result)

            numbers = list(copies)
            for number in numbers[:WARM]:
                cancel(number)
            took = _time_threads(cancel, numbers[WARM:], threads)
            rows.close()
            return took


class DeskCancel:
    """`desk.cancel()` as a host calls it.

    From recording the cancellation to the committed response, all of it is timed.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    def run(self, calls: int, threads: int) -> Run:
        with open_store(calls + WARM, simulator_settings(self._url)) as store:

            def cancel(number: str) -> None:
                store.desk.cancel(number, by="bench", reason="measured")

            for number in store.numbers[:WARM]:
                cancel(number)
            took = _time_threads(cancel, store.numbers[WARM:], threads)
            _check_all_sent(len(store.desk.cases.list(states=[State.ACKNOWLEDGED], limit=calls + WARM)), calls + WARM)
            return took


class PostgresCancel:
    """The same with a ledger in PostgreSQL, which other processes use too."""

    def __init__(self, url: str, database: str) -> None:
        self._url = url
        self._database = Secret(database)
        self._first = os.getpid() * 1_000_000

    def run(self, calls: int, threads: int) -> Run:
        settings = simulator_settings(self._url)
        first, self._first = self._first, self._first + calls + WARM
        with open_store(calls + WARM, settings, path=self._database, first=first) as store:

            def cancel(number: str) -> None:
                store.desk.cancel(number, by="bench", reason="measured")

            for number in store.numbers[:WARM]:
                cancel(number)
            return _time_threads(cancel, store.numbers[WARM:], threads)


class DeskRunDue:
    """`desk.run_due()` over cancellations that were recorded before the clock started.

    Claim, intent, PUT, response, state.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    def run(self, calls: int, threads: int) -> Run:
        with open_store(calls + WARM, simulator_settings(self._url), in_flight=threads) as store:
            for number in store.numbers[:WARM]:
                store.desk.cancel(number, by="bench", reason="measured")
            for number in store.numbers[WARM:]:
                store.desk.cancel(number, by="bench", reason="measured", send_now=False)
            clock = _Stopwatch()
            report = store.desk.run_due(limit=calls)
            took = clock.stop()
            _check_all_sent(report.handled, calls)
            _check_all_sent(len(store.desk.cases.list(states=[State.ACKNOWLEDGED], limit=calls + WARM)), calls + WARM)
            return took


class Saleweaver:
    """python-amazon-sp-api. Nothing is kept, a 503 with a page in it counts as success.

    It offers no setting for its hosts. Its constructor takes any marketplace and token client, so both are handed one
    that names the loopback service; its code is not changed.
    """

    def __init__(self, url: str) -> None:
        from sp_api.api import FulfillmentOutbound
        from sp_api.auth import AccessTokenClient

        class LoopbackTokens(AccessTokenClient):  # type: ignore[misc]  # it ships no types
            scheme = "http://"
            host = urlsplit(url).netloc

        settings = simulator_settings(url)
        self._api = FulfillmentOutbound(
            SimpleNamespace(endpoint=url, marketplace_id="ATVPDKIKX0DER", region="us-east-1"),
            credentials={
                "refresh_token": settings["refresh_token"],
                "lwa_app_id": settings["client_id"],
                "lwa_client_secret": settings["client_secret"],
            },
            auth_token_client_class=LoopbackTokens,
        )

    def run(self, calls: int, threads: int) -> Run:
        return _time_threads(self._api.cancel_fulfillment_order, _numbers(calls), threads)


class AmazonSdk:
    """amzn-sp-api, Amazon's own, over requests' urllib3. Nothing is kept. Both hosts are settings of it."""

    def __init__(self, url: str) -> None:
        from spapi import FbaOutboundApi, SPAPIClient, SPAPIConfig

        settings = simulator_settings(url)
        config = SPAPIConfig(
            client_id=settings["client_id"],
            client_secret=settings["client_secret"],
            refresh_token=settings["refresh_token"],
            region="NA",
        )
        client = SPAPIClient(config, oauth_endpoint=settings["token_url"], endpoint=settings["endpoint"])
        self._api = FbaOutboundApi(client.api_client)

    def run(self, calls: int, threads: int) -> Run:
        return _time_threads(self._api.cancel_fulfillment_order, _numbers(calls), threads)


CLIENTS: dict[str, Callable[..., Client]] = {
    "httpx": BareHttpx,
    "httpx + 2 commits": HttpxAndCommits,
    "desk.cancel": DeskCancel,
    "desk.cancel on PostgreSQL": PostgresCancel,
    "desk.run_due": DeskRunDue,
    "python-amazon-sp-api": Saleweaver,
    "amzn-sp-api": AmazonSdk,
}


def _numbers(calls: int) -> list[str]:
    return [f"B-{index}" for index in range(calls)]


class _Stopwatch:
    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def stop(self) -> Run:
        """What was taken since it was made."""
        return Run(time.perf_counter() - self._wall, time.process_time() - self._cpu)


def _time_threads(cancel: Callable[[str], object], numbers: Sequence[str], threads: int) -> Run:
    """From the common start of all threads to the end of the last."""
    start = threading.Barrier(threads + 1)
    failed: list[BaseException] = []

    def work(share: Sequence[str]) -> None:
        start.wait()
        try:
            for number in share:
                cancel(number)
        except BaseException as error:  # noqa: BLE001 - raised again below, in the thread that measures
            failed.append(error)

    racing = [threading.Thread(target=work, args=(numbers[first::threads],)) for first in range(threads)]
    for thread in racing:
        thread.start()
    start.wait()
    clock = _Stopwatch()
    for thread in racing:
        thread.join()
    took = clock.stop()
    if failed:
        raise failed[0]
    return took


def _check_all_sent(found: int, wanted: int) -> None:
    if found != wanted:
        raise RuntimeError(f"{found} of {wanted} cancels were made: this run measures something else")
