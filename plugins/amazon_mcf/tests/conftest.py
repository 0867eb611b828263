"""What the tests of the plugin share: a simulated Amazon behind a stage, and one that is called by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from orderdesk_amazon_mcf.simulator import Durations, McfSimulator
from orderdesk_devkit.simulators.server import serve
from orderdesk_sdk.clock import VirtualClock, minutes


@pytest.fixture
def simulator(clock: VirtualClock) -> McfSimulator:
    """An Amazon without orders, whose warehouse picks for some minutes only: stages polled every two."""
    return McfSimulator(clock, durations=Durations(processing=minutes(9)))


@pytest.fixture
def amazon(clock: VirtualClock) -> McfSimulator:
    """One that takes its time, and lists two orders a page."""
    return McfSimulator(clock, page_size=2)


@pytest.fixture
def client(amazon: McfSimulator) -> Iterator[httpx.Client]:
    """Who calls it, as one that it lets in."""
    agent = "orderdesk-tests/1.0 (Language=Python/3.11; Platform=Linux)"
    headers = {"user-agent": agent, "x-amz-access-token": amazon.issue_token()}
    with serve(amazon.app) as served, httpx.Client(base_url=served.url, headers=headers, trust_env=False) as made:
        yield made


@pytest.fixture
def renew(client: httpx.Client, amazon: McfSimulator) -> Callable[[], httpx.Client]:
    """Gives the client a token that is good at this moment of the clock."""

    def renewed() -> httpx.Client:
        client.headers["x-amz-access-token"] = amazon.issue_token()
        return client

    return renewed
