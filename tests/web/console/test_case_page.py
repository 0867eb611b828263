"""One case in the console: what helps to decide, and each decision, with the session's user as its author."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.orders.order import Order, OrderLine
from orderdesk_sdk.web import step_up
from tests.support.html_pages import Element
from tests.web.conftest import WebShop, WebShopOpener
from tests.web.console.conftest import page_of, press

HOSTILE = "</script><script>alert(1)</script>\u202eevil"
MAIL = (
    "From: Sue <sue@phone.example>\r\nDate: Mon, 05 Jan 2026 10:00:00 +0000\r\nSubject: Re: {number}\r\n"
    "Message-ID: <1@phone.example>\r\n\r\nOrder {number} is canceled.\r\n"
)
EML = MAIL.format(number="1042").encode()


@pytest.fixture
def shop(open_web_shop: WebShopOpener) -> WebShop:
    """A shop whose order 1042 a person is to cancel by telephone, because of a hostile reason."""
    opened = open_web_shop(at=["phone"])
    opened.desk.cancel("1042", by=f"Ann {HOSTILE}", reason=HOSTILE)
    return opened


@pytest.fixture
def ann(shop: WebShop) -> Iterator[httpx.Client]:
    with shop.signed_in(Role.SUPERVISOR, "Ann") as client:
        yield client


def case_of(shop: WebShop) -> Case:
    (found,) = shop.desk.cases.list(order="1042")
    return found


def path_of(shop: WebShop) -> str:
    return f"/cases/{case_of(shop).id}"


def settle(client: httpx.Client, page: Element, path: str, email: bytes | None = None, **given: str) -> httpx.Response:
    """Send the form that says what the service said."""
    files = {"email": ("answer.eml", email, "message/rfc822")} if email is not None else {"email": ("", b"")}
    return client.post(f"{path}/settle", data=page.form(f"{path}/settle").sent(**given), files=files)


def test_the_page_has_what_helps_to_decide(shop: WebShop, ann: httpx.Client) -> None:
    page = page_of(ann, path_of(shop))
    assert "Call" in page.one("section", id="why").text
    assert "1042" in page.one("pre", id="copy-portal").text
    assert HOSTILE.replace("\u202e", "[U+202E]") in page.one("section", id="asked").text
    assert [one.text for one in page.all("script")] == [""], "no text of somebody else's is a script"
    assert shop.desk.audit.list(1)[0].record.detail == f"case {case_of(shop).id}", "that it was seen is recorded"


def test_a_person_confirms_on_their_own_word(shop: WebShop, ann: httpx.Client) -> None:
    path = path_of(shop)
    done = settle(ann, page_of(ann, path), path, verdict="confirm", note="Sue, by phone", by="Somebody Else")
    assert (done.status_code, done.headers["location"]) == (303, f"{path}?notice=settled")
    case = case_of(shop)
    assert case.evidence is not None
    assert (case.state, case.evidence.person, case.evidence.note) == (State.CANCELED, "Ann", "Sue, by phone")
    after = page_of(ann, path)
    assert "Sue, by phone" in after.one("section", id="proof").text
    assert not after.all("form", action=f"{path}/settle"), "nothing more is to be decided"


def test_a_filed_mail_is_the_evidence(shop: WebShop, ann: httpx.Client) -> None:
    path = path_of(shop)
    assert settle(ann, page_of(ann, path), path, EML, verdict="confirm").status_code == 303
    proof = case_of(shop).evidence
    assert proof is not None
    assert proof.email is not None
    assert (proof.email.sender, proof.person) == ("Sue <sue@phone.example>", "Ann")
    assert proof.email.digest in page_of(ann, path).one("section", id="proof").text


@pytest.mark.parametrize(
    ("mail", "why"),
    [
        (MAIL.format(number="1099").encode(), "does not name 1042, so"),
        (b"GIF89a", "no headers"),
        (b"PK\x03\x04" + b"\0" * 2000, "no headers"),
    ],
)
def test_a_mail_that_proves_nothing_is_refused_beside_what_was_filled_in(
    shop: WebShop, ann: httpx.Client, mail: bytes, why: str
) -> None:
    path = path_of(shop)
    refused = settle(ann, page_of(ann, path), path, mail, verdict="confirm", note="kept words")
    assert refused.status_code == 422
    assert why in refused.text
    assert "kept words" in refused.text
    assert case_of(shop).state is State.ACTION_REQUIRED


def test_a_rejection_needs_a_reason_of_the_list(shop: WebShop, ann: httpx.Client) -> None:
    path = path_of(shop)
    page = page_of(ann, path)
    for verdict in ("reject", "", "cancel"):
        assert settle(ann, page, path, verdict=verdict, rejection="because").status_code == 422
    assert settle(ann, page, path, verdict="reject", rejection="shipped").status_code == 303
    assert settle(ann, page, path, verdict="reject", rejection="shipped").status_code == 303, "the form came twice"
    assert case_of(shop).state is State.REJECTED
    assert settle(ann, page, path, verdict="confirm").status_code == 409, "and it is not settled otherwise"


def test_to_confirm_takes_a_fresh_sign_in(shop: WebShop, ann: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    path = path_of(shop)
    page = page_of(ann, path)
    monkeypatch.setattr(step_up, "is_stepped_up", lambda _: False)
    led = settle(ann, page, path, verdict="confirm")
    assert led.status_code == 303
    assert led.headers["location"].startswith("/step-up?next=%2Fcases%2F")
    assert case_of(shop).state is State.ACTION_REQUIRED
    assert settle(ann, page, path, verdict="reject", rejection="shipped").status_code == 303


def test_a_note_stands_in_the_history_once(shop: WebShop, ann: httpx.Client) -> None:
    path = path_of(shop)
    page = page_of(ann, path)
    for _ in range(2):
        assert press(ann, page, f"{path}/note", text=HOSTILE).status_code == 303
    notes = shop.desk.ledger.newest_notes(case_of(shop).id, 5)
    assert notes.count(f"Ann: {HOSTILE}") == 1
    assert press(ann, page, f"{path}/note", text=" ").status_code == 422
    assert press(ann, page, f"{path}/note", text="x" * 2001).status_code == 422


def test_what_is_not_possible_is_said_where_it_was_pressed(shop: WebShop, ann: httpx.Client) -> None:
    path = path_of(shop)
    page = page_of(ann, path)
    assert "nothing that can be asked" in page.text
    assert press(ann, page, f"{path}/withdraw").status_code in (303, 409)
    token = {"csrf": page.form(f"{path}/note").sent()["csrf"][0]}
    assert ann.post(f"{path}/poll", data=token).status_code == 409  # Pressed on a page from before, say.
    for action in ("accept", "refuse", "mark-seen"):
        answer = ann.post(f"{path}/{action}", data={**token, "refusal_reason": "shipped"})
        assert answer.status_code in (409, 422), action


def test_a_poll_costs_quota_and_is_limited_for_its_order(shop: WebShop, ann: httpx.Client) -> None:
    path = path_of(shop)
    page = page_of(ann, path)
    token = {"csrf": page.form(f"{path}/note").sent()["csrf"][0]}
    answers = [ann.post(f"{path}/poll", data=token) for _ in range(shop.desk.config.web.polls_per_minute + 1)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) >= 1


def test_an_alarm_is_taken_care_of_by_a_supervisor(shop: WebShop, ann: httpx.Client) -> None:
    shop.desk.notifications.report_shipped("1042", by="Ben")
    path = path_of(shop)
    assert "Shipped anyway" in page_of(ann, "/inbox").text
    with shop.signed_in(Role.OPERATOR, "Olga") as olga:
        assert "a supervisor may do this" in page_of(olga, path).one("section", id="seen").text
    assert press(ann, page_of(ann, path), f"{path}/mark-seen", done="called back").status_code == 303
    assert "Ann has taken care of it" in page_of(ann, path).text
    assert "Nothing waits for a person" in page_of(ann, "/inbox").text


def test_a_viewer_sees_all_and_may_do_nothing(shop: WebShop) -> None:
    with shop.signed_in(Role.VIEWER, "Vic") as vic:
        page = page_of(vic, path_of(shop))
    assert [one.attributes["action"] for one in page.all("form")] == ["/sign-out"]
    assert "your role is viewer" in page.text


def test_the_inbox_is_exported_without_formulas_and_that_is_recorded(shop: WebShop, ann: httpx.Client) -> None:
    got = ann.get("/inbox/export")
    assert got.headers["content-disposition"] == 'attachment; filename="inbox.csv"'
    assert '"Cancel","Order 1042","phone","action required"' in got.text
    assert shop.desk.audit.list(1)[0].record.subject == "inbox"
    assert "Export as CSV" in page_of(ann, "/inbox").text


def test_the_list_is_narrowed_by_kind_and_connection(open_web_shop: WebShopOpener) -> None:
    orders = [Order(f"id-{number}", f"{number}", lines=(OrderLine(1, code="MUG"),)) for number in range(1042, 1045)]
    shop = open_web_shop(orders=orders, at=["phone"])
    for order in orders[:2]:
        shop.desk.cancel(f"id:{order.id}", by="Ann")
    shop.desk.notifications.report_shipped("1042", by="Ben")
    with shop.signed_in(Role.VIEWER) as ann:
        everything = page_of(ann, "/inbox")
        assert [one.text.split(" at ")[0] for one in everything.all("p", class_="work-title")] == [
            "Order 1042",
            "Order 1043",
        ]
        assert "Order 1042" not in page_of(ann, "/inbox?kind=cancel").one("ol", class_="work-list").text
        assert "Order 1043" in page_of(ann, "/inbox?connection=phone&kind=cancel").text
        assert "Nothing of this kind waits" in page_of(ann, "/inbox?connection=cart").text
        assert len(page_of(ann, "/inbox?kind=nonsense&connection=none&offset=-1").all("li", class_="work-item")) == 2


def test_the_parts_that_change_by_themselves_are_fetched_without_being_recorded_as_seen(
    shop: WebShop, ann: httpx.Client
) -> None:
    path = path_of(shop)
    host = page_of(ann, path).one("div", class_="case-columns")
    assert host.attributes["data-events"].startswith("/events?order=id-1042&after=")
    before = shop.desk.audit.count()
    live = page_of(ann, host.attributes["data-live"])
    assert {one.attributes["data-live-part"] for one in live.all() if "data-live-part" in one.attributes} == {
        "navigation",
        "state",
        "told",
        "decisions",
    }
    assert shop.desk.audit.count() == before
    assert page_of(ann, "/inbox?kind=cancel").all("div", data_live="/inbox?kind=cancel")


def test_what_was_archived_is_said_and_where(shop: WebShop, ann: httpx.Client, tmp_path: Path) -> None:
    path = path_of(shop)
    settle(ann, page_of(ann, path), path, verdict="confirm")
    shop.desk.cases.archive(timedelta(0), tmp_path / "old.jsonl", by="Ann")
    page = page_of(ann, path)
    assert "old.jsonl" in page.one("section", id="history").text
    assert "canceled" in page.one("p", class_="lead").text
