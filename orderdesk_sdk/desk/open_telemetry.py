"""Spans and metrics of the SDK over OpenTelemetry; needs the extra `otel`.

    from orderdesk_sdk import instrument

    stop = instrument(desk)

Nothing of OpenTelemetry is imported before. What exports them is the host's own: without a provider of spans and one of
metrics the API records nothing. No attribute holds a URL, a secret or a text that a person, a service or a plugin
wrote; docs/how-to/monitoring.md lists them all.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from types import TracebackType
from weakref import WeakSet

from orderdesk_sdk.cases.log_records import current_subject
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.telemetry import Recorder, Span, record_with

try:
    from opentelemetry import context, metrics, trace
    from opentelemetry.metrics import CallbackOptions, Meter, MeterProvider, Observation
    from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer, TracerProvider
except ImportError:
    raise ConfigurationError(
        "OpenTelemetry is not installed", location="telemetry", hint="run `pip install 'orderdesk-sdk[otel]'`"
    ) from None

__all__ = ["instrument"]

_SCOPE = "orderdesk_sdk"
_PRESENT = context.create_key("orderdesk_sdk span")
"""The key of the span that a thread is in."""
_INHERITED = ("integration", "route")
"""What a call is told by its flow."""
_COUNTED = {
    "call": ("orderdesk.calls", "Calls to services", ("integration", "connection", "outcome")),
    "commit": ("orderdesk.commits", "Commits of the ledger", ("outcome",)),
    "flow": ("orderdesk.flows", "Flows of plugins", ("integration", "connection", "outcome")),
}
"""By span the counter of its ends, and the attributes that it is split by."""
_ATTRIBUTES = {"method": "http.request.method", "status_code": "http.response.status_code"}
"""Attributes that have a name in the semantic conventions; all others are `orderdesk.` and their own."""
_lock = threading.Lock()
_desks: WeakSet[Desk] = WeakSet()


def instrument(
    desk: Desk, *, tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None
) -> Callable[[], None]:
    """Record the spans of this process, and the metrics of its desks; what is given ends that for this desk.

    Args:
        tracer_provider, meter_provider: None takes the global one. Those of the first desk count for all.
    """
    with _lock:
        if not _desks:
            recorder = _OpenTelemetryRecorder(
                trace.get_tracer(_SCOPE, tracer_provider=tracer_provider),
                metrics.get_meter(_SCOPE, meter_provider=meter_provider),
            )
            record_with(recorder)
        _desks.add(desk)

    def stop() -> None:
        with _lock:
            _desks.discard(desk)
            if not _desks:
                record_with(None)

    return stop


class _OpenTelemetryRecorder(Recorder):
    def __init__(self, tracer: Tracer, meter: Meter) -> None:
        self._tracer = tracer
        self._counters = {
            name: meter.create_counter(own, description=text) for name, (own, text, _) in _COUNTED.items()
        }
        self._changes = meter.create_counter("orderdesk.changes", description="Changes that commits made durable")
        self._durations = meter.create_histogram("orderdesk.call.duration", "s", "How long calls took, waits included")
        self._waits = meter.create_histogram("orderdesk.bucket.wait", "s", "How long calls waited for a rate limit")
        _create_gauges(meter)

    def span(self, name: str) -> AbstractContextManager[Span]:
        return _OpenSpan(self, self._tracer, name)

    def context(self) -> object:
        return context.get_current()

    @contextmanager
    def attached(self, context_of_other: object) -> Iterator[None]:
        assert isinstance(context_of_other, context.Context)
        token = context.attach(context_of_other)
        try:
            yield
        finally:
            context.detach(token)

    def ended(self, name: str, said: dict[str, str | float], seconds: float) -> None:
        """Count the end of a span."""
        if name in _COUNTED:
            split = {_attribute(key): said[key] for key in _COUNTED[name][2] if key in said}
            self._counters[name].add(1, split)
            if name == "call":
                self._durations.record(seconds, split)
        number = said.get("changes" if name == "commit" else "seconds")
        if isinstance(number, str) or number is None:
            return
        if name == "commit" and said.get("outcome") == "durable":
            self._changes.add(number)
        if name == "bucket_wait":
            at = {_attribute("connection"): said["connection"]} if "connection" in said else {}
            self._waits.record(number, at)


class _OpenSpan(AbstractContextManager[Span]):
    """A span that is recorded. What goes wrong in the recording is passed over: the work goes on."""

    is_recorded = True

    def __init__(self, recorder: _OpenTelemetryRecorder, tracer: Tracer, name: str) -> None:
        self._recorder = recorder
        self._tracer = tracer
        self._name = name
        self._said: dict[str, str | float] = {}

    def __enter__(self) -> Span:
        self._began = time.monotonic()
        with suppress(Exception):
            outer = context.get_value(_PRESENT)
            if isinstance(outer, _OpenSpan):
                self._said.update({key: outer._said[key] for key in _INHERITED if key in outer._said})
            subject = current_subject()
            self.set("case_id", subject.case_id)
            self.set("connection", subject.connection)
            kind = SpanKind.CLIENT if self._name == "call" else SpanKind.INTERNAL
            self._span = self._tracer.start_span(f"orderdesk.{self._name}", kind=kind)
            self._token = context.attach(context.set_value(_PRESENT, self, trace.set_span_in_context(self._span)))
        return self

    def set(self, name: str, value: str | float | None) -> None:
        if value is not None:
            self._said[name] = value

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with suppress(Exception):
            context.detach(self._token)
            if kind is not None:  # Of an error only its class: its text may quote anything.
                self._said["error"] = kind.__name__
                self._span.set_status(Status(StatusCode.ERROR, kind.__name__))
            for name, value in self._said.items():
                self._span.set_attribute(_attribute(name), value)
            self._recorder.ended(self._name, self._said, time.monotonic() - self._began)
            self._span.end()


def _attribute(name: str) -> str:
    return _ATTRIBUTES.get(name, f"orderdesk.{name}")


def _create_gauges(meter: Meter) -> None:
    meter.create_observable_gauge("orderdesk.cases", [_cases], description="Open cases by state")
    meter.create_observable_gauge("orderdesk.due.lag", [_due_lag], "s", "By how much the oldest due case is overdue")


def _cases(options: CallbackOptions) -> Iterable[Observation]:  # noqa: ARG001 - OpenTelemetry's signature
    counts: dict[str, int] = {}
    for desk in tuple(_desks):
        with suppress(Exception):  # A ledger that cannot be read now is asked again; `orderdesk doctor` tells why.
            for state, count in desk.ledger.count_open().items():
                counts[state.value] = counts.get(state.value, 0) + count
    return [Observation(count, {"orderdesk.state": state}) for state, count in counts.items()]


def _due_lag(options: CallbackOptions) -> Iterable[Observation]:  # noqa: ARG001 - OpenTelemetry's signature
    lags = [0.0]
    for desk in tuple(_desks):
        with suppress(Exception):  # As above.
            due = desk.ledger.next_due()
            lags.append((desk.clock.now() - due).total_seconds() if due is not None else 0.0)
    return [Observation(max(lags))]
