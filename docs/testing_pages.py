"""The pages of the reference about what a plugin is tested with, and how its requests are signed."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from itertools import chain

from docs.prose import class_section, docstrings_below, function_section, in_a_cell, object_section, prose, table
from orderdesk_devkit.simulators import (
    graphql,
    http_requests,
    orders,
    simple,
    simulator,
    soap,
    token,
    tokens,
)
from orderdesk_devkit.simulators.fault_queue import Fault
from orderdesk_devkit.testing import harness, pytest_plugin, scenarios
from orderdesk_devkit.testing.cassette_suite import CassetteTests
from orderdesk_devkit.testing.conformance import (
    AnswerEnding,
    Ending,
    ExpectedBatch,
    ExpectedEmail,
    ExpectedFile,
    ExpectedRequest,
    PluginConformance,
    Resubmission,
    StatusEnding,
    WebhookSample,
    base,
)
from orderdesk_devkit.testing.order_stores import Ability, OrderStoreUnderTest, StoreRule
from orderdesk_sdk.plugin import auth, oauth, refresh_tokens

__all__ = ["credentials_page", "testing_page"]


def credentials_page() -> str:
    """What `Integration.auth` may give, from `orderdesk_sdk.plugin`."""
    lines = [
        "# Credentials",
        "",
        "`Integration.auth` names a function: called with the settings of a connection, it gives the `httpx.Auth` that",
        "signs its requests. These are in `orderdesk_sdk.plugin`; any other `httpx.Auth` will do.",
        "",
    ]
    homes = {name: module for module in (auth, oauth, refresh_tokens) for name in module.__all__}
    for name, home in sorted(homes.items()):
        made = getattr(home, name)
        if inspect.isfunction(made):
            lines += function_section(made, level=2)
        else:
            lines += object_section(made, level=2)
    return "\n".join(lines)


def _declared_expectations() -> list[tuple[str, str]]:
    """What a test class may say besides, from the parts of the suite that look at it."""
    parts = [part for part in PluginConformance.__mro__ if issubclass(part, base.StandardTests)]
    texts = [docstrings_below(part) for part in parts if part is not base.StandardTests]
    return [(f"`{name}`", text) for name, text in chain(*(each.items() for each in texts)) if not name.startswith("_")]


def testing_page() -> str:
    """What tests, simulators and cassettes of a plugin are written with, from `orderdesk_devkit.testing`."""
    lines = [
        "# Testing a plugin",
        "",
        "What a plugin's tests are written with: `orderdesk-devkit` runs its simulator, `orderdesk-devkit[testing]`",
        "its tests too. All is below `orderdesk_devkit.testing`, in the module that each part names.",
        "",
        "## The conformance suite",
        "",
        "`orderdesk_devkit.testing.conformance`. Three lines are a whole test:",
        "",
        "```python",
        "from orderdesk_devkit.testing.conformance import PluginConformance",
        "",
        "",
        "class TestAcmeShip(PluginConformance):",
        '    integration = "acme-ship"',
        "```",
        "",
        "What applies follows from the declaration; what does not is skipped with the reason (`pytest -rs`). What",
        "declaration and simulator cannot tell, the class does, by these attributes. Two variants are two classes. A",
        "standard test is not replaced: what a plugin cannot stand yet is overridden, marked",
        '`@pytest.mark.xfail(reason="why")`, and calls `super()`. `--fuzz 10000` tries more malformed responses.',
        "",
        *object_section(base.StandardTests, title=PluginConformance.__name__, methods=False),
        "What a cancel comes to, and what is sent, is best compared with what you expect: most mistakes show there.",
        "Each is an attribute of the class, too; what is not declared and could be is told as `untested:` at the end.",
        "",
        *table(("attribute", "meaning"), _declared_expectations()),
        "[Mutants](mutation.md) tells how many mistakes the suite finds in a plugin, and how to measure yours.",
        "",
        *class_section(Ending),
        *class_section(ExpectedRequest),
        *class_section(Resubmission),
        *class_section(WebhookSample),
        *class_section(ExpectedBatch),
        *class_section(ExpectedEmail),
        *class_section(ExpectedFile),
        *class_section(StatusEnding),
        *class_section(AnswerEnding),
        "## Fixtures",
        "",
        "They are there wherever `orderdesk-devkit` is installed. All but `cassette` are of the integration that the",
        'class or module of the test names: `integration = "acme-ship"`.',
        "",
        *table(("fixture", "meaning"), _fixtures()),
        "## The stage",
        "",
        "`orderdesk_devkit.testing.harness`: for tests that look at what reaches the service, or when. Fixtures",
        "`harness` and `open_harness` give it; without them it is",
        '`with simulated("acme-ship", AcmeShipSimulator(VirtualClock())) as stage:`.',
        "",
        *function_section(harness.open_simulated_harness),
        *object_section(harness.SimulatedHarness),
        *object_section(harness.PluginHarness),
        "## A simulator for most services",
        "",
        "`orderdesk_devkit.simulators.simple`, for services whose orders are in one stage at a time;",
        "`orderdesk_devkit.simulators.token`, where tokens are given out; `orderdesk_devkit.simulators.graphql` and",
        "`orderdesk_devkit.simulators.soap`, for a service that speaks neither JSON nor paths of orders.",
        "",
        prose(simple),
        "",
        *object_section(simple.SimpleSimulator),
        *class_section(simple.Stages),
        *class_section(simple.Durations),
        *class_section(simple.CallResult),
        *object_section(token.TokenSimulator),
        *object_section(graphql.GraphqlSimulator),
        *object_section(soap.SoapSimulator),
        "## Any simulator",
        "",
        "`orderdesk_devkit.simulators.simulator`: where an order has parts of its own, or the calls are others.",
        "",
        *object_section(simulator.Simulator),
        *class_section(simulator.BehaviorOption),
        *class_section(simulator.Effect),
        *class_section(simulator.Record),
        "`orderdesk_devkit.simulators.orders`, `.tokens` and `.calls` hold what most simulators keep and read.",
        "",
        *object_section(orders.Orders),
        *object_section(tokens.Tokens),
        *chain.from_iterable(function_section(getattr(http_requests, name)) for name in http_requests.__all__),
        "## Faults",
        "",
        "`orderdesk_devkit.simulators.fault_queue`: what a request meets after",
        '`simulator.faults.add(Fault.LOST_RESPONSE, method="POST")`. The suite tries them all.',
        "",
        *class_section(Fault),
        "## Scenarios and cassettes",
        "",
        "`orderdesk_devkit.testing.scenarios`.",
        "",
        prose(scenarios),
        "",
        *class_section(scenarios.Scenarios),
        *class_section(scenarios.Scenario),
        *function_section(scenarios.cancel_and_follow),
        *function_section(scenarios.with_order),
        *object_section(CassetteTests, methods=False),
        "## Order stores",
        "",
        "`orderdesk_devkit.testing.order_stores`: not for plugins, but for an app that",
        "[keeps orders in its own database](../how-to/own-order-store.md). A class inherits `OrderStoreConformance`",
        "and has a fixture `under_test` that gives an `OrderStoreUnderTest`. A store that breaks a rule is told which,",
        "what was seen, and what mends it.",
        "",
        *class_section(OrderStoreUnderTest),
        *class_section(Ability),
        *table(("rule", "what mends a store that breaks it"), (rule.value for rule in StoreRule)),
    ]
    return "\n".join(lines)


def _fixtures() -> Iterator[tuple[str, str]]:
    for name in ("cassette", "clock", "simulator", "harness", "desk", "service"):
        yield f"`{name}`", in_a_cell(getattr(pytest_plugin, name))
    yield "`open_harness(settings, *, order, lines, details, slug, before)`", in_a_cell(pytest_plugin.HarnessOpener)
