"""A service's mail is filed as proof: from a file or stdin, with the name of who read it, or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from orderdesk_devkit.cli.sandbox import running
from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_sdk.cases.evidence import Evidence, EvidenceKind
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.stores.serialization import dump, load

CASE = "1043@mww"


class Shop:
    """The command line in a folder with a sandbox; order 1043 was asked for at MWW by e-mail."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock

    def run(self, *arguments: str, code: int = 0, stdin: bytes | None = None) -> Result:
        ran = CliRunner().invoke(orderdesk, list(arguments), input=stdin)
        assert ran.exit_code == code, ran.output
        return ran

    def ask(self, *arguments: str, code: int = 0, stdin: bytes | None = None) -> Any:
        return json.loads(self.run(*arguments, "--json", code=code, stdin=stdin).stdout)

    @property
    def case(self) -> Any:
        return self.ask("receipt", "1043", code=0)["cancellations"][0]["cases"][0]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.chdir(tmp_path)
    Path("orders.json").write_text(SAMPLE_ORDERS, encoding="utf-8")
    clock = VirtualClock()
    with running(Path("orderdesk.toml"), clock):
        with Path("orderdesk.toml").open("a", encoding="utf-8") as config:
            config.write('[email]\nsender = "Shop <orders@lantern.example>"\nmode = "draft"\n')
        made = Shop(clock)
        made.run("import", "orders.json", "--by", "Ann")
        made.run("register", "1043", "--at", "mww")
        clock.advance(minutes(3))
        made.run("cancel", "1043", "--by", "Ann", code=3)
        yield made


def mail(answers: str = "", text: str = "It is canceled.") -> bytes:
    replied = f"In-Reply-To: {answers}\n" if answers else ""
    head = "From: MWW <support@mww.example>\nDate: Mon, 05 Jan 2026 09:20:00 +0000\nSubject: Re: 1043\n"
    return f"{head}Message-ID: <774@mww.example>\n{replied}\n{text}\n".encode()


def test_an_answer_to_our_mail_is_the_proof(shop: Shop) -> None:
    identity = shop.ask("cases", "1043")["cases"][0]["id"]
    Path("answer.eml").write_bytes(mail(f"<{identity}.1@lantern.example>"))
    case = shop.ask("confirm", CASE, "--by", "Ben", "--email", "answer.eml")["case"]
    assert (case["state"], case["evidence"]) == ("canceled", "email")
    proof = shop.case["evidence"]
    assert (proof["kind"], proof["person"]) == ("email", "Ben")
    assert proof["email"]["in_reply_to"] == f"<{identity}.1@lantern.example>"
    assert (proof["email"]["in_reply_to_case"], proof["email"]["mentioned_order_number"]) == (identity, None)
    assert (proof["email"]["from"], proof["email"]["message_id"]) == (
        "MWW <support@mww.example>",
        "<774@mww.example>",
    )
    page = shop.run("receipt", "1043").stdout
    assert 'e-mail from MWW <support@mww.example>, "Re: 1043", 5 Jan' in page
    assert f"in reply to our e-mail <{identity}.1@lantern.example>; filed by Ben" in page
    assert "It is canceled." in page, "its words stand in the history"


def test_a_mail_that_names_none_of_ours_counts_on_the_persons_judgement(shop: Shop) -> None:
    shop.run("reject", CASE, "--by", "Ben", "--email", "-", "--reason", "shipped", stdin=mail("<else@where.example>"))
    proof = shop.case["evidence"]
    assert (proof["kind"], proof["email"]["in_reply_to"]) == ("email", None)
    assert proof["email"]["mentioned_order_number"] == "1043"
    page = " ".join(shop.run("receipt", "1043").stdout.split())
    assert "about order 1043, not in reply to an e-mail of ours, matched to this case by Ben; filed by Ben" in page


@pytest.mark.parametrize("mark", ["Auto-Submitted: auto-replied", "Precedence: bulk", "Return-Path: <>"])
def test_what_no_person_wrote_leaves_the_case_as_it_was(shop: Shop, mark: str) -> None:
    before = shop.ask("cases", "1043")
    raw = f"{mark}\n".encode() + mail()
    wrong = shop.ask("confirm", CASE, "--by", "Ben", "--email", "-", code=1, stdin=raw)["error"]
    assert "no person wrote this mail" in wrong["message"]
    assert "your own word" in wrong["hint"]
    assert shop.ask("cases", "1043") == before


def test_a_mail_is_no_evidence_without_who_read_it(shop: Shop) -> None:
    assert "--by" in shop.run("confirm", CASE, "--email", "-", code=2, stdin=mail()).stderr
    wrong = shop.ask("confirm", CASE, "--by", " ", "--email", "-", code=1, stdin=mail())["error"]
    assert (wrong["kind"], wrong["location"]) == ("ValidationError", None)


@pytest.mark.parametrize("raw", [b"", b"\x00\xff" * 50, mail(text="")])
def test_what_is_no_mail_leaves_the_case_as_it_was(shop: Shop, raw: bytes) -> None:
    before = shop.ask("cases", "1043")
    wrong = shop.ask("confirm", CASE, "--by", "Ben", "--email", "-", code=1, stdin=raw)["error"]
    assert (wrong["kind"], wrong["location"]) == ("ValidationError", "the message")
    assert shop.ask("cases", "1043") == before


def test_no_secret_of_the_connection_is_kept_from_a_mail(shop: Shop) -> None:
    shop.run("confirm", CASE, "--by", "Ben", "--email", "-", stdin=mail(text="your key is simulated-mww-key"))
    assert "[hidden]" in shop.run("receipt", "1043").stdout
    kept = b"".join(file.read_bytes() for file in Path().glob("orderdesk-sandbox.db*"))
    assert b"your key is" in kept
    assert b"simulated-mww-key" not in kept


def test_a_case_may_be_named_by_order_and_connection(shop: Shop) -> None:
    assert shop.ask("poll", CASE, code=3)["case"]["connection"] == "mww"
    assert shop.ask("poll", "1043@nowhere", code=1)["error"]["kind"] == "NotFoundError"


def test_a_proof_is_kept_as_it_was_before_there_were_messages() -> None:
    at = datetime(2026, 1, 5, tzinfo=UTC)
    event = Event(EventKind.CANCELED, at, person="Ann", evidence=Evidence(EvidenceKind.PERSON, person="Ann"))
    row = json.loads(dump(event))
    assert row["evidence"] == {"kind": "person", "person": "Ann"}
    assert load(json.dumps(row), Event) == event


def test_a_message_without_a_person_is_no_proof() -> None:
    with pytest.raises(ValueError, match="name of the person"):
        Evidence(EvidenceKind.EMAIL)
    with pytest.raises(ValueError, match="belongs to the kind"):
        Evidence(EvidenceKind.EMAIL, person="Ann")
