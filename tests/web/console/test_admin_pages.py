"""The pages on which the desk is looked after: users, tokens, audit log, rules, matrix, health."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import httpx
import pytest

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.audit import AuditAction
from orderdesk_sdk.web import step_up
from tests.web.conftest import WebShop
from tests.web.console.conftest import page_of, press


@pytest.fixture
def ada(web_shop: WebShop) -> Iterator[httpx.Client]:
    with web_shop.signed_in(Role.ADMIN, "Ada") as client:
        yield client


# Users


def test_a_user_is_added_changed_and_let_in_by_a_link_that_is_shown_once(web_shop: WebShop, ada: httpx.Client) -> None:
    users = web_shop.desk.access.users
    page = page_of(ada, "/users")
    assert press(ada, page, "/users/add", name="Vic", role="viewer").status_code == 303
    assert press(ada, page, "/users/add", name="vic", role="viewer").status_code == 409
    assert press(ada, page, "/users/add", name="Wes", role="owner").status_code == 422
    token = {"csrf": page.form("/users/add").sent()["csrf"][0], "name": "Vic"}
    assert ada.post("/users/role", data={**token, "role": "operator"}).status_code == 303
    assert users.get("Vic").role is Role.OPERATOR
    made = ada.post("/users/link", data=token)
    assert (made.status_code, made.headers["cache-control"]) == (200, "no-store")
    link = page_of(ada, "/users")
    assert "/sign-in/" not in link.text, "it is shown once"
    assert ada.post("/users/disable", data=token).status_code == 303
    assert users.get("Vic").is_disabled
    assert "disabled" in page_of(ada, "/users").text
    assert ada.post("/users/enable", data=token).status_code == 303
    last_admin = ada.post("/users/role", data={**token, "name": "Ada", "role": "viewer"})
    assert last_admin.status_code == 409
    assert users.get("Ada").role is Role.ADMIN


def test_no_password_comes_back(web_shop: WebShop, ada: httpx.Client) -> None:
    password = "a-long-secret-canary-1042"
    page = page_of(ada, "/users")
    refused = press(ada, page, "/users/add", name="Ada", role="viewer", password=password, identity="ada@example.com")
    assert refused.status_code == 409
    assert password not in refused.text
    assert "ada@example.com" in refused.text, "what is no secret is kept for another try"
    assert press(ada, page, "/users/add", name="Pia", role="viewer", password="short").status_code == 422
    assert all(password not in str(entry) for entry in web_shop.desk.audit.list(100))


# Tokens


def test_a_token_is_shown_once_and_revoked(web_shop: WebShop, ada: httpx.Client) -> None:
    page = page_of(ada, "/tokens")
    assert "No tokens yet" in page.text
    made = press(ada, page, "/tokens/create", name="shop-sync", role="operator", days="30", connection="mill")
    assert (made.status_code, made.headers["cache-control"]) == (200, "no-store")
    (text,) = [word for word in made.text.replace("<", " ").replace(">", " ").split() if word.startswith("odsk_")]
    found = web_shop.desk.access.api_tokens.find(text)
    assert found is not None
    assert (found.name, found.role, found.connections, found.created_by) == (
        "shop-sync",
        Role.OPERATOR,
        ("mill",),
        "Ada",
    )
    after = ada.get("/tokens")
    assert text not in after.text
    assert press(ada, page_of(ada, "/tokens"), "/tokens/revoke").status_code == 303
    assert web_shop.desk.access.api_tokens.find(text) is None
    assert "revoked" in page_of(ada, "/tokens").text


@pytest.mark.parametrize(
    "given",
    [
        {"days": "0"},
        {"days": "367"},
        {"days": "1e3"},
        {"role": "owner"},
        {"connection": "no-such"},
        {"name": "../x"},
    ],
)
def test_a_token_that_may_not_be_is_refused(web_shop: WebShop, ada: httpx.Client, given: dict[str, str]) -> None:
    page = page_of(ada, "/tokens")
    asked = {"name": "shop-sync", "role": "viewer", "days": "30"} | given
    assert press(ada, page, "/tokens/create", **asked).status_code == 422
    assert web_shop.desk.access.api_tokens.list() == ()


def test_users_and_tokens_take_a_fresh_sign_in(
    web_shop: WebShop, ada: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    users, tokens = page_of(ada, "/users"), page_of(ada, "/tokens")
    monkeypatch.setattr(step_up, "is_stepped_up", lambda _: False)
    for page, action in ((users, "/users/add"), (tokens, "/tokens/create")):
        led = press(ada, page, action, name="Vic", role="viewer")
        assert (led.status_code, led.headers["location"][:9]) == (303, "/step-up?")
    assert [user.name for user in web_shop.desk.access.users.list()] == ["Ada"]


# Audit log


def test_the_audit_log_is_narrowed_paged_and_verified(web_shop: WebShop, ada: httpx.Client) -> None:
    for number in range(60):
        web_shop.desk.audit.record("Vic", AuditAction.ORDER_VIEWED, f"order {number}")
    first = page_of(ada, "/audit?actor=vic")
    assert len(first.one("table").all("tr")) == 51
    (more,) = first.all("a", rel="next")
    rest = page_of(ada, more.attributes["href"])
    assert len(rest.one("table").all("tr")) == 11
    assert "signed in" in page_of(ada, "/audit?action=signed+in").one("table").text
    assert len(page_of(ada, "/audit?subject=order+7").one("table").all("tr")) == 2
    assert "Nothing fits" in page_of(ada, "/audit?actor=nobody").text
    assert "are as they were written" in page_of(ada, "/audit/verify").text


def test_an_export_has_no_formula_and_is_recorded(web_shop: WebShop, ada: httpx.Client) -> None:
    hostile = '=HYPERLINK("https://evil.example","x")'
    for text in (hostile, "+1", "-1", "@SUM(A1)", " =1+1", "\uff1d1"):
        web_shop.desk.audit.record(text, AuditAction.ORDER_VIEWED, text, text)
    got = ada.get("/audit/export")
    assert got.headers["content-type"].startswith("text/csv")
    assert got.headers["content-disposition"] == 'attachment; filename="audit-log.csv"'
    rows = list(csv.reader(io.StringIO(got.text)))
    cells = [cell for row in rows[1:] for cell in row]
    assert f"'{hostile}" in cells
    assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@", "\uff1d"))]
    exported = [entry.record for entry in web_shop.desk.audit.list(20) if entry.record.action is AuditAction.EXPORTED]
    assert [record.actor for record in exported] == ["Ada"]


# Rules, matrix, health


def test_rules_are_tried_on_an_order_and_change_nothing(web_shop: WebShop) -> None:
    with web_shop.signed_in(Role.OPERATOR, "Olga") as olga:
        page = page_of(olga, "/rules?order=1042&event=order+imported")
        assert "No rules yet" in page.text
        assert "There is no rule to try" in page.text
        assert "an order is moved into a folder" in page_of(olga, "/rules?order=1042&event=order+moved").text
        assert page_of(olga, "/rules?order=no-such&event=order+imported").all("div", class_="tone-bad")
    with web_shop.signed_in(Role.VIEWER, "Vic") as vic:
        assert "an operator may do this" in page_of(vic, "/rules?order=1042").one("section", id="try").text


def test_matrix_and_health_tell_of_what_is_connected(web_shop: WebShop) -> None:
    with web_shop.signed_in(Role.VIEWER, "Vic") as vic:
        matrix = page_of(vic, "/matrix")
        assert [row.one("strong").text for row in matrix.one("tbody").all("tr")] == ["Cart", "Mill", "Phone"]
        health = page_of(vic, "/health")
    assert "3 of 3" in health.text
    assert "mill" in health.one("section", id="connections").text
