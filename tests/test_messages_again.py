"""A message that comes again does nothing: signed once, replayed for ever."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.exchange import Exchange
from orderdesk_sdk.clock import VirtualClock, hours, minutes
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.notifications import LARGEST
from orderdesk_sdk.errors import InputError, LedgerError, UntrustedMessage
from orderdesk_sdk.orders.order import Placement
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.service import Service
from orderdesk_sdk.plugin.webhooks import LONGEST_NAME, Hint, HintKind, Message
from orderdesk_sdk.stores.sqlite import messages
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from tests.support.fake_services import Mill, TownSettings, Village, VillageOpener, note

CANCELED, CHANGED = HintKind.CANCELED, HintKind.CHANGED


def calls(desk: Desk) -> int:
    history = [entry.content for case in desk.cases() for entry in desk.ledger.history(case.id)]
    return sum(isinstance(content, Exchange) for content in history)


def lines(desk: Desk) -> int:
    return sum(len(desk.ledger.history(case.id)) for case in desk.cases())


@pytest.mark.parametrize("kind", HintKind)
def test_a_message_replayed_two_hundred_times_does_nothing_after_the_first(
    village_desk: VillageOpener, village: Village, kind: HintKind
) -> None:
    desk = village_desk(at=["mill"])
    desk.cancel("1042", by="Ann")
    message = note("1042", kind, delivery="d-1")
    desk.receive("mill", message)
    before = (calls(desk), lines(desk), desk.cases())
    for _ in range(200):
        (heard,) = desk.receive("mill", message)
        assert heard.text == "it came before, so nothing is looked into again"
        assert heard.case == desk.cases()[-1]
    assert (calls(desk), lines(desk), desk.cases()) == before


def test_what_was_withdrawn_is_not_opened_again_by_the_same_message(
    village_desk: VillageOpener, village: Village
) -> None:
    desk = village_desk(at=["mill"])
    village.status["mill", "1042"] = "shipped"
    for _ in range(20):
        desk.receive("mill", note("1042", CANCELED))
    assert [case.state for case in desk.cases()] == [State.WITHDRAWN]


def test_headers_that_nobody_signed_make_no_new_message(village_desk: VillageOpener) -> None:
    desk = village_desk(at=["mill"])
    desk.cancel("1042", by="Ann")
    message = note("1042", CHANGED)
    desk.receive("mill", message)
    before = calls(desk)
    for number in range(20):
        headers = {**message.headers, "x-forwarded-for": str(number), "x-webhook-id": f"w-{number}"}
        desk.receive("mill", Message(headers, message.body))
    assert calls(desk) == before


def test_the_next_process_knows_what_came_to_the_one_before(village_desk: VillageOpener) -> None:
    desk = village_desk(at=["mill"])
    desk.cancel("1042", by="Ann")
    desk.receive("mill", note("1042", CHANGED))
    before = calls(desk)
    again = village_desk()
    again.receive("mill", note("1042", CHANGED))
    assert calls(again) == before


def test_of_many_at_once_one_is_looked_into(village_desk: VillageOpener) -> None:
    desks = [village_desk(at=["mill"]), village_desk()]
    desks[0].cancel("1042", by="Ann")
    before = calls(desks[0])
    message = note("1042", CHANGED)
    with ThreadPoolExecutor(16) as pool:
        heard = list(pool.map(lambda number: desks[number % 2].receive("mill", message)[0], range(64)))
    assert calls(desks[0]) == before + 1
    assert sum("it came before" not in one.text for one in heard) == 1


def test_another_message_of_the_same_kind_is_looked_into(village_desk: VillageOpener) -> None:
    desk = village_desk(at=["mill"])
    desk.cancel("1042", by="Ann")
    before = calls(desk)
    for number in range(3):
        desk.receive("mill", note("1042", CHANGED, delivery=f"d-{number}"))
    assert calls(desk) > before


def test_the_same_bytes_at_another_connection_are_another_message(village_desk: VillageOpener) -> None:
    desk = village_desk(at=["mill", "cart"])
    texts = [desk.receive(name, note("1042", CANCELED))[0].text for name in ("mill", "cart")]
    assert texts == ["read back", "read back"]


def test_what_could_not_be_looked_into_may_come_again(village_desk: VillageOpener) -> None:
    desk = village_desk(at=["mill"])
    placements = desk.host.placements

    def troubled(order_id: str) -> tuple[Placement, ...]:
        raise InputError(f"{order_id} is locked")

    desk.host.placements = troubled  # type: ignore[method-assign]  # trouble of whatever kind
    assert "not looked into" in desk.receive("mill", note("1042", CANCELED))[0].text
    desk.host.placements = placements  # type: ignore[method-assign]
    assert desk.receive("mill", note("1042", CANCELED))[0].text == "read back"


def test_what_the_ledger_could_not_keep_may_come_again(village_desk: VillageOpener) -> None:
    desk = village_desk(at=["mill"])
    opened = desk.ledger.open

    def full(*_: object) -> None:
        raise LedgerError("the disk is full")

    desk.ledger.open = full  # type: ignore[assignment]  # so that the sender sends it again
    with pytest.raises(LedgerError):
        desk.receive("mill", note("1042", CANCELED))
    desk.ledger.open = opened  # type: ignore[method-assign]
    assert desk.receive("mill", note("1042", CANCELED))[0].text == "read back"


def test_whoever_died_over_a_message_keeps_nobody_from_it_for_long(
    village_desk: VillageOpener, clock: VirtualClock
) -> None:
    desk = village_desk(at=["mill"])
    desk.ledger.settle_messages = lambda *_: None  # type: ignore[method-assign]  # the process "dies" before that
    desk.receive("mill", note("1042", CHANGED))
    again = village_desk()
    assert "it came before" in again.receive("mill", note("1042", CHANGED))[0].text
    clock.advance(minutes(6))
    assert again.receive("mill", note("1042", CHANGED))[0].text == "nothing to look into"


def test_a_message_about_nobody_s_order_does_nothing_and_leaves_nothing(village_desk: VillageOpener) -> None:
    desk = village_desk(at=["mill"])

    def untouched(*_: object) -> frozenset[str]:
        raise AssertionError("nothing is remembered of it")

    desk.ledger.take_messages = untouched  # type: ignore[assignment]
    for _ in range(3):
        (heard,) = desk.receive("mill", note("9999", CANCELED))
        assert (heard.order_number, heard.case) == (None, None)
    assert desk.cases() == ()
    with pytest.raises(UntrustedMessage):
        desk.receive("mill", note("1042", CANCELED, key="guessed"))


def test_a_message_without_end_is_refused_before_anything_reads_it(village_desk: VillageOpener) -> None:
    desk = village_desk(at=["mill"])
    with pytest.raises(InputError, match="at most 5,000,000 are taken"):
        desk.receive("mill", Message(note("1042", CANCELED).headers, b" " * (LARGEST + 1)))


def test_what_is_remembered_is_bounded_and_forgotten_after_a_month(
    village_desk: VillageOpener, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "REMEMBERED", 5)
    ledger = village_desk(at=["mill"]).ledger
    assert isinstance(ledger, SqliteLedger)

    def came(name: str) -> bool:
        taken = ledger.take_messages("mill", [name], clock.now())
        ledger.settle_messages("mill", taken, ())
        clock.advance(minutes(1))
        return not taken

    assert [came(f"m-{number}") for number in range(9)] == [False] * 9
    assert came("m-8")
    assert not came("m-0"), "the oldest are forgotten"
    clock.advance(hours(31 * 24))
    assert not came("m-8")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("d-1", "d-1"),
        ("d\n\x1b[31m1\x00\u202e", "d [31m1"),
        ("x" * 5000, "x" * LONGEST_NAME),
        ("\n \t", None),
        ("", None),
        (None, None),
    ],
)
def test_the_name_of_a_delivery_is_cut_and_cleaned(said: str | None, kept: str | None) -> None:
    assert Hint("1042", CANCELED, said).delivery == kept


def test_a_delivery_with_line_breaks_writes_no_line_of_its_own(village_desk: VillageOpener) -> None:
    class Chatty(Mill):
        @hookimpl
        def orderdesk_receive(self, message: Message, service: Service[TownSettings]) -> Sequence[Hint]:
            return [Hint("1042", CANCELED, json.loads(message.body))]

    desk = village_desk(Chatty(), at=["mill"])
    desk.receive("mill", Message({}, json.dumps("d-1\n\ncanceled\x1b[0m" + "x" * 999).encode()))
    (wish,) = desk.ledger.cancellations("id-1042")
    assert wish.asked_by.startswith("a message from mill, delivery d-1 canceled [0mxxx")
    assert len(wish.asked_by) <= LONGEST_NAME + 40
