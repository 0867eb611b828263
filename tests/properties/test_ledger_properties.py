"""Random histories through the ledger, with crashes, against a plain model: nothing is lost, nothing made up."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from orderdesk_sdk.cases.cancellation import CancelCase, Cancellation
from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.evidence import Evidence, EvidenceKind
from orderdesk_sdk.cases.exchange import Intent
from orderdesk_sdk.cases.history import HistoryEntryKind
from orderdesk_sdk.cases.ledger import CaseUpdate
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.state_machine import TRANSITIONS, Event, EventKind, InvalidTransitionError, transition
from orderdesk_sdk.errors import ConflictError
from orderdesk_sdk.plugin.answer import Rejection
from orderdesk_sdk.stores.archive_file import ArchivedCase, read_archive
from orderdesk_sdk.stores.hash_chain import ROW_MARK
from orderdesk_sdk.stores.serialization import content_of
from tests.support.builders import make_case_of, make_resubmission
from tests.support.ledgers import DATABASE_PARAMS, SqlLedger, open_database, shared_folder

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
INDEX = st.integers(0, 1000)


class LedgerHistory(RuleBasedStateMachine):
    """Drives a ledger and a dictionary side by side."""

    database_name: ClassVar[str]
    servers: ClassVar[Path]
    """Of the servers that the processes of a run share."""

    def __init__(self) -> None:
        super().__init__()
        self.made = ExitStack()
        self.folder = Path(self.made.enter_context(tempfile.TemporaryDirectory()))
        self.database = self.made.enter_context(open_database(self.database_name, self.folder, self.servers))
        self.archives: list[Path] = []
        self.ledger = self.database.open()
        self.dropped: list[SqlLedger] = []
        self.now = START
        self.cancellations: dict[str, tuple[Cancellation, str]] = {}
        self.cases: dict[str, CancelCase] = {}
        self.versions: dict[str, list[CancelCase]] = {}
        self.resubmissions: dict[str, ResubmitCase] = {}
        self.history: dict[str, list[object]] = {}

    def teardown(self) -> None:
        flaws = [str(flaw) for flaw in self.ledger.find_flaws()]
        flaws += [str(flaw) for path in self.archives for flaw in self.ledger.find_archive_flaws(path)]
        assert flaws == []
        for ledger in (*self.dropped, self.ledger):
            ledger.close()
        self.made.close()

    def one(self, index: int) -> CancelCase:
        return list(self.cases.values())[index % len(self.cases)]

    @rule(key=st.sampled_from(["a", "b", "c", "d"]), content=st.sampled_from(["x", "y"]), count=st.integers(1, 3))
    def cancel(self, key: str, content: str, count: int) -> None:
        order = "first" if key in "ab" else "second"
        cancellation = Cancellation(f"c{len(self.cancellations)}", key, order, "1042", "Ann", None, self.now)
        cases = [
            make_case_of(
                cancellation,
                number,
                connection=f"shop {number}",
                created_at=self.now,
                updated_at=self.now,
                due_at=self.now,
            )
            for number in range(count)
        ]
        known = self.cancellations.get(key)
        try:
            recorded, new = self.ledger.open_cancellation(cancellation, content, cases)
        except ConflictError:
            assert known is not None
            assert known[1] != content
            return
        if known is not None:
            assert (recorded, new, content) == (known[0], False, known[1])
            return
        under_way = self.under_way(cases)
        if under_way is not None:
            assert (recorded, new) == (under_way, False)
            self.cancellations[key] = (under_way, content)
            return
        assert (recorded, new) == (cancellation, True)
        self.cancellations[key] = (cancellation, content)
        for case in cases:
            self.cases[case.id] = case
            self.versions[case.id] = [case]
            self.history[case.id] = []

    def under_way(self, wanted: list[CancelCase]) -> Cancellation | None:
        """The cancellation that is being carried out at a place where one of these cases would be."""
        for case in wanted:
            for found in self.cases.values():
                if found.is_open and (found.order_id, found.connection) == (case.order_id, case.connection):
                    return next(
                        cancellation
                        for cancellation, _ in self.cancellations.values()
                        if cancellation.id == found.cancellation_id
                    )
        return None

    @precondition(lambda self: self.cases)
    @rule(index=INDEX, choice=INDEX, due=st.integers(-60, 600), passed=st.integers(0, 60))
    def change(self, index: int, choice: int, due: int, passed: int) -> None:
        self.now += timedelta(seconds=passed, microseconds=passed)
        case = self.one(index)
        kinds = [kind for state, kind in TRANSITIONS if state is case.state] or [EventKind.SEND_STARTED]
        self.apply(case, kinds[choice % len(kinds)], due)

    def apply(self, case: CancelCase, kind: EventKind, due: int = 0) -> bool:
        """Let something happen to a case; whether it may."""
        event = Event(
            kind,
            self.now,
            due_at=self.now + timedelta(seconds=due),
            person="Ann",
            rejection=Rejection.TOO_LATE,
            evidence=Evidence(EvidenceKind.PERSON, person="Ann"),
            route=case.route + 1,
        )
        try:
            after = transition(case, event).case
        except InvalidTransitionError:
            return False
        intent = Intent(1, "cancel", "PUT", "https://api.example", "ab", True, self.now)
        self.ledger.write(CaseUpdate(case, after, ["a note", event, intent]))
        self.cases[case.id] = after
        self.versions[case.id].append(after)
        self.history[case.id] += ["a note", event, intent]
        return True

    def settle(self, order: str) -> None:
        for case in [case for case in self.cases.values() if case.order_id == order and case.is_open]:
            settling = (EventKind.CANCELED, EventKind.REJECTED, EventKind.WITHDRAWN, EventKind.ESCALATED)
            while self.cases[case.id].is_open:
                assert any(self.apply(self.cases[case.id], kind) for kind in settling)

    @precondition(lambda self: self.cases)
    @rule(index=INDEX, age=INDEX)
    def come_too_late(self, index: int, age: int) -> None:
        older = self.versions[self.one(index).id][:-1]
        if not older:
            return
        stale = older[age % len(older)]
        event = Event(EventKind.DEFERRED, self.now, due_at=self.now)
        attempts: tuple[Callable[[], None], ...] = (
            lambda: self.ledger.write(CaseUpdate(stale, stale, [event])),
            lambda: self.ledger.append(stale, [event], if_unchanged=True),
        )
        for late in attempts:
            try:
                late()
            except ConflictError:
                continue
            raise AssertionError("an older version was written over a newer one")
        self.ledger.append(stale, ["late evidence"], if_unchanged=False)
        self.history[stale.id].append("late evidence")

    @rule(number=st.integers(0, 3), settle=st.booleans(), due=st.integers(-60, 600))
    def resubmit(self, number: int, settle: bool, due: int) -> None:
        at = self.now + timedelta(seconds=due)
        known = self.resubmissions.get(f"r{number}")
        if known is None:
            made = make_resubmission(f"r{number}", created_at=self.now, updated_at=self.now, due_at=at)
            assert self.ledger.open_case(made) == (made, True)
            self.resubmissions[made.id] = made
            return
        if not known.is_open:
            return  # What is settled changes no more.
        proof = Evidence(EvidenceKind.PERSON, person="Ann")
        event = (
            Event(EventKind.DONE, self.now, evidence=proof)
            if settle
            else Event(EventKind.POLL_STARTED, self.now, due_at=at)
        )
        after = transition(known, event).case
        self.ledger.write(CaseUpdate(known, after))
        self.resubmissions[known.id] = after

    def pages(self, moment: datetime, location: str) -> list[str]:
        """What is due at a place, read in pages of two."""
        found: list[Case] = []
        while page := self.ledger.due(moment, 2, connection=location, after=found[-1] if found else None):
            found += page
        return [work.id for work in found]

    @rule(order=st.sampled_from(["first", "second"]), keeps=st.sampled_from([0, 0, 30]))
    def archive(self, order: str, keeps: int) -> None:
        self.settle(order)
        target = self.folder / f"{len(self.archives)}.jsonl"
        report = self.ledger.archive(self.now - timedelta(seconds=keeps), target, by="Ann", at=self.now)
        assert report.kept_count == 0
        if report.path is not None:
            self.archives.append(target)

    def whole_history(self, case_id: str) -> dict[int, object]:
        """What happened to a case, by sequence, wherever that lies."""
        records = (record for path in self.archives for record in read_archive(path))
        archived = {
            line.sequence: content_of(HistoryEntryKind(line.kind), line.data, line.texts)
            for record in records
            if isinstance(record, ArchivedCase) and record.case_id == case_id
            for line in record.lines
            if line.kind != ROW_MARK
        }
        here = {entry.sequence: entry.content for entry in self.ledger.history(case_id)}
        assert not set(here) & set(archived), "what is archived is deleted"
        whole = here | archived
        return {sequence: whole[sequence] for sequence in sorted(whole)}

    @rule(closes=st.booleans())
    def crash_and_open_again(self, closes: bool) -> None:
        if closes:
            self.ledger.close()
        else:
            self.dropped.append(self.ledger)
        self.ledger = self.database.open()

    @invariant()
    def nothing_is_lost_and_nothing_made_up(self) -> None:
        assert list(self.ledger.cases(CancelCase)) == list(self.cases.values())
        assert list(self.ledger.cases(ResubmitCase)) == list(self.resubmissions.values())
        for case in self.cases.values():
            entries = self.ledger.history(case.id)
            assert list(self.whole_history(case.id).values()) == self.history[case.id]
            assert [entry.sequence for entry in entries] == sorted(entry.sequence for entry in entries)
        for key, (cancellation, content) in self.cancellations.items():
            assert self.ledger.find_by_key(key, content) == cancellation

    @invariant()
    def the_model_and_the_ledger_agree_on_what_is_due(self) -> None:
        work: list[Case] = [*self.cases.values(), *self.resubmissions.values()]
        dues = {found.id: found.due_at for found in work if found.due_at is not None}
        for moment in (self.now, self.now + timedelta(seconds=300)):
            found = self.ledger.due(moment, 1000)
            places = self.ledger.due_connections(moment)
            assert set(places) == {work.connection for work in found}
            for place in places:
                assert self.pages(moment, place) == [work.id for work in found if work.connection == place]
            assert {one.id for one in found} == {name for name, due in dues.items() if due <= moment}
            moments = [one.due_at for one in found if one.due_at is not None]
            assert moments == sorted(moments)
        assert self.ledger.next_due() == min(dues.values(), default=None)


@pytest.mark.parametrize("name", DATABASE_PARAMS)
def test_nothing_is_lost_and_nothing_made_up(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    machine = type(
        "LedgerHistory", (LedgerHistory,), {"database_name": name, "servers": shared_folder(tmp_path_factory)}
    )
    examples = 25 if name == "sqlite" else 8  # A database for each.
    run_state_machine_as_test(machine, settings=settings(max_examples=examples, stateful_step_count=25))
