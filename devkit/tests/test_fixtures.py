"""The fixtures for authors of plugins: each is there when it is asked for, and costs nobody else anything."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Before a run within the run: what is imported in one is thrown away after it, and would be there twice.
import orderdesk_devkit.testing.harness  # noqa: F401 - for its being loaded

pytest_plugins = ("pytester",)

ASKS = """
from datetime import timedelta

from orderdesk_sdk.cases.case import State

{head}

def test_a_cancel_is_followed_by_the_clock_of_the_test(desk, clock, simulator):
    desk.cancel("1042", by="a test", reason="other")
    before = clock.now()
    clock.advance(timedelta(minutes=10))
    desk.run_due()
    assert clock.now() - before == timedelta(minutes=10)
    assert simulator.clock is clock
    assert desk.cases.list(order="1042")[0].state is State.CANCELED
    assert simulator.actual_status("1042") in simulator.canceled_statuses

def test_a_flow_is_driven_by_hand(service):
    request = service.get("/orders", "1042")
    assert request.url.host == "127.0.0.1"
"""


def test_they_are_of_the_integration_that_the_module_names(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(ASKS.format(head='integration = "amazon-mcf"'))
    assert pytester.runpytest_inprocess("-q").parseoutcomes() == {"passed": 2}


WITH_HARNESS = """
integration = "amazon-mcf"
order = "S-7"

def test_the_simulator_has_no_order_before_the_test_says_so(harness, simulator):
    simulator.add_order("S-7", lines=[("MUG", 2)], status="Processing")
    assert harness.cancel().service_status == "Processing"
    assert harness.sent[1:] == [f"{method} /fba/outbound/2020-07-01/fulfillmentOrders/S-7{rest}" for method, rest in
                              [("PUT", "/cancel"), ("GET", "")]]
    assert [response.status for response in harness.recorder.responses] == [200, 400, 200]

def test_a_harness_is_opened_as_the_test_wants_it(open_harness):
    changed = {"speed": "Priority", "marketplace_id": None}
    harness = open_harness(changed, order="1", lines=(("HAT", 3),), details={"shipping": {"city": "Ulm"}})
    other = open_harness()
    order = harness.desk.order_store.get_order("1")
    assert (order.shipping.city, [(line.code, line.quantity) for line in order.lines]) == ("Ulm", [("HAT", 3)])
    settings = harness.connection_config.settings
    assert (settings["speed"], "marketplace_id" in settings) == ("Priority", False)
    assert other.order == "S-7" and "marketplace_id" in other.connection_config.settings
"""


def test_a_harness_is_set_as_the_test_wants_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(WITH_HARNESS)
    assert pytester.runpytest_inprocess("-q").parseoutcomes() == {"passed": 2}


def test_who_names_none_is_told_to(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(ASKS.format(head=""))
    result = pytester.runpytest_inprocess("-q")
    result.stdout.fnmatch_lines(['*say which integration test_a_* is about: integration = "acme-ship"*'])
    assert result.parseoutcomes() == {"errors": 2}


def test_an_integration_without_a_simulator_is_told(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(ASKS.format(head='integration = "oia-global"'))
    pytester.runpytest_inprocess("-q").stdout.fnmatch_lines(["*oia-global has no simulator; installed are*amazon-mcf*"])


def test_a_suite_that_asks_for_none_loads_nothing() -> None:
    program = (
        "import sys, pytest\nbefore = set(sys.modules)\nimport orderdesk_devkit.testing.pytest_plugin\n"
        "print(sorted(name for name in set(sys.modules) - before if not name.startswith('_')))"
    )
    ran = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    own = "orderdesk_devkit"
    loaded = [own, f"{own}.testing", f"{own}.testing.pytest_plugin", f"{own}.testing.report_keys"]
    assert ran.stdout.strip() == str(loaded)


LOST_IN_DEL = """
from orderdesk_sdk.plugin.guard import PluginTimeout

class Noisy:
    def __init__(self, error):
        self.error = error

    def __del__(self):
        raise self.error

def test_an_interrupt_is_lost():
    Noisy(PluginTimeout())

def test_a_kind_of_it_is_lost():
    Noisy(type("Mine", (PluginTimeout,), {})())

def test_another_error_is_lost():
    Noisy(KeyError(1))
"""


def test_a_lost_interrupt_of_hung_code_fails_no_test_and_every_other_lost_error_does(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(LOST_IN_DEL)
    assert pytester.runpytest_inprocess("-q", "-W", "error").parseoutcomes() == {"passed": 1, "failed": 2}
