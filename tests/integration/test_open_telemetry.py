"""Spans and metrics over OpenTelemetry: what is told of a cancel, a round, a flow, a call, a commit, and what not."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from orderdesk_devkit.simulators.fault_queue import Fault
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.desk.open_telemetry import instrument
from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.plugin import telemetry

if TYPE_CHECKING:
    from orderdesk_amazon_mcf.simulator import McfSimulator
    from orderdesk_devkit.testing.harness import SimulatedHarness

integration = "amazon-mcf"
ORDER = "1042"


class Recorded:
    """What an exporter of spans and a reader of metrics were given."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self._reader = InMemoryMetricReader()
        self.tracer_provider = TracerProvider()
        self.tracer_provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.meter_provider = MeterProvider([self._reader])

    def spans(self, name: str) -> list[ReadableSpan]:
        return [span for span in self._exporter.get_finished_spans() if span.name == f"orderdesk.{name}"]

    def attributes(self, name: str) -> list[dict[str, Any]]:
        return [dict(span.attributes or {}) for span in self.spans(name)]

    def metric(self, name: str) -> list[tuple[dict[str, Any], Any]]:
        data = json.loads(self._reader.get_metrics_data().to_json())  # type: ignore[union-attr]  # something was recorded
        return [
            (point["attributes"], point.get("value", point.get("sum")))
            for resource in data["resource_metrics"]
            for scope in resource["scope_metrics"]
            for metric in scope["metrics"]
            if metric["name"] == f"orderdesk.{name}"
            for point in metric["data"]["data_points"]
        ]

    def everything(self) -> str:
        spans = "".join(span.to_json() for span in self._exporter.get_finished_spans())
        data = self._reader.get_metrics_data()
        return spans + (data.to_json() if data is not None else "")


@pytest.fixture
def recorded(harness: SimulatedHarness) -> Iterator[Recorded]:
    recorded = Recorded()
    providers = {"tracer_provider": recorded.tracer_provider, "meter_provider": recorded.meter_provider}
    stop = instrument(harness.desk, **providers)  # type: ignore[arg-type]  # each is its own kind of provider
    yield recorded
    stop()
    assert telemetry.record_with(None) is None, "nobody records any more"


@pytest.fixture
def order(simulator: McfSimulator) -> None:
    simulator.add_order(ORDER, lines=[("MUG-11", 2), ("CANVAS-12X16", 1)])


@pytest.mark.usefixtures("order")
class TestCancel:
    def test_is_a_trace_from_the_caller_to_the_service(self, harness: SimulatedHarness, recorded: Recorded) -> None:
        (case,) = harness.desk.cancel(ORDER, by="Ann", reason="customer asked").cases
        (cancel,), (flow,), (call,) = (recorded.spans(name) for name in ("cancel", "flow", "call"))
        assert flow.parent is not None
        assert call.parent is not None
        assert cancel.context.trace_id == flow.context.trace_id == call.context.trace_id
        assert (flow.parent.span_id, call.parent.span_id) == (cancel.context.span_id, flow.context.span_id)
        assert recorded.attributes("cancel") == [{"orderdesk.cases": 1}]
        about = {
            "orderdesk.case_id": case.id,
            "orderdesk.connection": harness.connection,
            "orderdesk.integration": "amazon-mcf",
            "orderdesk.route": "button (asks)",
        }
        assert recorded.attributes("flow") == [{**about, "orderdesk.outcome": "acknowledged"}]
        response = {"http.request.method": "PUT", "http.response.status_code": 200, "orderdesk.attempts": 1}
        assert recorded.attributes("call") == [{**about, **response, "orderdesk.outcome": "answered"}]

    def test_counts_calls_flows_and_commits(self, harness: SimulatedHarness, recorded: Recorded) -> None:
        harness.desk.cancel(ORDER, by="Ann", reason="customer asked")
        at = {"orderdesk.integration": "amazon-mcf", "orderdesk.connection": harness.connection}
        assert recorded.metric("calls") == [({**at, "orderdesk.outcome": "answered"}, 1)]
        assert recorded.metric("flows") == [({**at, "orderdesk.outcome": "acknowledged"}, 1)]
        ((split, commits),) = recorded.metric("commits")
        assert split == {"orderdesk.outcome": "durable"}
        assert commits == len(recorded.spans("commit")) > 0
        assert recorded.metric("changes")[0][1] >= commits
        assert recorded.metric("call.duration")[0][1] > 0

    def test_whose_response_is_lost_is_told_as_unknown(
        self, harness: SimulatedHarness, simulator: McfSimulator, recorded: Recorded
    ) -> None:
        simulator.faults.add(Fault.LOST_RESPONSE, method="PUT", path="/cancel$")
        harness.desk.cancel(ORDER, by="Ann", reason="customer asked")
        (call,) = recorded.attributes("call")
        assert call["orderdesk.outcome"] == "unknown"
        assert "http.response.status_code" not in call
        assert recorded.attributes("flow")[0]["orderdesk.outcome"] == "unknown"

    def test_tells_no_secret_no_url_and_no_person(
        self, harness: SimulatedHarness, simulator: McfSimulator, recorded: Recorded
    ) -> None:
        simulator.faults.add(Fault.LOST_RESPONSE, method="PUT", path="/cancel$")
        harness.desk.cancel(ORDER, by="Ann Canary", reason="customer asked")
        harness.wait_for(harness.clock.now() + minutes(5))
        harness.desk.run_due()
        told = recorded.everything()
        assert "orderdesk.call" in told
        order = harness.desk.orders.get(ORDER)
        settings = harness.desk.config.connections[harness.connection].settings.values()
        secrets = [str(value["text"]) for value in settings if isinstance(value, dict)]
        assert len(secrets) >= 3
        people = (order.email, order.shipping.last_name, "Ann Canary")
        for canary in (*secrets, *people, "http://", "https://", "Bearer", "access_token", "/fba/"):
            assert canary not in told, canary


