"""Flows as a plugin writes them, and what becomes of them at a fake client."""

from __future__ import annotations

from collections.abc import Callable, Generator

import httpx

from orderdesk_devkit.testing.fake_client import ANY_ORDER, FakeClient, FakeJournal
from orderdesk_sdk.cases.exchange import TransportLoss
from orderdesk_sdk.plugin.answer import Answer
from orderdesk_sdk.runtime.flow_runner import FlowResult, PluginFailure, run_flow

URL = "https://acme.example/orders/1"
READ = httpx.Request("GET", URL)
WRITE = httpx.Request("PUT", f"{URL}/cancel", content=b"{}")
SECRET = "canary-of-a-flow"


def driven(flow: Callable[[], object], client: FakeClient, journal: FakeJournal) -> FlowResult[Answer]:
    """What running the flow gave."""
    return run_flow(flow, Answer, client.as_client(), journal, ANY_ORDER)


def outcome(
    flow: Callable[[], object], client: FakeClient, journal: FakeJournal
) -> Answer | TransportLoss | PluginFailure:
    """How the flow ended."""
    return driven(flow, client, journal).outcome


def fault(flow: Callable[[], object], client: FakeClient, journal: FakeJournal) -> str:
    """What is said of a plugin that failed."""
    found = outcome(flow, client, journal)
    assert isinstance(found, PluginFailure)
    return found.message


def yields(*steps: object, then: object = None) -> Callable[[], Generator[object, object, object]]:
    """A flow of these steps that returns `then`."""

    def flow() -> Generator[object, object, object]:
        for step in steps:
            _ = yield step  # Not `yield from`: a tuple takes no send().
        return then

    return flow


def raises(error: BaseException, *steps: object) -> Callable[[], Generator[object, object, object]]:
    """A flow of these steps that raises at their end."""

    def flow() -> Generator[object, object, object]:
        for step in steps:
            _ = yield step  # Not `yield from`: a tuple takes no send().
        raise error

    return flow
