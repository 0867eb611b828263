"""The shop to look at, opened: its desk, its simulated services and the one clock that they go by."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from attrs import frozen

from orderdesk_devkit.cli.demo_shop.services import demo_config, serving
from orderdesk_devkit.cli.demo_shop.story import LENGTH, ShopStory
from orderdesk_devkit.simulators.paced_clock import PacedClock
from orderdesk_devkit.simulators.simulator import Simulator
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk

__all__ = ["DEMO_NOW", "DemoShop", "open_demo_shop"]

DEMO_NOW = datetime(2026, 1, 5, 15, 15, tzinfo=UTC)
"""When the story ends, where nobody says otherwise: its pictures are the same each time."""


@frozen
class DemoShop:
    """Args:
    simulators: by connection.
    clock: of desk and simulators; it stands still until somebody lets it run.
    """

    desk: Desk
    simulators: Mapping[str, Simulator]
    clock: PacedClock


@contextmanager
def open_demo_shop(
    folder: Path,
    *,
    now: datetime = DEMO_NOW,
    with_bulk: bool = True,
    change: Callable[[Config], Config] = lambda config: config,
) -> Iterator[DemoShop]:
    """The shop at the end of its story, within the block.

    Args:
        folder: of its ledger.
        now: when the story ends.
        with_bulk: 200 orders that are to be canceled at once are there, too.
        change: what its configuration is made of the demo's.

    Raises ConfigurationError where an integration or its simulator is not installed.
    """
    clock = PacedClock(now - LENGTH)
    with serving(clock) as served, Desk(change(demo_config(folder / "orderdesk.db", served)), clock=clock) as desk:
        simulators = {slug: simulator for slug, (simulator, _) in served.items()}
        ShopStory(desk, simulators, clock, with_bulk=with_bulk).tell()
        yield DemoShop(desk, simulators, clock)