class TestRound:
    def test_tells_how_much_was_done(self, harness: SimulatedHarness, recorded: Recorded) -> None:
        harness.desk.run_due()
        assert recorded.attributes("run_due") == [{"orderdesk.handled": 0, "orderdesk.problems": 0}]

    @pytest.mark.usefixtures("order")
    def test_has_the_flows_of_other_threads_in_its_trace(
        self, harness: SimulatedHarness, recorded: Recorded, clock: VirtualClock
    ) -> None:
        harness.desk.cancel(ORDER, by="Ann", reason="customer asked", send_now=False)
        clock.advance(minutes(5))
        harness.desk.run_due()
        (turn,), flow = recorded.spans("run_due"), recorded.spans("flow")[0]
        assert turn.context.trace_id == flow.context.trace_id
        assert recorded.attributes("run_due")[0]["orderdesk.handled"] == 1


class TestGauges:
    @pytest.mark.usefixtures("order")
    def test_tell_open_cases_by_state_and_by_how_much_the_oldest_is_overdue(
        self, harness: SimulatedHarness, recorded: Recorded, clock: VirtualClock
    ) -> None:
        harness.desk.cancel(ORDER, by="Ann", reason="customer asked", send_now=False)
        clock.advance(minutes(3))
        counts = {split["orderdesk.state"]: count for split, count in recorded.metric("cases")}
        assert counts[State.PENDING.value] == 1
        assert sum(counts.values()) == 1
        ((_, lag),) = recorded.metric("due.lag")
        assert 170 < lag <= 180

    def test_pass_over_a_ledger_that_cannot_be_read(
        self, harness: SimulatedHarness, recorded: Recorded, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail() -> None:
            raise StorageError("the disk is away")

        monkeypatch.setattr(harness.desk.ledger, "count_open", fail)
        monkeypatch.setattr(harness.desk.ledger, "next_due", fail)
        assert recorded.metric("cases") == []
        assert [lag for _, lag in recorded.metric("due.lag")] == [0]


@pytest.mark.usefixtures("order")
def test_a_wait_for_the_rate_limit_is_told_in_seconds(harness: SimulatedHarness, recorded: Recorded) -> None:
    bucket = harness.desk.connections.get(harness.connection).client._bucket("cancel")
    bucket.close_for(4)
    harness.desk.cancel(ORDER, by="Ann", reason="customer asked")
    ((split, seconds),) = recorded.metric("bucket.wait")
    assert (split, seconds) == ({"orderdesk.connection": harness.connection}, 4.5), (
        "closed for 4 s, then 2 calls a second"
    )


def test_an_error_is_told_by_its_class_alone(harness: SimulatedHarness, recorded: Recorded) -> None:
    with pytest.raises(Exception, match="canary-order"):
        harness.desk.cancel("canary-order", by="Ann")
    (span,) = recorded.spans("cancel")
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "NotFoundError")
    assert "canary-order" not in recorded.everything()


@pytest.mark.usefixtures("order")
def test_a_recorder_that_fails_fails_nothing(harness: SimulatedHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = Recorded()

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the recorder is broken")

    monkeypatch.setattr(recorded.tracer_provider.get_tracer("orderdesk_sdk").__class__, "start_span", fail)
    stop = instrument(harness.desk, tracer_provider=recorded.tracer_provider, meter_provider=recorded.meter_provider)
    try:
        (case,) = harness.desk.cancel(ORDER, by="Ann", reason="customer asked").cases
    finally:
        stop()
    assert case.state is State.ACKNOWLEDGED


def test_nothing_of_it_is_imported_before() -> None:
    program = (
        "import sys, orderdesk_sdk.desk.assembly, orderdesk_sdk.cli.commands.work\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    ran = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert ran.stdout.strip() == "[]"


def test_where_it_is_absent_the_error_says_what_to_install() -> None:
    program = (
        "import sys; sys.modules['opentelemetry'] = None\n"
        "from orderdesk_sdk.errors import ConfigurationError\n"
        "try:\n"
        "    from orderdesk_sdk import instrument\n"
        "except ConfigurationError as error:\n"
        "    print(error.hint)"
    )
    ran = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert ran.stdout.strip() == "run `pip install 'orderdesk-sdk[otel]'`"
