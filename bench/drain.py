"""Draining 1,000 cancels through Amazon's 2 per second, burst 30, in virtual time against the plugin's simulator."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from attrs import fields

from bench.figure import Bound, Figure, Goal, Scale, Spread, compare
from bench.store import open_store
from orderdesk_amazon_mcf.simulator import McfSimulator
from orderdesk_amazon_mcf.simulator.lifecycle import Durations
from orderdesk_devkit.simulators.server import serve
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import VirtualClock

__all__ = ["drain"]

RATE = 2.0
BURST = 30


def drain(effort: Scale) -> Iterator[Figure]:
    """Virtual seconds over the fewest that the bucket allows, and how often the service had to say 429."""
    count = effort.pick(200, 1000)
    clock = VirtualClock()
    # Orders that stay where they are: only the bucket is to be measured.
    still = Durations(**{field.name: timedelta(days=30) for field in fields(Durations)})
    simulator = McfSimulator(clock, durations=still)
    with (
        serve(simulator.app) as served,
        open_store(count, simulator.settings(served.url), clock=clock) as store,
    ):
        for number in store.numbers:
            simulator.add_order(number, lines=[("MUG-11", 1)])
            store.desk.cancel(number, by="bench", send_now=False)
        began = clock.monotonic()
        store.desk.run_due(limit=count)
        took = clock.monotonic() - began
        asked = len(store.desk.cases.list(states=[State.ACKNOWLEDGED], limit=count))
        if asked != count:
            raise RuntimeError(f"only {asked} of {count} cancels were drained in one run")
        throttled = sum("throttled" in record.effect for record in simulator.log)
    optimum = (count - BURST) / RATE
    name = f"draining {count:,} cancels at 2/s, burst 30"
    goal = Goal(Bound.AT_MOST, 1.01)
    yield compare(name, "virtual s", "the bucket's optimum", [took], [optimum], goal=goal)
    yield Figure(f"{name}: 429s met", "count", Spread.of([throttled]), goal=Goal(Bound.AT_MOST, 0))
