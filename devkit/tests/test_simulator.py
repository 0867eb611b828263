"""What every simulator has from the kit: its log, its switches, and control over HTTP for processes outside."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from importlib.metadata import EntryPoint, EntryPoints
from typing import ClassVar

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.simulators.server import serve
from orderdesk_devkit.simulators.simulator import BehaviorOption, CallResult, Effect, Record, Simulator, simulators
from orderdesk_sdk.clock import Clock, SystemClock, VirtualClock
from orderdesk_sdk.errors import NotFoundError, ValidationError


class Depot(Simulator):
    """Two orders, one with a slash in its id, whose status is what the switch says."""

    options: ClassVar[tuple[BehaviorOption, ...]] = (
        BehaviorOption("fate", ("kept", "lost"), description="what becomes of an order"),
    )

    def respond(self, request: Request, body: bytes) -> Response:
        return self.logged_response("call", None, CallResult(200, "nothing"))

    def settings(self, url: str) -> dict[str, str]:
        return {"endpoint": url}

    def actual_status(self, remote_id: str) -> str:
        if remote_id not in {"A/1", "B"}:
            raise NotFoundError("no such order", location=remote_id)
        return self.option("fate", remote_id)


@pytest.fixture
def depot() -> Depot:
    return Depot(VirtualClock())


@pytest.fixture
def client(depot: Depot) -> Iterator[httpx.Client]:
    with serve(depot.app) as served, httpx.Client(base_url=served.url, trust_env=False) as made:
        yield made


def test_the_log_is_told_oldest_first_and_control_calls_are_not_in_it(depot: Depot, client: httpx.Client) -> None:
    client.get("/anything")
    depot.record("ship", "B", "shipped")
    told = client.get("/_simulator/log").json()["log"]
    assert [(entry["operation"], entry["remote_id"]) for entry in told] == [("call", None), ("ship", "B")]
    assert told[0]["at"] == "2026-01-05T09:00:00+00:00"


def test_an_order_is_told_with_its_truth_and_its_own_log(depot: Depot, client: httpx.Client) -> None:
    depot.record("ship", "A/1", "shipped")
    depot.record("ship", "B", "shipped")
    told = client.get("/_simulator/orders/A%2F1").json()
    assert (told["remote_id"], told["actual_status"], len(told["log"])) == ("A/1", "kept", 1)
    missing = client.get("/_simulator/orders/C")
    assert (missing.status_code, missing.json()) == (404, {"error": "C: no such order"})


def test_a_fault_can_be_planned_and_control_calls_never_meet_one(depot: Depot, client: httpx.Client) -> None:
    cancellation = {"kind": "ok_html", "method": "GET", "path": "^/x", "times": 2, "size": 5, "seconds": 0.5}
    assert client.post("/_simulator/faults", json=cancellation).json() == {"pending": 1}
    assert client.post("/_simulator/faults", json={"kind": "redirect"}).json() == {"pending": 2}
    assert client.get("/_simulator/log").status_code == 200
    (planned, anything) = depot.faults.pending()
    assert (planned.kind, planned.method, planned.times, planned.size, planned.seconds) == (
        Fault.OK_HTML,
        "GET",
        2,
        5,
        0.5,
    )
    assert (anything.kind, anything.method, anything.path, anything.times) == (Fault.REDIRECT, None, None, 1)
    assert client.get("/x").headers["content-type"].startswith("text/html")


def test_a_virtual_clock_is_advanced(depot: Depot, client: httpx.Client) -> None:
    told = client.post("/_simulator/clock", json={"advance_seconds": 90.5}).json()
    assert told == {"now": "2026-01-05T09:01:30.500000+00:00"}
    assert depot.clock.now().isoformat() == told["now"]


def test_a_real_clock_cannot_be_advanced() -> None:
    real: Clock = SystemClock()
    with serve(Depot(real).app) as served:
        response = httpx.post(f"{served.url}/_simulator/clock", json={"advance_seconds": 1}, trust_env=False)
    assert response.status_code == 409
    assert "VirtualClock" in response.json()["error"]


def test_a_switch_is_set_for_one_order_or_for_all_others(depot: Depot, client: httpx.Client) -> None:
    client.post("/_simulator/options", json={"set": {"fate": "kept"}, "remote_id": "B"})
    assert client.post("/_simulator/options", json={"set": {"fate": "lost"}}).json() == {"options": {"fate": "lost"}}
    assert (depot.actual_status("A/1"), depot.actual_status("B")) == ("lost", "kept")
    assert depot.chosen_options() == {"fate": "lost"}


@pytest.mark.parametrize(
    ("call", "body", "named"),
    [
        ("faults", {"kind": "meteor"}, "kind"),
        ("faults", {}, "kind"),
        ("faults", {"kind": "redirect", "times": "often"}, "times"),
        ("faults", {"kind": "redirect", "times": 0}, "redirect"),
        ("faults", {"kind": "redirect", "path": "("}, "redirect"),
        ("faults", {"kind": "redirect", "colour": "red"}, "colour"),
        ("clock", {"advance_seconds": -1}, "advance_seconds"),
        ("clock", {}, "advance_seconds"),
        ("options", {"set": {"fate": "sold"}}, "fate"),
        ("options", {"set": {"mood": "good"}}, "mood"),
        ("options", {"set": {"fate": 1}}, "set"),
        ("options", {}, "set"),
        ("options", ["fate"], "options"),
    ],
)
def test_a_mistake_in_a_control_call_is_named_and_changes_nothing(
    depot: Depot, client: httpx.Client, call: str, body: object, named: str
) -> None:
    before = (depot.clock.now(), depot.chosen_options())
    response = client.post(f"/_simulator/{call}", json=body)
    assert response.status_code == 400
    assert named in response.json()["error"]
    assert depot.faults.pending() == ()
    assert (depot.clock.now(), depot.chosen_options()) == before


def test_a_body_that_is_no_json_and_a_call_that_does_not_exist_are_told(client: httpx.Client) -> None:
    assert client.post("/_simulator/clock", content=b"{").status_code == 400
    assert client.get("/_simulator/clock").status_code == 404
    assert client.post("/_simulator/weather", json={}).status_code == 404


def test_a_switch_that_does_not_exist_is_an_input_error(depot: Depot) -> None:
    with pytest.raises(ValidationError, match="use one of: fate"):
        depot.set_option("mood", "good")
    with pytest.raises(ValidationError, match="use one of: kept, lost"):
        depot.set_option("fate", "sold")
    with pytest.raises(ValidationError, match="mood"):
        depot.option("mood")


def test_discovery_imports_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = EntryPoint("depot", "no_such_module:Depot", "orderdesk.simulators")
    monkeypatch.setattr("orderdesk_sdk.plugin.entry_points._entry_points", lambda folders: EntryPoints((broken,)))
    assert simulators() == {"depot": broken}


class Chimney(Depot):
    """Answers what it is told to, and says what was so while it answered."""

    outcome: CallResult | None = None

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.seen: list[tuple[bytes, str, bool]] = []
        self.swept = "never"

    def advance_to_present(self) -> None:
        self.swept = f"{self.clock.now():%H:%M}"

    def respond(self, request: Request, body: bytes) -> Response:
        with ThreadPoolExecutor(1) as other:
            free = other.submit(self.lock.acquire, blocking=False).result()
        self.seen.append((body, self.swept, free))
        if self.outcome is None:
            return Simulator.respond(self, request, body)
        return self.logged_response(
            "sweep", "B", self.outcome, headers={"x-soot": "much"}, media_type="application/soot+json"
        )

    def expired_token(self, request: Request) -> Response:
        return self.logged_response("token", None, CallResult(403, request.headers["x-token"], {"token": "expired"}))


@pytest.fixture
def chimney() -> Iterator[tuple[Chimney, httpx.Client]]:
    made = Chimney(VirtualClock())
    with serve(made.app) as served, httpx.Client(base_url=served.url, trust_env=False) as client:
        yield made, client


def test_a_call_is_answered_under_the_lock_when_the_service_is_settled(chimney: tuple[Chimney, httpx.Client]) -> None:
    simulator, client = chimney
    assert isinstance(simulator.clock, VirtualClock)
    simulator.clock.advance(timedelta(minutes=2))
    client.post("/", content=b"a body")
    assert simulator.seen == [(b"a body", "09:02", False)]


def test_a_reply_is_json_with_its_headers_and_a_record_in_the_log(chimney: tuple[Chimney, httpx.Client]) -> None:
    simulator, client = chimney
    simulator.outcome = CallResult(202, "swept", {"soot": [1]}, Effect.CANCEL_ACCEPTED)
    response = client.get("/")
    assert (response.status_code, response.json(), response.headers["x-soot"]) == (202, {"soot": [1]}, "much")
    assert response.headers["content-type"] == "application/soot+json"
    assert simulator.log == [Record(simulator.clock.now(), "sweep", "B", "swept", Effect.CANCEL_ACCEPTED)]


def test_a_reply_without_a_body_has_none(chimney: tuple[Chimney, httpx.Client]) -> None:
    simulator, client = chimney
    simulator.outcome = CallResult(202, "swept", None)
    assert client.get("/").content == b""


def test_a_simulator_that_answers_nothing_knows_no_call(chimney: tuple[Chimney, httpx.Client]) -> None:
    simulator, client = chimney
    assert client.get("/anything").status_code == 404
    assert [(one.operation, one.effect) for one in simulator.log] == [("GET /anything", "refused: no such call")]


def test_an_expired_token_is_answered_in_the_services_own_words(
    chimney: tuple[Chimney, httpx.Client], depot: Depot, client: httpx.Client
) -> None:
    simulator, its_client = chimney
    for faulty in (simulator, depot):
        faulty.faults.add(Fault.EXPIRED_TOKEN)
    assert (its_client.get("/", headers={"x-token": "t-1"}).status_code, simulator.log[0].effect) == (403, "t-1")
    refused = client.get("/")
    assert (refused.status_code, refused.json()) == (401, {"error": "the access token has expired"})
    assert simulator.seen == []


def test_half_a_request_is_none() -> None:
    simulator = Chimney(VirtualClock())
    scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
    coming: list[Message] = [{"type": "http.request", "body": b"half", "more_body": True}, {"type": "http.disconnect"}]
    sent: list[Message] = []

    async def receive() -> Message:
        return coming.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(simulator.service(scope, receive, send))
    assert (simulator.seen, sent) == ([], [])


def test_what_happens_by_itself_is_logged_at_its_time(depot: Depot) -> None:
    before = depot.clock.now() - timedelta(hours=1)
    depot.record_event("B", "open -> shipped", before)
    assert depot.log == [Record(before, "life cycle", "B", "open -> shipped")]
