"""A ledger that version 0.1 wrote opens, is whole, and everything open in it goes on and ends as it would have.

tests/data/README.md says what is in it, and where the expectations come from.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.evidence import Evidence, EvidenceKind
from orderdesk_sdk.cases.registration import Registration
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.status_change import StatusCase
from orderdesk_sdk.clock import VirtualClock, hours, seconds
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.orders.order import ConnectionRole
from orderdesk_sdk.stores.serialization import dump
from orderdesk_sdk.stores.sqlite.backup import restore
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from orderdesk_sdk.stores.sqlite.ledger_schema import MIGRATIONS
from orderdesk_sdk.stores.sqlite.migrations import MigrationStep, migrate
from tests.support.ledger_services import KEY, Services, answered_by, open_ledger_desk

if TYPE_CHECKING:
    from orderdesk_sdk.transport.email.config import EmailConfig
    from tests.conftest import MailServer

DATA = Path(__file__).parent.parent.parent / "data"
MAX_ROUNDS = 5000
EXPECTED: Mapping[str, Any] = json.loads((DATA / "ledger_0_1.json").read_text("utf-8"))
SPELLED: Mapping[str, str] = {
    "requested": "pending",
    "heard": "reported",
    "asked": "acknowledged",
    "awaiting person": "action required",
    "unclear": "unknown",
    "partly canceled": "partially canceled",
    "refused": "rejected",
    "impossible": "unsupported",
    "reply": "response",
    "read-back": "polled status",
    "message": "email",
}
"""How a word of version 0.1 (a state, a kind of evidence, why it was refused) is spelled now, where that differs."""
KINDS = {CancelCase: "cancel", ResubmitCase: "resubmission", StatusCase: "status change"}
HOLDS = {"cancel": 12, "resubmission": 7, "status change": 7}
"""How many states each kind has in version 0.1: the ledger holds one of each at least."""


def load(path: Path) -> None:
    """Write the old ledger into a file that is not there yet."""
    with closing(sqlite3.connect(path)) as db:
        db.executescript((DATA / "ledger_0_1.sql").read_text("utf-8"))


@contextmanager
def opened(path: Path, mail: EmailConfig) -> Iterator[tuple[Desk, VirtualClock, Services]]:
    """A desk on the old ledger at the time at which it was left, before the services as they were then."""
    clock = VirtualClock(datetime.fromisoformat(EXPECTED["now"]))
    services = Services(EXPECTED["scripts"])
    with answered_by(services), open_ledger_desk(path, clock, mail) as desk:
        yield desk, clock, services


def works(desk: Desk) -> list[Case]:
    """Every case, resubmission and status change."""
    return [*desk.cases.list(), *desk.cases.list_others()]


def standing(case: Case) -> dict[str, object]:
    """Where a piece of work stands: what is compared."""
    found: dict[str, object] = {"kind": KINDS[type(case)], "order": case.order_number, "at": case.connection}
    found["state"] = case.state.value
    if isinstance(case, CancelCase):
        found["route"] = case.route
        if case.evidence is not None:
            found["evidence"] = case.evidence.kind.value
        if case.rejection is not None:
            found["refusal"] = case.rejection.value
    return found


def as_spelled_now(stands: Mapping[str, object]) -> dict[str, object]:
    """An expectation with the words as they are spelled now."""
    words = {
        key: SPELLED.get(str(stands[key]), stands[key]) for key in ("state", "evidence", "refusal") if key in stands
    }
    return {**stands, **words}


def run(desk: Desk, clock: VirtualClock) -> tuple[str, ...]:
    """Do what is due for three hours, in which nobody decides anything; every problem that was told."""
    end = clock.now() + hours(EXPECTED["hours"])
    problems: list[str] = []
    for _ in range(MAX_ROUNDS):
        report = desk.run_due()
        problems += report.problems
        if report.next_due is None or report.next_due > end:
            return tuple(problems)
        clock.advance(max(report.next_due - clock.now(), seconds(0)))
    pytest.fail(f"something is due again and again: {problems}")


def what_became(desk: Desk, services: Services) -> dict[str, Any]:
    """Everything that is compared once it has run."""
    known = {work.id: standing(work) for work in works(desk)}
    expected = EXPECTED["before"]
    new = [found for name, found in known.items() if name not in expected]
    orders = {desk.orders.get(f"number:{work.order_number}").id for work in works(desk)}
    acted = Counter(done.action for one in orders for _, done in desk.ledger.rule_executions(one))
    return {
        "after": {name: found for name, found in known.items() if name in expected},
        "new": sorted(new, key=lambda found: (str(found["order"]), str(found["at"]))),
        "calls": dict(sorted(services.calls.items())),
        "folders": dict(sorted(Counter(desk.order_store.folder_of(one) for one in orders).items())),
        "rule_log": dict(sorted(acted.items())),
    }


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The old ledger."""
    load(tmp_path / "old.db")
    return tmp_path / "old.db"


