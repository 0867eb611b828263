"""The simulator to begin from: what it answers, how its orders go on by the clock, and what a subclass may change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import ClassVar

import httpx
import pytest

from orderdesk_devkit.simulators.server import serve
from orderdesk_devkit.simulators.simple import CallResult, Durations, Request, SimpleSimulator, Stages, secrets_match
from orderdesk_devkit.simulators.simulator import Effect
from orderdesk_sdk.clock import VirtualClock, hours, minutes
from orderdesk_sdk.errors import NotFoundError, ValidationError

KEY = "not-a-real-key"


class Kiln(SimpleSimulator):
    """As small as one can be."""

    def settings(self, url: str) -> Mapping[str, object]:
        return {"base_url": url, "api_key": KEY}

    def is_authorized(self, request: Request) -> bool:
        return secrets_match(request.headers.get("x-key"), KEY)


class FancyKiln(Kiln):
    """With every hook overridden."""

    base: ClassVar[str] = "/v2/pots"
    cancel_verb: ClassVar[str] = "halt"
    stages: ClassVar[Stages] = Stages("wet", "fired", "sold", "smashed")
    canceled_statuses: ClassVar[frozenset[str]] = frozenset({"smashed"})

    def order_document(self, number: str, stage: str) -> Mapping[str, object]:
        return {"pot": number, "is": stage}

    def rejection(self, document: Mapping[str, object]) -> str | None:
        return None if document.get("why") else "a why is wanted"

    def common_fields(self) -> Mapping[str, object]:
        return {"note": "invented"}

    def handle(self, request: Request, body: bytes) -> tuple[str, str | None, CallResult]:
        if (request.method, request.url.path) == ("POST", "/v2/pots"):
            self.set_stage("9")
            return "create", "9", CallResult(201, "created", effect_kind=Effect.ORDER_CREATED)
        if request.method == "OPTIONS":
            return "options", None, CallResult(204, "told", None)
        return super().handle(request, body)


@contextmanager
def client_of(simulator: SimpleSimulator) -> Iterator[httpx.Client]:
    with (
        serve(simulator.app) as served,
        httpx.Client(base_url=served.url, headers={"x-key": KEY}, trust_env=False) as made,
    ):
        yield made


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def kiln(clock: VirtualClock) -> Kiln:
    made = Kiln(clock)
    made.add_order("1042")
    return made


@pytest.fixture
def client(kiln: Kiln) -> Iterator[httpx.Client]:
    with client_of(kiln) as made:
        yield made


def test_a_read_shows_the_order_with_its_stage(client: httpx.Client) -> None:
    response = client.get("/orders/1042")
    assert (response.status_code, response.json()) == (200, {"order": {"number": "1042", "status": "received"}})


def test_a_cancel_in_time_is_taken_and_stops_the_order_eight_minutes_later(
    kiln: Kiln, client: httpx.Client, clock: VirtualClock
) -> None:
    assert client.post("/orders/1042/cancel").status_code == 202
    clock.advance(minutes(7))
    assert kiln.actual_status("1042") == "received"
    clock.advance(minutes(1))
    assert kiln.actual_status("1042") == "canceled"


def test_the_truth_of_a_canceled_order_is_among_the_canceled_words(kiln: Kiln) -> None:
    kiln.add_order("1043", stage=kiln.stages.canceled)
    assert kiln.actual_status("1043") in kiln.canceled_statuses


def test_stages_of_ones_own_name_the_canceled_word_too() -> None:
    class Own(Kiln):
        stages = Stages(canceled="CANCELLED")

    class Quiet(Own):
        canceled_statuses = frozenset()

    assert Own.canceled_statuses == {"CANCELLED"}
    assert Quiet.canceled_statuses == frozenset()


def test_a_second_cancel_is_taken_and_delays_nothing(kiln: Kiln, client: httpx.Client, clock: VirtualClock) -> None:
    client.post("/orders/1042/cancel")
    clock.advance(minutes(5))
    assert client.post("/orders/1042/cancel").status_code == 202
    clock.advance(minutes(3))
    assert kiln.actual_status("1042") == "canceled"


@pytest.mark.parametrize("stage", ["packing", "shipped", "canceled"])
def test_a_cancel_in_any_later_stage_is_too_late(kiln: Kiln, client: httpx.Client, stage: str) -> None:
    kiln.add_order("1043", stage=stage)
    response = client.post("/orders/1043/cancel")
    assert (response.status_code, response.json()) == (409, {"error": "too late"})
    assert kiln.actual_status("1043") == stage


@pytest.mark.parametrize("path", ["/orders/1044", "/orders", "/elsewhere/1042", "/orderly/1042"])
def test_an_order_that_is_not_there_is_404(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", "/orders/1042"), ("GET", "/orders/1042/cancel"), ("POST", "/orders/1042/hold")]
)
def test_a_call_that_there_is_not_is_405(client: httpx.Client, method: str, path: str) -> None:
    assert client.request(method, path).status_code == 405


def test_who_is_not_let_in_learns_nothing_and_changes_nothing(kiln: Kiln, client: httpx.Client) -> None:
    for path in ("/orders/1042/cancel", "/orders/1044/cancel"):
        assert client.post(path, headers={"x-key": "another"}).status_code == 401
    assert [record.effect for record in kiln.log[1:]] == ["refused: credentials"] * 2


def test_an_encoded_slash_stays_in_its_number(kiln: Kiln, client: httpx.Client) -> None:
    kiln.add_order("A/1 b")
    assert client.get("/orders/A%2F1%20b").json()["order"]["number"] == "A/1 b"


@pytest.mark.parametrize(
    ("passed", "stage"),
    [(minutes(29), "received"), (minutes(30), "packing"), (minutes(269), "packing"), (minutes(270), "shipped")],
)
def test_an_order_is_packed_after_half_an_hour_and_shipped_four_hours_later(
    kiln: Kiln, clock: VirtualClock, passed: timedelta, stage: str
) -> None:
    clock.advance(passed)
    assert kiln.actual_status("1042") == stage


def test_each_step_is_logged_at_its_own_time_however_late_somebody_looks(kiln: Kiln, clock: VirtualClock) -> None:
    begun = clock.now()
    clock.advance(hours(48))
    steps = [(record.at - begun, record.effect) for record in kiln.log[1:]]
    assert steps == [(minutes(30), "received -> packing"), (minutes(270), "packing -> shipped")]


def test_the_durations_are_those_that_were_given(clock: VirtualClock) -> None:
    kiln = Kiln(clock, durations=Durations(queue=minutes(1), printing=minutes(2)))
    kiln.add_order("1042")
    clock.advance(minutes(1))
    assert kiln.actual_status("1042") == "packing"
    clock.advance(minutes(2))
    assert kiln.actual_status("1042") == "shipped"


def test_a_cancel_that_was_taken_stops_nothing_where_its_fate_is_to_ship_anyway(
    kiln: Kiln, client: httpx.Client, clock: VirtualClock
) -> None:
    for name, choice in kiln.contradicting_options.items():
        kiln.set_option(name, choice)
    assert client.post("/orders/1042/cancel").status_code == 202
    clock.advance(hours(5))
    assert kiln.actual_status("1042") == "shipped"


def test_a_fate_is_chosen_for_one_order_alone(kiln: Kiln, client: httpx.Client, clock: VirtualClock) -> None:
    kiln.add_order("1043")
    kiln.set_option("fate", "ships anyway", remote_id="1043")
    for number in ("1042", "1043"):
        client.post(f"/orders/{number}/cancel")
    clock.advance(minutes(10))
    assert (kiln.actual_status("1042"), kiln.actual_status("1043")) == ("canceled", "received")


def test_the_log_tells_the_judge_of_a_cancel_that_was_taken_and_of_no_other(kiln: Kiln, client: httpx.Client) -> None:
    kiln.add_order("1043", stage="packing")
    for number in ("1042", "1043"):
        client.post(f"/orders/{number}/cancel")
    client.get("/orders/1042")
    taken = [record.remote_id for record in kiln.log if record.effect_kind is Effect.CANCEL_ACCEPTED]
    assert taken == ["1042"]


def test_the_log_names_each_call_with_its_order(kiln: Kiln, client: httpx.Client) -> None:
    client.get("/orders/1042")
    client.post("/orders/1042/cancel")
    client.get("/elsewhere")
    assert [(record.operation, record.remote_id) for record in kiln.log[1:]] == [
        ("GET order", "1042"),
        ("POST cancel", "1042"),
        ("GET order", None),
    ]


def test_a_used_number_is_refused_and_an_unknown_one_is_told(kiln: Kiln) -> None:
    with pytest.raises(ValidationError, match="1042: the number is used"):
        kiln.add_order("1042")
    with pytest.raises(NotFoundError, match="1044"):
        kiln.actual_status("1044")
    assert (kiln.has("1042"), kiln.has("1044")) == (True, False)


def test_an_order_can_be_put_there_from_another_process(kiln: Kiln, client: httpx.Client) -> None:
    order = {"remote_id": "1043", "lines": [{"code": "POT", "quantity": 2}]}
    assert client.post("/_simulator/orders", json=order).json() == {"remote_id": "1043", "actual_status": "received"}


def test_a_subclass_has_its_own_paths_and_words(clock: VirtualClock) -> None:
    kiln = FancyKiln(clock)
    kiln.add_order("7")
    with client_of(kiln) as client:
        assert client.get("/orders/7").status_code == 404
        assert client.get("/v2/pots/7").json() == {"note": "invented", "pot": "7", "is": "wet"}
        assert client.post("/v2/pots/7/cancel", json={"why": "cracked"}).status_code == 405
        assert client.post("/v2/pots/7/halt", json={"why": "cracked"}).status_code == 202
    clock.advance(minutes(8))
    assert kiln.actual_status("7") == "smashed"


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"{}", b"\xff"])
def test_a_cancel_whose_body_a_subclass_objects_to_is_422_and_changes_nothing(clock: VirtualClock, body: bytes) -> None:
    kiln = FancyKiln(clock)
    kiln.add_order("7")
    with client_of(kiln) as client:
        response = client.post("/v2/pots/7/halt", content=body)
    assert (response.status_code, response.json()) == (422, {"note": "invented", "error": "a why is wanted"})
    clock.advance(minutes(8))
    assert kiln.actual_status("7") == "wet"


def test_a_subclass_has_calls_of_its_own(clock: VirtualClock) -> None:
    kiln = FancyKiln(clock)
    with client_of(kiln) as client:
        assert client.post("/v2/pots").status_code == 201
        assert client.get("/v2/pots/9").json()["is"] == "wet"
        empty = client.options("/v2/pots/9")
    assert (empty.status_code, empty.content) == (204, b"")
    assert (kiln.log[0].operation, kiln.log[0].effect_kind) == ("create", Effect.ORDER_CREATED)
