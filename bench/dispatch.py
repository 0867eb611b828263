"""A hook call to one integration with 1,000 in the registry, over the same call with that one alone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace

from attrs import evolve

import orderdesk_amazon_mcf as mcf
from bench.figure import Bound, Figure, Goal, Scale, compare, interleaved
from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_sdk.orders.order import ConnectionRole, RemoteOrder
from orderdesk_sdk.orders.serialization import read_order_text
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.requests import PollRequest

__all__ = ["dispatch"]

PLUGINS = 1000


def dispatch(effort: Scale) -> Iterator[Figure]:
    """The call makes a flow and drives none, so the plugin's own work is next to nothing of it."""
    calls = effort.pick(5_000, 20_000)
    alone, crowd = _registry(1), _registry(PLUGINS)
    crowded, single, spread = interleaved(
        effort.pick(5, 15, 31),
        [
            lambda: _call(crowd, ["bench-0"], calls),
            lambda: _call(alone, ["bench-0"], calls),
            lambda: _call(crowd, list(crowd.slugs()), calls),
        ],
    )
    name = f"addressed dispatch, {PLUGINS:,} plugins loaded"
    yield compare(name, "us", "1 plugin", crowded, single, goal=Goal(Bound.AT_MOST, 1.1))
    yield compare(
        f"{name}, each in turn",
        "us",
        "1 plugin",
        spread,
        single,
        note="for information: what it costs that each hook caller is cold when its turn comes",
    )


def _registry(count: int) -> PluginRegistry:
    registry = PluginRegistry(find=lambda **_: ())
    declared = mcf.orderdesk_integration()
    for number in range(count):
        integration = evolve(declared, slug=f"bench-{number}")
        plugin = SimpleNamespace(
            orderdesk_integration=hookimpl(lambda integration=integration: integration),
            orderdesk_cancel=mcf.orderdesk_cancel,
            orderdesk_poll=mcf.orderdesk_poll,
            orderdesk_resubmit=mcf.orderdesk_resubmit,
        )
        registry.register(plugin, integration.slug)
        registry.load(integration.slug)
    return registry


def _call(registry: PluginRegistry, slugs: list[str], calls: int) -> float:
    """Microseconds of one call."""
    order = read_order_text(SAMPLE_ORDERS, location="samples")[0]
    remote_order = RemoteOrder("mcf", order.number, datetime.now(UTC), ConnectionRole.FULFILLMENT)
    request = PollRequest(order, remote_order)
    turns = calls // len(slugs)
    began = time.perf_counter()
    for _ in range(turns):
        for slug in slugs:
            registry.load(slug).manager.hook.orderdesk_poll(request=request, service=None)
    return (time.perf_counter() - began) / (turns * len(slugs)) * 1e6
