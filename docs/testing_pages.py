"""The pages of the reference about what a plugin is tested with, and how its requests are signed."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from itertools import chain

from docs.prose import class_section, function_section, object_section, prose, table
from orderdesk_sdk.http import auth
from orderdesk_sdk.testing import (
    calls,
    orders,
    plugin,
    scenarios,
    simple_simulator,
    simulator,
    stage,
    token_simulator,
    tokens,
)
from orderdesk_sdk.testing.cassette_suite import CassetteSuite
from orderdesk_sdk.testing.conformance import PluginConformance, base
from orderdesk_sdk.testing.fault_queue import Fault

__all__ = ["credentials_page", "testing_page"]


def credentials_page() -> str:
    """What `Integration.auth` may give, from `orderdesk_sdk.http.auth`."""
    lines = [
        "# Credentials",
        "",
        "`Integration.auth` names a function: called with the settings of a connection, it gives the `httpx.Auth` that",
        "signs its requests. These are in `orderdesk_sdk.http.auth`; any other `httpx.Auth` will do.",
        "",
    ]
    for name in auth.__all__:
        made = getattr(auth, name)
        if inspect.isfunction(made):
            lines += function_section(made, level=2)
        else:
            lines += object_section(made, level=2)
    return "\n".join(lines)


def testing_page() -> str:
    """What tests, simulators and cassettes of a plugin are written with, from `orderdesk_sdk.testing`."""
    lines = [
        "# Testing a plugin",
        "",
        "What a plugin's tests are written with: `orderdesk-sdk[sandbox]` runs its simulator, `orderdesk-sdk[testing]`",
        "its tests too. All is below `orderdesk_sdk.testing`, in the module that each part names.",
        "",
        "## The conformance suite",
        "",
        "`orderdesk_sdk.testing.conformance`. Three lines are a whole test:",
        "",
        "```python",
        "from orderdesk_sdk.testing.conformance import PluginConformance",
        "",
        "",
        "class TestAcmeShip(PluginConformance):",
        '    integration = "acme-ship"',
        "```",
        "",
        "What applies follows from the declaration; what does not is skipped with the reason (`pytest -rs`). What",
        "declaration and simulator cannot tell, the class does, by these attributes. Two variants are two classes. A",
        "standard test is not replaced: what a plugin cannot stand yet is overridden, marked",
        '`@pytest.mark.xfail(reason="why")`, and calls `super()`. `--fuzz 10000` tries more malformed replies.',
        "",
        *object_section(base.Standard, title=PluginConformance.__name__, methods=False),
        "## Fixtures",
        "",
        "They are there wherever `orderdesk-sdk` is installed. All but `cassette` are of the integration that the",
        'class or module of the test names: `integration = "acme-ship"`.',
        "",
        *table(("fixture", "meaning"), _fixtures()),
        "## The stage",
        "",
        "`orderdesk_sdk.testing.stage`: for tests that want to see what reaches the service, or when. The fixtures",
        "`stage` and `open_stage` give it; without them it is",
        '`with simulated("acme-ship", AcmeShipSimulator(VirtualClock())) as stage:`.',
        "",
        *function_section(stage.simulated),
        *object_section(stage.SimulatedStage),
        *object_section(stage.Stage),
        "## A simulator for most services",
        "",
        "`orderdesk_sdk.testing.simple_simulator`, for services whose orders are in one stage at a time; and",
        "`orderdesk_sdk.testing.token_simulator`, where tokens are given out.",
        "",
        prose(simple_simulator),
        "",
        *object_section(simple_simulator.SimpleSimulator),
        *class_section(simple_simulator.Stages),
        *class_section(simple_simulator.Durations),
        *class_section(simple_simulator.Outcome),
        *object_section(token_simulator.TokenSimulator),
        "## Any simulator",
        "",
        "`orderdesk_sdk.testing.simulator`: where an order has parts of its own, or the calls are others.",
        "",
        *object_section(simulator.Simulator),
        *class_section(simulator.Switch),
        *class_section(simulator.Deed),
        *class_section(simulator.Record),
        "`orderdesk_sdk.testing.orders`, `.tokens` and `.calls` hold what most simulators keep and read.",
        "",
        *object_section(orders.Orders),
        *object_section(tokens.Tokens),
        *chain.from_iterable(function_section(getattr(calls, name)) for name in calls.__all__),
        "## Faults",
        "",
        "`orderdesk_sdk.testing.fault_queue`: what a request meets after",
        '`simulator.faults.add(Fault.LOST_REPLY, method="POST")`. The suite tries them all.',
        "",
        *class_section(Fault),
        "## Scenarios and cassettes",
        "",
        "`orderdesk_sdk.testing.scenarios`.",
        "",
        prose(scenarios),
        "",
        *class_section(scenarios.Scenarios),
        *class_section(scenarios.Scenario),
        *function_section(scenarios.cancel_and_follow),
        *function_section(scenarios.with_order),
        *object_section(CassetteSuite, methods=False),
    ]
    return "\n".join(lines)


def _fixtures() -> Iterator[tuple[str, str]]:
    for name in ("cassette", "clock", "simulator", "stage", "desk", "service"):
        yield f"`{name}`", prose(getattr(plugin, name))
    yield "`open_stage(settings, *, order, lines, details, slug, before)`", prose(plugin.StageOpener)