def test_the_old_ledger_holds_every_state_of_every_kind() -> None:
    states = {
        kind: {found["state"] for found in EXPECTED["before"].values() if found["kind"] == kind} for kind in HOLDS
    }
    assert {kind: len(found) for kind, found in states.items()} == HOLDS


def test_it_opens_whole_and_stands_as_it_was_left(path: Path, mail_server: MailServer) -> None:
    with opened(path, mail_server.config()) as (desk, _, services):
        assert list(map(str, desk.ledger.find_flaws())) == []
        found = {work.id: standing(work) for work in works(desk)}
        lines = {work.id: len(desk.ledger.history(work.id)) for work in works(desk)}
        for work in works(desk):
            if isinstance(work, CancelCase):
                assert desk.cancellations.receipt(f"id:{work.order_id}").cancellations
        assert not services.calls
    assert found == {name: as_spelled_now(stands) for name, stands in EXPECTED["before"].items()}
    assert {name: count for name, count in lines.items() if count < EXPECTED["lines"][name]} == {}
    assert KEY.encode() not in path.read_bytes()


@pytest.mark.slow
def test_everything_open_in_it_ends_as_it_would_have(path: Path, mail_server: MailServer) -> None:
    with opened(path, mail_server.config()) as (desk, clock, services):
        assert run(desk, clock) == ()
        became = what_became(desk, services)
        assert list(map(str, desk.ledger.find_flaws())) == []
    assert became["after"] == {name: as_spelled_now(stands) for name, stands in EXPECTED["after"].items()}
    assert became["new"] == [as_spelled_now(stands) for stands in EXPECTED["new"]]
    assert became["calls"] == EXPECTED["calls"]
    assert (became["folders"], became["rule_log"]) == (EXPECTED["folders"], EXPECTED["rule_log"])
    assert mail_server.recipients() == EXPECTED["mails"]


@pytest.mark.slow
def test_what_then_waits_for_a_person_is_settled_by_a_person(path: Path, mail_server: MailServer) -> None:
    with opened(path, mail_server.config()) as (desk, clock, _):
        run(desk, clock)
        open_before = [work for work in works(desk) if work.is_open]
        carts = [work for work in open_before if work.connection == "cart" and KINDS[type(work)] == "cancel"]
        for work in open_before:
            if work not in carts:  # A cart is told last, and goes on by itself.
                desk.cases.confirm(work.id, by="Ben")
        run(desk, clock)
        assert [standing(work) for work in works(desk) if work.is_open] == []
        after = {work.id: standing(work) for work in works(desk)}
        assert list(map(str, desk.ledger.find_flaws())) == []
    ends = {kind: "canceled" if kind == "cancel" else "done" for kind in KINDS.values()}
    for work in open_before:
        assert after[work.id]["state"] == SPELLED.get(ends[KINDS[type(work)]], ends[KINDS[type(work)]])


# The migration itself


