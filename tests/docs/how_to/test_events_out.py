"""docs/how-to/events-out.md is run as it stands: an endpoint, its receiver, and what to do when nothing is taken."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.event_webhooks import EventType
from orderdesk_sdk.cases.ledger import CaseUpdate
from orderdesk_sdk.cases.state_machine import transition
from orderdesk_sdk.desk.desk import Desk
from tests.support.builders import ACKNOWLEDGED, SENT, open_case
from tests.support.event_receiver import EventReceiver, ReceivedRequest, receiving
from tests.unit.stores.test_hash_chain import CANCELED

if TYPE_CHECKING:
    from orderdesk_sdk.clock import VirtualClock
    from tests.docs.how_to.conftest import Pages

PAGE = "events-out.md"


def cancel(desk: Desk) -> None:
    """A case is opened and canceled."""
    open_case(desk.ledger)
    for event in (SENT, ACKNOWLEDGED, CANCELED):
        case = desk.ledger.case("c1-1", CancelCase)
        desk.ledger.write(CaseUpdate(case, transition(case, event).case, [event]))


def test_the_page_works_as_it_is_written(
    story: VirtualClock, page_blocks: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERDESK_SECRETS_KEY", "a key of the tests that nobody guesses")
    table, add, said, example, receiver, *others = page_blocks(PAGE)
    table.write()
    with monkeypatch.context() as patched:
        patched.setattr(
            "orderdesk_sdk.desk.event_webhooks.service.secrets", SimpleNamespace(token_hex=lambda _: "5b1c9a3f07de")
        )
        shown = add.run_shell()
        said.check(re.sub(r"whsec_\S{44}", "whsec_SECRET", shown))
        for block in others:
            assert block.run_shell()
    with Path("orderdesk.toml").open("a", encoding="utf-8") as config:
        config.write("[sandbox]\n")
    with receiving() as heard, Desk.open() as desk:
        _, secret = desk.event_webhooks.add(heard.url, by="Ann")
        monkeypatch.setenv("WEBHOOK_SECRET", secret.reveal())
        names: dict[str, Any] = {"__name__": "main"}
        receiver.run(names)
        take_events(desk, heard, names)
        (canceled,) = [one for one in heard.requests if one.content["type"] == "case.canceled"]
        shape = json.loads(example.take())
        assert {**shape, "data": set(shape["data"])} == {
            **shape,
            "type": canceled.content["type"],
            "data": set(canceled.content["data"]),
        }


def take_events(desk: Desk, heard: EventReceiver, names: dict[str, Any]) -> None:
    """Let the receiver of the page take what happens, and what a forger sends."""
    answered: list[int] = []

    def answer(request: ReceivedRequest) -> int:
        answered.append(names["receive"](request.headers, request.body))
        return answered[-1]

    heard.answers(answer)
    cancel(desk)
    for _ in range(3):
        desk.run_due()
        desk.event_webhooks.wait_until_idle()
    assert set(answered) == {204}
    assert names["canceled"] == ["101"]
    first = heard.requests[0]
    assert names["receive"](first.headers, first.body) == 204, "it came twice"
    assert names["receive"](first.headers, first.body + b" ") == 401
    assert names["canceled"] == ["101"]


def test_the_page_names_every_type_of_events(page_blocks: Pages) -> None:
    page = page_blocks(PAGE)[0].page.read_text(encoding="utf-8")
    assert [each.value for each in EventType if f"`{each.value.removeprefix('case.')}`" not in page] == [
        EventType.REQUESTED.value
    ]
