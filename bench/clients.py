"""The contenders of the cancel race: each asks the same service for the same cancels, in its own way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Protocol
from urllib.parse import urlsplit

import httpx

from bench.store import open_store, simulator_settings
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.plugin.service import user_agent

__all__ = ["CLIENTS", "Client"]

PATH = "/fba/outbound/2020-07-01/fulfillmentOrders"
WARM = 30
"""Cancels before the clock starts: connections are open, the token is there, the plugin is imported."""


class Client(Protocol):
    """`run` makes `calls` cancels from `threads` threads and gives the seconds they took, preparations excluded."""

    def __init__(self, url: str) -> None: ...

    def run(self, calls: int, threads: int) -> float:
        """The seconds that `calls` cancels took."""


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

    def run(self, calls: int, threads: int) -> float:
        def cancel(number: str) -> None:
            self._client.put(f"{self._base}/{number}/cancel", headers=self._headers).raise_for_status()

        return _time_threads(cancel, _numbers(calls), threads)


class DeskCancel:
    """`desk.cancel()` as a host calls it.

    From recording the cancellation to the committed response, all of it is timed.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    def run(self, calls: int, threads: int) -> float:
        with open_store(calls + WARM, simulator_settings(self._url)) as store:

            def cancel(number: str) -> None:
                store.desk.cancel(number, by="bench", reason="measured")

            for number in store.numbers[:WARM]:
                cancel(number)
            took = _time_threads(cancel, store.numbers[WARM:], threads)
            _check_all_sent(len(store.desk.cases.list(states=[State.ACKNOWLEDGED], limit=calls + WARM)), calls + WARM)
            return took


class DeskRunDue:
    """`desk.run_due()` over cancellations that were recorded before the clock started.

    Claim, intent, PUT, response, state.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    def run(self, calls: int, threads: int) -> float:
        with open_store(calls + WARM, simulator_settings(self._url), in_flight=threads) as store:
            for number in store.numbers[:WARM]:
                store.desk.cancel(number, by="bench", reason="measured")
            for number in store.numbers[WARM:]:
                store.desk.cancel(number, by="bench", reason="measured", send_now=False)
            began = time.perf_counter()
            report = store.desk.run_due(limit=calls)
            took = time.perf_counter() - began
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

    def run(self, calls: int, threads: int) -> float:
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

    def run(self, calls: int, threads: int) -> float:
        return _time_threads(self._api.cancel_fulfillment_order, _numbers(calls), threads)


CLIENTS: dict[str, type[Client]] = {
    "httpx": BareHttpx,
    "desk.cancel": DeskCancel,
    "desk.run_due": DeskRunDue,
    "python-amazon-sp-api": Saleweaver,
    "amzn-sp-api": AmazonSdk,
}


def _numbers(calls: int) -> list[str]:
    return [f"B-{index}" for index in range(calls)]


def _time_threads(cancel: Callable[[str], object], numbers: Sequence[str], threads: int) -> float:
    """Seconds from the common start of all threads to the end of the last."""
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
    began = time.perf_counter()
    for thread in racing:
        thread.join()
    took = time.perf_counter() - began
    if failed:
        raise failed[0]
    return took


def _check_all_sent(found: int, wanted: int) -> None:
    if found != wanted:
        raise RuntimeError(f"{found} of {wanted} cancels were made: this run measures something else")
