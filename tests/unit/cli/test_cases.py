"""`cases`: a long list begins at once and is not held in memory, for people and as JSON."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.cli.session import find_case
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import NotFoundError, ValidationError
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from tests.support.builders import make_cancellation, make_case_of, make_resubmission, open_case

MANY = 1100


@pytest.fixture(autouse=True)
def cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[CancelCase]:
    monkeypatch.chdir(tmp_path)
    made = [
        make_case_of(
            make_cancellation(),
            number,
            connection=f"shop {number}",
            state=State.ACKNOWLEDGED if number % 2 else State.PENDING,
        )
        for number in range(MANY)
    ]
    with closing(SqliteLedger(Path("orderdesk.db"))) as ledger:
        ledger.open_cancellation(make_cancellation(), "", made)
    Path("orderdesk.toml").write_text("", encoding="utf-8")
    return made


def shown(*arguments: str) -> str:
    ran = CliRunner().invoke(orderdesk, ["cases", *arguments])
    assert ran.exit_code == 0, ran.output
    return ran.output


@pytest.mark.slow
def test_a_long_table_has_every_case_once_in_order_and_one_header(cases: list[CancelCase]) -> None:
    lines = shown("--limit", "100000").splitlines()
    assert lines[0].split() == ["case", "order", "connection", "state", "next", "due", "message"]
    assert [line.split()[0] for line in lines[1:-1]] == [case.id for case in cases]
    assert len({line.index("2026") if "2026" in line else line.index("5 Jan") for line in lines[200:1000]}) == 1
    assert [line.split()[0] for line in shown("--limit", "250").splitlines()[1:-2]] == [case.id for case in cases[:250]]


def test_a_page_is_printed_before_the_next_one_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    reading = SqliteLedger.cases
    limits: list[object] = []

    def cases(ledger: SqliteLedger, kind: type[CancelCase], **asked: object) -> object:
        limits.append(asked["limit"])
        if len(limits) == 3:
            raise KeyboardInterrupt
        return reading(ledger, kind, **asked)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(SqliteLedger, "cases", cases)
    ran = CliRunner().invoke(orderdesk, ["cases", "--limit", "100000"])
    assert ran.exit_code == 1
    assert len(ran.output.splitlines()) > 400
    assert set(limits) == {200}


@pytest.mark.parametrize("limit", [1, 200, 1000, 100_000])
def test_a_long_list_is_one_json_document(cases: list[CancelCase], limit: int) -> None:
    text = shown("--limit", str(limit), "--json")
    made = json.loads(text)
    assert [case["id"] for case in made["cases"]] == [case.id for case in cases[:limit]]
    assert text == json.dumps(made, indent=2) + "\n"


def test_the_next_page_begins_where_the_list_says(cases: list[CancelCase]) -> None:
    table = shown("--limit", "30")
    assert f"No more than 30 are shown; --after {cases[29].id} shows the next." in table
    page = json.loads(shown("--limit", "30", "--after", cases[29].id, "--json"))["cases"]
    assert [case["id"] for case in page] == [case.id for case in cases[30:60]]
    assert json.loads(shown("--after", cases[-1].id, "--json")) == {"cases": []}


def test_a_case_is_found_by_the_beginning_of_its_id_without_reading_the_others(
    cases: list[CancelCase], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SqliteLedger, "cases", None)
    with Desk.open() as desk:
        assert find_case(desk, cases[1099].id[:-1] + "9").id == cases[1099].id
        assert find_case(desk, "c1-109").id == "c1-109"
        with pytest.raises(ValidationError, match="5 or more case ids begin with this text"):
            find_case(desk, "c1")
        with pytest.raises(NotFoundError):
            find_case(desk, "c3")


def test_a_list_without_cases_is_one_too() -> None:
    assert shown("--state", "rejected", "--json") == json.dumps({"cases": []}, indent=2) + "\n"
    assert shown("--state", "rejected") == "No case matches.\n"


def test_cases_are_had_page_by_page_whatever_narrows_them(cases: list[CancelCase]) -> None:
    with closing(SqliteLedger(Path("orderdesk.db"))) as ledger:
        asked: list[CancelCase] = []
        while page := ledger.cases(
            CancelCase, states=[State.ACKNOWLEDGED], limit=100, after=asked[-1] if asked else None
        ):
            asked += page
        assert asked == [case for case in cases if case.state is State.ACKNOWLEDGED]
        assert len(ledger.cases(CancelCase)) == 1000
        assert len(ledger.cases(CancelCase, order_id="1")) == MANY, "of one order none may be missed"
        open_case(ledger, "2")
        assert [case.id for case in ledger.cases(CancelCase, after=cases[-1])] == ["c2-1"]


def test_cases_of_other_kinds_are_listed_too() -> None:
    with closing(SqliteLedger(Path("orderdesk.db"))) as ledger:
        ledger.open_case(make_resubmission("r1", message="waits"))
    table = shown("--kind", "resubmission").splitlines()
    assert [line.split()[0] for line in table[:-1]] == ["case", "r1"]
    assert "waits" in table[1]
    (case,) = json.loads(shown("--kind", "resubmission", "--json"))["cases"]
    assert case["kind"] == "resubmission"
    assert shown("--kind", "status-change").startswith("No case matches.")
    ran = CliRunner().invoke(orderdesk, ["cases", "--after", "r1"])
    assert (ran.exit_code, "is a case of the kind resubmission" in ran.output) == (2, True)
