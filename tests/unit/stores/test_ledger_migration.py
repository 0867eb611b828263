"""A ledger that version 0.1 wrote opens, is whole, and everything open in it goes on and ends as it would have.

tests/data/README.md says what is in it, and where the expectations come from.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.status_change import StatusCase
from orderdesk_sdk.clock import VirtualClock, hours, seconds
from orderdesk_sdk.desk.desk import Desk
from tests.support.ledger_services import KEY, Services, answered_by, open_ledger_desk

if TYPE_CHECKING:
    from orderdesk_sdk.transport.email.smtp import EmailConfig
    from tests.conftest import MailServer

DATA = Path(__file__).parent.parent.parent / "data"
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
    while True:
        report = desk.run_due()
        problems += report.problems
        if report.next_due is None or report.next_due > end:
            return tuple(problems)
        clock.advance(max(report.next_due - clock.now(), seconds(0)))


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
