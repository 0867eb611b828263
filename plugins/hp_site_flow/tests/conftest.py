"""What the tests of the plugin share: a simulated Site Flow, on a real socket and a virtual clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from attrs import evolve

from orderdesk_hp_site_flow.simulator import SiteFlowSimulator
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.hosts.local import LocalHost
from orderdesk_sdk.testing.stage import SimulatedStage, simulated


@pytest.fixture
def site() -> SiteFlowSimulator:
    """A Site Flow without orders."""
    return SiteFlowSimulator(VirtualClock())


@pytest.fixture
def open_stage(site: SiteFlowSimulator) -> Iterator[Callable[..., SimulatedStage]]:
    """Opens a stage whose order 1042 (MUG, 2; CAP, 1) is registered at `site`, which does not have it yet.

    artwork: the metadata of each line. Other keywords change the connection's settings.
    """
    with ExitStack() as stack:

        def open_(artwork: str = "print_url", **changed: object) -> SimulatedStage:
            stage = stack.enter_context(simulated("hp-site-flow", site, settings=changed))
            order, host = stage.desk.host.order(stage.order), stage.desk.host
            assert isinstance(host, LocalHost)
            metadata = {artwork: "https://files.example.com/artwork.pdf"} if artwork else {}
            lines = tuple(evolve(line, metadata=metadata) for line in order.lines)
            host.import_orders([evolve(order, lines=lines)], by="a test")
            return stage

        yield open_


@pytest.fixture
def stage(open_stage: Callable[..., SimulatedStage]) -> SimulatedStage:
    return open_stage()
