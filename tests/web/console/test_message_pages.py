"""What came in, in the console: listed by state, looked at, and tried again by a supervisor."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from attrs import evolve
from click.testing import CliRunner

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.audit import AuditAction
from orderdesk_sdk.cases.messages import InboundMessage, MessageSource, MessageState
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.clock import hours, minutes
from tests.web.conftest import WebShop
from tests.web.console.conftest import page_of, press

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def ann(web_shop: WebShop) -> Iterator[httpx.Client]:
    with web_shop.signed_in(Role.SUPERVISOR, "Ann") as client:
        yield client


@pytest.fixture
def failed(web_shop: WebShop) -> str:
    """The id of a message that failed, of 51 that came in."""
    desk, now = web_shop.desk, web_shop.desk.clock.now()
    made = [
        InboundMessage(
            id=f"m{number:02}",
            source=MessageSource.webhook("mill"),
            subject=f"{number}{HOSTILE}",
            digest=f"{number}",
            received_at=now + minutes(number),
            order_id="id-1042" if number == 0 else None,
            next_try_at=now,
        )
        for number in range(51)
    ]
    desk.ledger.store_messages(made, 100)
    (first,) = [one for one in desk.ledger.claim_messages(now, now + hours(1), 100) if one.id == "m00"]
    desk.ledger.update_message(evolve(first, state=MessageState.FAILED, next_try_at=None, result=HOSTILE))
    return first.id


def test_messages_are_listed_newest_first_by_state_and_page(ann: httpx.Client, failed: str) -> None:
    first = page_of(ann, "/messages")
    assert len(first.one("tbody").all("tr")) == 50
    (following,) = first.all("a", rel="next")
    rest = page_of(ann, following.attributes["href"])
    assert [one.attributes["href"] for one in rest.one("tbody").all("a")] == [f"/messages/{failed}"]
    assert not rest.all("img"), "no text of somebody else's is markup"
    assert len(page_of(ann, "/messages?state=failed").one("tbody").all("tr")) == 1
    assert "No message is in this state" in page_of(ann, "/messages?state=refused").text
    assert len(page_of(ann, "/messages?before=yesterday&state=nonsense").one("tbody").all("tr")) == 50


def test_an_empty_list_names_a_command_that_there_is(ann: httpx.Client) -> None:
    shown = page_of(ann, "/messages").one("pre").text.split()
    help_text = CliRunner().invoke(orderdesk, [*shown[1:], "--help"])
    assert (shown[0], help_text.exit_code) == ("orderdesk", 0)


def test_a_message_is_looked_at_and_tried_again(web_shop: WebShop, ann: httpx.Client, failed: str) -> None:
    page = page_of(ann, f"/messages/{failed}")
    assert web_shop.desk.audit.list(1)[0].record.action is AuditAction.MESSAGE_VIEWED
    assert page.all("a", href="/orders/id-1042")
    assert press(ann, page, f"/messages/{failed}/retry").status_code == 303
    assert web_shop.desk.messages.get(failed).state is MessageState.RECEIVED
    assert press(ann, page, f"/messages/{failed}/retry").status_code == 409
    with web_shop.signed_in(Role.OPERATOR, "Olga") as olga:
        assert not [
            one for one in page_of(olga, f"/messages/{failed}").all("form") if "retry" in one.attributes["action"]
        ]