def test_a_death_in_the_middle_of_the_migration_leaves_the_old_ledger(
    path: Path, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dump_of(path)
    steps = sum(len(steps) for steps in MIGRATIONS[-1:])
    for dies_at in range(steps):
        with monkeypatch.context() as patch:
            patch.setattr("orderdesk_sdk.stores.sqlite.ledger.MIGRATIONS", (*MIGRATIONS[:-1], dying(dies_at)))
            with pytest.raises(Killed):
                SqliteLedger(path)
        assert dump_of(path) == before, f"step {dies_at} left something behind"
    with opened(path, mail_server.config()) as (desk, _, _):
        assert list(map(str, desk.ledger.find_flaws())) == []


def test_no_line_of_a_history_is_written_anew(path: Path) -> None:
    lines = "SELECT sequence, subject_id, attempt, at, kind, link, state, sealed, data, texts FROM history"
    with closing(sqlite3.connect(path)) as db:
        before = db.execute(f"{lines} ORDER BY sequence").fetchall()
    with closing(SqliteLedger(path)):
        pass
    with closing(sqlite3.connect(path)) as db:
        after = db.execute(f"{lines} ORDER BY sequence").fetchall()
    assert after[: len(before)] == before
    assert {(line[4], line[8]) for line in after[len(before) :]} == {("row", "")}


def test_what_was_tampered_with_before_is_still_told_afterwards(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {name}")
        victims = [row[0] for row in db.execute("SELECT id FROM cases WHERE state = 'asked' LIMIT 1")]
        victims += [row[0] for row in db.execute("SELECT id FROM resubmissions WHERE due_at IS NOT NULL LIMIT 1")]
        victims += [row[0] for row in db.execute("SELECT id FROM status_changes WHERE due_at IS NOT NULL LIMIT 1")]
        for table in ("cases", "resubmissions", "status_changes"):
            db.execute(
                f"UPDATE {table} SET version = version + 1 WHERE id IN (?, ?, ?)",  # noqa: S608 - constants above
                victims,
            )
        db.commit()
    with closing(SqliteLedger(path)) as ledger:
        assert {flaw.subject_id for flaw in ledger.find_flaws()} == set(victims)


class Killed(BaseException):
    """The process ends here."""


def dying(dies_at: int) -> tuple[MigrationStep, ...]:
    """The steps of the last migration, of which one kills the process."""

    def die(_: sqlite3.Connection) -> None:
        raise Killed

    return (*MIGRATIONS[-1][:dies_at], die)


def dump_of(path: Path) -> list[str]:
    """All that a file holds, as SQL."""
    with closing(sqlite3.connect(path)) as db:
        return list(db.iterdump())


# Older than version 0.1

ERRAND = {
    "order_number": "1042",
    "connection": "shop",
    "integration": "acme",
    "remote_id": "1042",
    "asked_by": "Ann",
    "state": "done",
    "opened_at": "2026-01-05T09:00:00+00:00",
    "updated_at": "2026-01-05T09:00:00+00:00",
    "due_at": None,
    "person": "Ben",
}


def test_rows_of_one_number_from_before_there_was_a_chain_become_cases_of_several(tmp_path: Path) -> None:
    path = tmp_path / "older.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        migrate(db, "ledger_schema", MIGRATIONS[:5], str(path))
        resubmission = {**ERRAND, "id": "r1", "original_id": "1", "original_number": "1041"}
        change = {**ERRAND, "id": "s1", "order_id": "1", "status": "held", "chain": ["a rule"]}
        db.execute(
            "INSERT INTO resubmissions VALUES (1, 'r1', '1042', '1', 'shop', 3, NULL, ?)", (json.dumps(resubmission),)
        )
        db.execute(
            "INSERT INTO status_changes VALUES (1, 's1', 'a key', '1', 'shop', 3, NULL, ?)", (json.dumps(change),)
        )
    with closing(SqliteLedger(path)) as ledger:
        again, held = ledger.case("r1", ResubmitCase), ledger.case("s1", StatusCase)
        assert (again.order_id, again.role, held.role) == ("1", ConnectionRole.FULFILLMENT, ConnectionRole.CART)
        assert again.evidence == held.evidence == Evidence(EvidenceKind.PERSON, person="Ben")
        assert (held.caused_by_rules, held.requested_by) == (("a rule",), "Ann")
        assert list(ledger.find_flaws()) == []
        assert ledger.open_case(evolve(held, id="s2"), "a key") == (held, False)
        assert ledger.open_case(evolve(again, id="r2"), "1042 at shop") == (again, False)
    with closing(sqlite3.connect(path)) as db:
        assert "Ben" not in str(db.execute("SELECT data FROM cases").fetchall())


def test_a_backup_of_the_old_ledger_is_put_back_and_goes_on(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "restored.db"
    restored = restore(path, target, datetime.fromisoformat(EXPECTED["now"]))
    with closing(SqliteLedger(target)) as ledger:
        assert list(ledger.find_flaws()) == []
        unknown = [case for case in ledger.cases(Case) if "older state" in (case.message or "")]
        assert len(unknown) == restored.distrusted > 0
        assert {case.state for case in unknown} == {State.UNKNOWN, State.ACTION_REQUIRED}
        assert ledger.next_due() is not None


def test_a_registration_that_an_older_program_writes_beside_a_newer_one_is_found_by_its_order(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    registration = Registration("REG-1", "ORD-1", "phone", datetime(2026, 5, 1, tzinfo=UTC))
    with closing(SqliteLedger(path)) as ledger:
        before = ledger.order_version("ORD-1")
        with closing(sqlite3.connect(path, isolation_level=None)) as older:
            older.execute("INSERT INTO registrations (id, data) VALUES (?, ?)", (registration.id, dump(registration)))
        assert ledger.registrations(order_id="ORD-1") == (registration,)
        assert ledger.registrations(order_id="ORD-2") == ()
        assert ledger.order_version("ORD-1") != before
