"""`ledger`, `forget`, and what `receipt` and `doctor` say of a ledger that somebody has written into."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from orderdesk_devkit.cli.sandbox import running
from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger

LEDGER = Path("orderdesk-sandbox.db")


def ask(*arguments: str, code: int = 0) -> Any:
    ran = CliRunner().invoke(orderdesk, [*arguments, "--json"])
    assert ran.exit_code == code, ran.output
    return json.loads(ran.stdout)


def shown(*arguments: str, code: int = 0) -> str:
    ran = CliRunner().invoke(orderdesk, list(arguments))
    assert ran.exit_code == code, ran.output
    return ran.output


def tamper(*statements: str) -> None:
    with closing(sqlite3.connect(LEDGER, isolation_level=None)) as stranger:
        for (name,) in stranger.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            stranger.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            assert stranger.execute(statement).rowcount, statement


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """1042 is canceled at Amazon, by its word; 1043 waits for it."""
    monkeypatch.chdir(tmp_path)
    Path("orders.json").write_text(SAMPLE_ORDERS, encoding="utf-8")
    with running(Path("orderdesk.toml"), VirtualClock(), port=0):
        ask("import", "orders.json")
        for number in ("1042", "1043"):
            ask("register", number, "--at", "amazon-mcf")
        ask("cancel", "1042", "--by", "Ann Archer", "--reason", "customer asked")
        ask("work", "--until-idle")
        ask("cancel", "1043", "--by", "Ann Archer", "--no-send")
        yield


def evidence() -> Any:
    ran = CliRunner().invoke(orderdesk, ["doctor", "--json"])
    return [found for found in json.loads(ran.stdout)["checks"] if found["code"] == "evidence"]


@pytest.mark.slow
def test_a_ledger_that_nobody_wrote_into_is_as_it_was_written() -> None:
    made = ask("receipt", "1042")
    (case,) = made["cancellations"][0]["cases"]
    assert (made["is_canceled"], made["flaws"], case["integrity"]["is_intact"]) == (True, [], True)
    (finding,) = evidence()
    assert (finding["status"], "entries of the history checked: unchanged" in finding["message"]) == ("ok", True)
    assert "entries of the history checked: unchanged" in shown("ledger", "verify")


@pytest.mark.slow
def test_a_verdict_that_somebody_wrote_is_loud_everywhere() -> None:
    tamper(
        "UPDATE cases SET state = 'canceled', due_at = NULL, data = json_set(data, '$.state', 'canceled', '$.proof',"
        ' json(\'{"kind":"polled status","attempt":1,"exchange":1}\')) WHERE order_number_is_1043'.replace(
            "order_number_is_1043", "data LIKE '%1043%'"
        )
    )
    made = ask("receipt", "1043")
    assert not made["is_canceled"]
    assert "is not what its history leads to" in made["flaws"][0]
    text = shown("receipt", "1043")
    assert "THE LEDGER WAS CHANGED OR DAMAGED. This receipt proves nothing." in text
    assert "Canceled at every place" not in text
    assert ask("receipt", "1042")["is_canceled"]
    (finding,) = evidence()
    assert (finding["status"], "changed or damaged" in finding["message"]) == ("failing", True)
    text = shown("ledger", "verify", code=1)
    assert "THE LEDGER WAS CHANGED OR DAMAGED:" in text
    assert "What to do: keep the file, and compare it with the last backup." in text
    assert ask("ledger", "backup", "evidence.db", code=1)["is_intact"] is False


def test_doctor_tells_a_few_flaws_of_many_and_ends() -> None:
    tamper("UPDATE history SET at = at + 1")
    assert 1 <= len(evidence()) <= 20


@pytest.mark.slow
def test_a_head_that_was_noted_tells_an_older_copy() -> None:
    ask("ledger", "backup", "older.db")
    ask("work", "--until-idle")
    head = ask("ledger", "verify")["head"]
    assert "checked: unchanged" in shown("ledger", "verify", "--head", head)
    shutil.copy("older.db", LEDGER)
    assert "the ledger never had the head" in shown("ledger", "verify", "--head", head, code=1)
    assert "is not the head of a ledger" in shown("ledger", "verify", "--head", "12:34", code=1)


def test_a_backup_is_put_in_the_ledgers_place_and_that_one_moved_away_with_its_log() -> None:
    ask("ledger", "backup", "backup.db")
    Path(f"{LEDGER}-wal").write_bytes(b"an old log")
    made = ask("ledger", "restore", "backup.db")
    with closing(SqliteLedger(Path(made["replaced_file"]))) as away:
        assert str(away.head()) == made["head"]
    names = sorted(file.name for file in Path().glob(f"{LEDGER}*"))
    assert names == [LEDGER.name, f"{LEDGER}.before-1"], "no old log lies beside it"
    assert LEDGER.stat().st_mode & 0o077 == 0
    assert ask("receipt", "1042")["is_canceled"]
    assert ask("ledger", "restore", "backup.db")["replaced_file"] == f"{LEDGER}.before-2"
    LEDGER.unlink()
    assert ask("ledger", "restore", "backup.db")["replaced_file"] is None
    LEDGER.write_bytes(b"damaged " * 1000)
    ask("ledger", "restore", "backup.db")
    assert ask("receipt", "1042")["is_canceled"]
    assert "the file exists already" in shown("ledger", "backup", "backup.db", code=1)


def test_nothing_is_restored_over_a_ledger_in_use_nor_from_what_is_no_sound_backup() -> None:
    ask("ledger", "backup", "backup.db")
    with closing(SqliteLedger(LEDGER)) as ledger:
        text = shown("ledger", "restore", "backup.db", code=1)
        assert "the ledger is in use" in text
        assert len(ledger.cases(CancelCase)) == 2
    Path("junk.db").write_bytes(b"junk " * 1000)
    assert "the file is no backup of a ledger" in shown("ledger", "restore", "junk.db", code=1)
    shutil.copy("backup.db", "changed.db")
    with closing(sqlite3.connect("changed.db", isolation_level=None)) as stranger:
        stranger.execute("DROP TRIGGER cases_are_changed_with_history")
        stranger.execute("UPDATE cases SET version = 9")
    assert "the backup was changed or damaged" in shown("ledger", "restore", "changed.db", code=1)
    assert ask("receipt", "1042")["is_canceled"]
    assert list(Path().glob("*.before-*")) == []


@pytest.mark.slow
def test_a_plain_copy_of_a_ledger_in_use_is_no_ledger_for_doctor_either() -> None:
    with closing(SqliteLedger(LEDGER)) as ledger:
        ledger.append(ledger.cases(CancelCase)[0], ["in the log alone"], if_unchanged=True)
        shutil.copy(LEDGER, "copy.db")
    Path("copy.toml").write_text('[ledger]\nurl = "sqlite:///copy.db"\n', encoding="utf-8")
    for command in (["doctor"], ["cases"]):
        text = shown("--config", "copy.toml", *command, code=1)
        assert "no complete ledger" in text
        assert "orderdesk ledger backup" in text
    assert sorted(ask("--config", "copy.toml", "ledger", "accept")) == ["file", "head"]
    shown("--config", "copy.toml", "cases")


@pytest.mark.slow
def test_doctor_tells_of_files_that_others_may_read() -> None:
    LEDGER.chmod(0o644)
    ran = CliRunner().invoke(orderdesk, ["doctor", "--json"])
    warned = [found for found in json.loads(ran.stdout)["checks"] if found["code"] == "ledger"]
    assert ["other users of this machine" in found["message"] for found in warned] == [True, False]
    LEDGER.chmod(0o600)
    assert Path("orderdesk.toml").stat().st_mode & 0o077 == 0, "credentials stand in it"


PERSONAL = ("Ann Archer", "customer asked", "Mara", "mara.moon")


def everything() -> str:
    files = [LEDGER, *(LEDGER.with_name(f"{LEDGER}{end}") for end in ("-wal", "-shm"))]
    return "".join(file.read_bytes().decode("latin-1") for file in files if file.exists())


def test_a_receipt_is_had_a_page_at_a_time() -> None:
    def history(document: Any) -> list[Any]:
        return list(document["cancellations"][0]["cases"][0]["history"])

    whole = ask("receipt", "1042")
    page = ask("receipt", "1042", "--limit", "3")
    rest = ask("receipt", "1042", "--after", str(page["next_after"]))
    assert whole["next_after"] is rest["next_after"] is None
    assert len(history(page)) == 3
    assert history(page) + history(rest) == history(whole)
    assert page["is_canceled"], "what the receipt says does not depend on the page"
    assert f"--after {page['next_after']} shows the next" in shown("receipt", "1042", "--limit", "3")


@pytest.mark.slow
def test_a_person_can_be_forgotten_and_the_proof_stays() -> None:
    ask("withdraw", "1043@amazon-mcf", "--by", "Ann Archer")
    before = ask("receipt", "1042")
    person = json.loads(SAMPLE_ORDERS)[0]["shipping"]
    texts = [person["first_name"], person["address1"], json.loads(SAMPLE_ORDERS)[0]["email"], "customer asked"]
    assert all(text in everything() for text in texts)
    gave = ask("forget", "1042", "--by", "Ben")
    assert (gave["order_number"], gave["histories"]) == ("1042", 1)
    after = ask("receipt", "1042")
    assert (after["is_canceled"], after["flaws"]) == (True, [])
    (case,) = after["cancellations"][0]["cases"]
    assert case["integrity"]["texts_removed"]
    assert case["history"][-1] | {"at": None, "sequence": None} == {
        "sequence": None,
        "at": None,
        "summary": "texts removed",
        "message": "personal texts were removed by Ben",
        "person": None,
        "exchange": None,
    }
    assert after["cancellations"][0]["cancellation"]["requested_by"] == "(removed)"
    assert case["evidence"]["exchange"]["body"] == "(removed)"
    assert (
        case["evidence"]["exchange"]["status"]
        == before["cancellations"][0]["cases"][0]["evidence"]["exchange"]["status"]
        == 200
    )
    left = [text for text in texts if text in everything()]
    assert left == []
    assert "personal texts were removed by Ben" in shown("receipt", "1042")
    assert evidence()[0]["status"] == "ok"


def test_nobody_is_forgotten_while_something_is_open() -> None:
    text = shown("forget", "1043", "--by", "Ben", code=1)
    assert "a case of this order is open and needs its texts" in text
    assert ask("receipt", "1043")["cancellations"][0]["cancellation"]["requested_by"] == "Ann Archer"


def test_texts_that_somebody_took_away_without_saying_so_are_told() -> None:
    tamper("UPDATE history SET texts = NULL WHERE kind = 'exchange'")
    assert "nothing says who removed it" in ask("receipt", "1042")["flaws"][0]
