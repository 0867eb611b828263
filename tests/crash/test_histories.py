"""The laws under random histories at all installed services: rejections, crashes, faults, people, late messages."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from orderdesk_devkit.simulators.fault_queue import Fault
from orderdesk_devkit.testing.plugin_under_test import PluginUnderTest
from orderdesk_devkit.testing.pytest_plugin import HISTORIES
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.desk.cases import CaseService
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.documents import plan_document, receipt_document
from orderdesk_sdk.errors import OrderDeskError, ValidationError
from orderdesk_sdk.orders.order import ConnectionRole, Order
from orderdesk_sdk.plugin.answer import Rejection
from orderdesk_sdk.plugin.webhooks import WebhookRequest
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore
from tests.support.counting_service import Counting, CountingSimulator
from tests.support.histories import FACES, FAULTS, REASON, RULES, SETTINGS, SLUGS, history_order
from tests.support.invariant_checker import InvariantChecker
from tests.support.services_environment import ServiceEnvironment, SimulatedCrash

pytestmark = pytest.mark.crash

T = TypeVar("T")

REFUSED_WHOLE = "no such reason anywhere"
COUNTING = "counting"
PLACE = st.sampled_from([*SLUGS, COUNTING])
ANY = st.integers(0, 1000)


class Histories(RuleBasedStateMachine):
    """What hosts, people, services and fate do with an order and its duplicates."""

    environment: ClassVar[ServiceEnvironment]
    counts: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self.environment.start(RULES)
        self.clock = self.environment.clock
        self.judge = InvariantChecker(self.environment.ledger, self.clock)
        for slug, simulator in self.environment.simulators.items():
            self.judge.watch(slug, simulator)
        self.do("import", lambda desk: desk.orders.import_orders([history_order()], by="the shop"))
        self.counts["histories"] += 1

    def teardown(self) -> None:
        try:
            self.come_to_rest()
        finally:
            self.counts.update(self.judge.effects)
            self.judge.close()
            self.environment.stop()

    # The desk

    def do(self, what: str, act: Callable[[Desk], T]) -> T | None:
        """Let the desk do something; None where it died of it or would not. A dead desk is followed by another."""
        self.counts["steps"] += 1
        self.counts[what] += 1
        made: T | None = None
        with suppress(SimulatedCrash, OrderDeskError):
            made = act(self.environment.desk)
        if not self.environment.has_crashed:
            return made
        self.counts["crashes"] += 1
        self.environment.open()
        return None

    @property
    def orders(self) -> tuple[Order, ...]:
        host = self.environment.desk.order_store
        assert isinstance(host, SqliteOrderStore)
        return tuple(found.order for found in reversed(host.search_orders().orders))

    def one(self, index: int) -> Order:
        found = self.orders
        return found[index % len(found)]

    def case(self, index: int) -> CancelCase | None:
        cases = self.environment.desk.cases.list()
        found = [case for case in cases if case.is_open] or cases
        return found[index % len(found)] if found else None

    def work_due(self) -> None:
        report = self.do("run due", lambda desk: desk.run_due())
        if report is not None:
            assert report.problems == ()

    # What happens

    @initialize(places=st.lists(PLACE, min_size=1, max_size=4, unique=True))
    def begin(self, places: list[str]) -> None:
        for place in places:
            self.submit(place, 0)

    @rule(location=PLACE, index=ANY)
    def submit(self, location: str, index: int) -> None:
        found = self.one(index)
        if any(known.connection == location for known in self.environment.desk.order_store.remote_orders(found.id)):
            return
        simulator = self.environment.simulators.get(location)
        if simulator is not None:
            try:
                simulator.actual_status(found.number)
            except OrderDeskError:
                simulator.add_order(found.number, lines=[(line.code, line.quantity) for line in found.lines])
        self.do("place", lambda desk: desk.orders.register(found.number, connection=location, by="the shop"))

    @rule(
        index=ANY,
        at=st.lists(PLACE, max_size=2, unique=True),
        part=st.sampled_from([None, None, None, 1, 2]),
        why=st.sampled_from(["", "", "", None, REFUSED_WHOLE]),
        key=st.sampled_from([None, None, "a", "b"]),
        send=st.sampled_from([True, True, False]),
    )
    def cancel(self, index: int, at: list[str], part: int | None, why: str | None, key: str | None, send: bool) -> None:
        found = self.one(index)
        reason = REASON if why == "" else why
        lines = None if part is None else {found.lines[0].code: part}

        def act(desk: Desk) -> None:
            before = desk.ledger.cancellations(found.id), desk.cases.list()
            try:
                made = desk.cancel(
                    found.number,
                    by="Ann",
                    reason=reason,
                    connections=at,
                    lines=lines,
                    idempotency_key=key,
                    send_now=send,
                )
            except ValidationError:
                assert (desk.ledger.cancellations(found.id), desk.cases.list()) == before, "refused, and yet recorded"
                self.counts["cancellations rejected"] += 1
                raise
            self.judge.reported_ids |= {made.cancellation.id, *(case.id for case in made.cases)}
            self.counts["cancellations"] += 1

        self.do("cancel", act)

    @rule(index=ANY, kind=st.sampled_from([Fault.LOST_RESPONSE, Fault.SERVER_ERROR_HTML_AFTER, Fault.TRUNCATED]))
    def lose_a_reply_of_two_steps(self, index: int, kind: Fault) -> None:
        """A part is canceled by a flow that reads, then sets a number; the response to that is lost."""
        self.submit(COUNTING, index)
        self.environment.simulators[COUNTING].faults.add(kind, method="PUT")
        self.cancel(index, [COUNTING], 1, "", None, send=True)
        self.follow(4)

    @rule(index=ANY)
    def cancel_everywhere(self, index: int) -> None:
        self.cancel(index, [], None, "", None, send=True)

    @rule(confirms=st.sampled_from([True, True, False]))
    def a_day_of_work(self, confirms: bool) -> None:
        """What is due is done, and whoever has a case says what came of it."""
        self.follow(6)
        for case in self.environment.desk.cases.list(states=[State.ACTION_REQUIRED]):
            verdict = CaseService.confirm if confirms else CaseService.reject
            self.do("verdicts", lambda desk, of=case.id, say=verdict: say(desk.cases, of, by="Ben"))  # type: ignore[misc]
        self.clock.advance(hours(1))
        self.follow(6)

    @rule(index=ANY, at=st.one_of(st.none(), PLACE))
    def cancel_and_make_again(self, index: int, at: str | None) -> None:
        self.cancel_everywhere(index)
        self.a_day_of_work(confirms=True)
        self.a_day_of_work(confirms=True)
        self.resubmit(index, at, None)
        self.follow(2)

    @rule(after=st.sampled_from([minutes(1), minutes(6), minutes(61), hours(5), hours(25)]))
    def time_passes(self, after: object) -> None:
        self.clock.advance(after)  # type: ignore[arg-type]  # a timedelta
        self.work_due()

    @rule(times=st.integers(1, 4))
    def follow(self, times: int) -> None:
        for _ in range(times):
            due = self.environment.desk.ledger.next_due()
            if due is not None and due > self.clock.now():
                self.clock.advance(due - self.clock.now())
            self.work_due()

    @rule(location=PLACE, index=ANY, choice=ANY)
    def fate(self, location: str, index: int, choice: int) -> None:
        simulator = self.environment.simulators.get(location)
        switches = [one for one in simulator.options if one.name not in FACES] if simulator is not None else []
        if simulator is None or not switches:
            return
        switch = switches[index % len(switches)]
        chosen = switch.choices[choice % len(switch.choices)]
        if switch.name in simulator.contradicting_options and chosen != switch.choices[0]:
            self.judge.dishonest_connections.add(location)
        simulator.set_option(switch.name, chosen)

    @rule(location=PLACE, kind=st.sampled_from(FAULTS), reads=st.booleans(), after=st.integers(0, 1))
    def trouble(self, location: str, kind: Fault, reads: bool, after: int) -> None:
        simulator = self.environment.simulators.get(location)
        if simulator is not None:
            simulator.faults.add(kind, method="GET" if reads else None, skip_first=after)
            self.counts["faults"] += 1

    @rule(index=ANY, word=st.sampled_from(["confirm", "refuse", "withdraw", "send again", "check"]))
    def person(self, index: int, word: str) -> None:
        case = self.case(index)
        if case is None:
            return
        acts: Mapping[str, Callable[[Desk], Case]] = {
            "confirm": lambda desk: desk.cases.confirm(case.id, by="Ben"),
            "refuse": lambda desk: desk.cases.reject(case.id, by="Ben", rejection=Rejection.TOO_LATE),
            "withdraw": lambda desk: desk.cases.withdraw(case.id, by="Ben"),
            "send again": lambda desk: desk.cases.retry(case.id, by="Ben"),
            "check": lambda desk: desk.cases.poll(case.id),
        }
        self.do(word, acts[word])

    @rule(says=st.booleans())
    def policy(self, says: bool) -> None:
        self.environment.veto("the boss wants it made" if says else None)

    @rule(after=st.integers(0, 24))
    def doom(self, after: int) -> None:
        self.environment.crash_after(after)

    @rule(index=ANY, location=PLACE, kind=st.sampled_from(["canceled", "shipped", "message", "junk"]))
    def message(self, index: int, location: str, kind: str) -> None:
        found = self.one(index)
        match kind:
            case "canceled":
                heard = self.do(
                    "messages",
                    lambda desk: desk.notifications.report_canceled(
                        found.number, connection=location, by="the service"
                    ),
                )
                self.judge.reported_ids |= {heard.id} if heard is not None else set()
            case "shipped":
                self.do(
                    "messages",
                    lambda desk: desk.notifications.report_shipped(
                        found.number, by="the carrier", connections=[location]
                    ),
                )
            case _:
                simulator = self.environment.simulators.get(location)
                speak = getattr(simulator, "postback", None)
                known = any(
                    one.connection == location for one in self.environment.desk.order_store.remote_orders(found.id)
                )
                body = speak("order.cancelled", found.number) if known and speak and kind == "message" else b"{]"
                self.do("messages", lambda desk: desk.notifications.handle_webhook(location, WebhookRequest({}, body)))

    @rule(index=ANY)
    def everything_shipped(self, index: int) -> None:
        found = self.one(index)

        def act(desk: Desk) -> None:
            desk.notifications.report_shipped(found.number, by="the carrier")
            latest = {case.connection: case for case in desk.cases.list(order=found.number)}
            parts = {
                cancellation.id for cancellation in desk.ledger.cancellations(found.id) if cancellation.lines
            }  # Their rest may ship.
            quiet = [
                case
                for case in latest.values()
                if case.role is not ConnectionRole.CART
                and case.state in (State.ACKNOWLEDGED, State.UNKNOWN, State.CANCELED)
                and case.cancellation_id not in parts
            ]
            assert not quiet, "it shipped, and nobody is alarmed"

        self.do("messages", act)

    @rule(index=ANY, status=st.sampled_from(["canceled", "canceled", "closed"]), at=st.lists(PLACE, max_size=1))
    def change_status(self, index: int, status: str, at: list[str]) -> None:
        found = self.one(index)
        reason = REASON if status == "canceled" else None
        made = self.do(
            "status",
            lambda desk: desk.status_changes.create(found.number, status, by="Ann", connections=at, reason=reason),
        )
        if made is not None:
            self.judge.reported_ids |= {change.id for change in made.changes}
            self.judge.reported_ids |= {made.cancellation.cancellation.id} if made.cancellation is not None else set()

    @rule(index=ANY, at=st.one_of(st.none(), PLACE), number=st.sampled_from([None, None, "1042-X"]))
    def resubmit(self, index: int, at: str | None, number: str | None) -> None:
        found = self.one(index)
        made = self.do(
            "resubmit", lambda desk: desk.resubmissions.create(found.number, by="Ann", connection=at, number=number)
        )
        if made is not None:
            self.judge.reported_ids.add(made.id)
            self.counts["resubmissions"] += 1

    @rule(index=ANY, folder=st.sampled_from(["Canceled", "New"]))
    def move(self, index: int, folder: str) -> None:
        found = self.one(index)
        self.do("move", lambda desk: desk.orders.move(found.number, folder, by="Ann"))

    @rule(index=ANY)
    def take_back(self, index: int) -> None:
        found = self.one(index)
        self.do("take back", lambda desk: desk.cancellations.withdraw(found.number, by="Ann"))

    # What must hold

    @invariant()
    def the_laws_hold(self) -> None:
        wrong = self.judge.check([order.id for order in self.orders], self.environment.simulators)
        assert not wrong, "\n".join(wrong)

    @invariant()
    def everything_can_be_shown(self) -> None:
        desk = self.environment.desk
        for found in self.orders:
            shown = receipt_document(desk.cancellations.receipt(found.number))
            told = json.dumps(shown)
            json.dumps(plan_document(desk.cancellations.plan(found.number)))
            for case in desk.cases.list(order=found.number):
                if case.state is State.UNKNOWN:
                    assert case.message, f"{case.id} is unknown and does not say why"
                    assert '"unknown"' in told
            self.counts["receipts"] += 1

    def come_to_rest(self) -> None:
        """Troubles end, and in some days everything is settled or a person has it."""
        for simulator in self.environment.simulators.values():
            simulator.faults.clear()
        for _ in range(12):
            self.clock.advance(hours(9))
            self.work_due()
        self.the_laws_hold()
        waiting = {case.order_id for case in self.environment.desk.cases.list(states=[State.ACTION_REQUIRED])}
        for case in self.environment.desk.cases.list():
            restless = case.is_open and case.state is not State.ACTION_REQUIRED
            if restless and not (case.role is ConnectionRole.CART and case.order_id in waiting):
                raise AssertionError(f"{case.id} at {case.connection} is still {case.state.value}: {case.message}")


@contextmanager
def environment() -> Iterator[ServiceEnvironment]:
    counting = PluginUnderTest(slug=COUNTING, order=history_order(), plugin=Counting(), simulator=CountingSimulator)
    installed = [PluginUnderTest(slug=slug, order=history_order(), settings=SETTINGS.get(slug, {})) for slug in SLUGS]
    with ServiceEnvironment([*installed, counting]) as built:
        yield built


def test_the_laws_hold_in_every_history(
    histories: int, record_property: Callable[[str, object], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: Counter[str] = Counter()
    with environment() as built:
        monkeypatch.setattr(Histories, "environment", built, raising=False)
        monkeypatch.setattr(Histories, "counts", counts, raising=False)
        monkeypatch.setattr(Histories, "reason", built.plugins["commercehub"].default_reason, raising=False)
        run_state_machine_as_test(
            Histories,
            settings=settings(
                max_examples=histories,
                stateful_step_count=25,
                derandomize=True,
                database=None,
                suppress_health_check=list(HealthCheck),
                report_multiple_bugs=False,
                # Shrinking plays hundreds of histories, for minutes; add Phase.shrink to see a short one.
                phases=[Phase.generate],
            ),
        )
    for what, number in counts.items():
        record_property(HISTORIES, (what, number))
