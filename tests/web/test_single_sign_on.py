"""Sign-in by another login: who is known here is let in, and nothing that could be forged is believed."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import httpx
import pytest
from attrs import evolve
from joserfc.jwk import RSAKey

from orderdesk_devkit.simulators.server import serve
from orderdesk_sdk.cases.access import Role, UserSession
from orderdesk_sdk.cases.audit import AuditAction
from orderdesk_sdk.desk.single_sign_on_config import SingleSignOnConfig
from orderdesk_sdk.desk.web_config import WebConfig
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.web.app import create_app
from orderdesk_sdk.web.sign_in import single_sign_on
from tests.support.fake_issuer import CLIENT_ID, CLIENT_SECRET, FakeIssuer
from tests.web.conftest import WebShop

Changed = Callable[[FakeIssuer], object]


class Console:
    """A console that a login lets people in to, and a browser there."""

    def __init__(self, shop: WebShop, issuer: FakeIssuer, stack: ExitStack, identity: str = "email") -> None:
        self.access, self.audit = shop.desk.access, shop.desk.audit
        self.issuer = issuer
        config = SingleSignOnConfig(
            issuer=issuer.url,
            client_id=CLIENT_ID,
            client_secret=Secret(CLIENT_SECRET),
            identity=identity,
            title="Shop login",
        )
        desk = shop.desk
        desk.config = evolve(desk.config, single_sign_on=config, web=WebConfig(url="http://desk.test"))
        self.url = stack.enter_context(serve(create_app(desk))).url
        self.browser = stack.enter_context(httpx.Client(timeout=120, trust_env=False))

    def get(self, path: str) -> httpx.Response:
        return self.browser.get(f"{self.url}{path}", headers={"Host": "desk.test"})

    def begin(self, query: str = "") -> str:
        """Go to the login and come back; the address that it led back to, at the server that answers."""
        away = self.get(f"/sign-in/single-sign-on{query}")
        assert away.status_code == 303, away.text
        back = self.browser.get(away.headers["location"]).headers["location"]
        assert back.startswith("http://desk.test/sign-in/single-sign-on/back?")
        return back.removeprefix("http://desk.test")

    def session(self) -> UserSession | None:
        return self.access.find_session(self.browser.cookies.get("orderdesk") or "")


@pytest.fixture
def issuer() -> Iterator[FakeIssuer]:
    made = FakeIssuer()
    with serve(made.app) as served:
        made.url = served.url
        yield made


@pytest.fixture
def console(web_shop: WebShop, issuer: FakeIssuer) -> Iterator[Console]:
    with ExitStack() as stack:
        made = Console(web_shop, issuer, stack)
        made.access.users.add("Ann", role=Role.SUPERVISOR, by="a test", identity="Ann@Shop.example")
        yield made


def test_a_known_person_is_let_in_with_the_role_that_they_have_here(console: Console) -> None:
    assert "Sign in with Shop login" in console.get("/sign-in").text
    back = console.get(console.begin("?next=/orders/1042"))
    assert (back.status_code, back.headers["location"]) == (303, "/orders/1042")
    session = console.session()
    assert session is not None
    assert (session.user, session.role) == ("Ann", Role.SUPERVISOR)
    assert not session.is_stepped_up(console.access.clock.now()), "who knows how long ago they signed in there"
    asked = console.issuer.asked
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert asked["redirect_uri"] == "http://desk.test/sign-in/single-sign-on/back"
    record = console.audit.list(1)[0].record
    assert (record.action, record.detail) == (AuditAction.SIGNED_IN, "single sign-on")


def test_a_step_up_asks_for_the_password_there_and_counts_where_the_login_says_so(console: Console) -> None:
    console.get(console.begin())
    shown = console.get("/step-up?next=/cases/c1")
    link = re.search(r'href="(/sign-in/single-sign-on\?[^"]+)"', shown.text)
    assert link is not None
    console.issuer.claims = {"auth_time": int(time.time())}
    back = console.get(console.begin(link[1].replace("&amp;", "&").removeprefix("/sign-in/single-sign-on")))
    assert back.headers["location"] == "/cases/c1"
    assert (console.issuer.asked["prompt"], console.issuer.asked["max_age"]) == ("login", "0")
    session = console.session()
    assert session is not None
    assert session.is_stepped_up(console.access.clock.now())


def test_a_person_may_be_known_by_their_subject(web_shop: WebShop, issuer: FakeIssuer) -> None:
    with ExitStack() as stack:
        console = Console(web_shop, issuer, stack, identity="subject")
        console.access.users.add("Bob", role=Role.VIEWER, by="a test", identity="subject-7")
        issuer.without = {"email", "email_verified"}
        assert console.get(console.begin()).status_code == 303
        session = console.session()
        assert session is not None
        assert session.user == "Bob"


def _other_key(issuer: FakeIssuer) -> None:
    issuer.signing_key = RSAKey.generate_key(2048, {"kid": "one"}, auto_kid=False)


def _claims(**claims: Any) -> Changed:
    return lambda issuer: issuer.claims.update(claims)


def _set(**values: Any) -> Changed:
    def change(issuer: FakeIssuer) -> None:
        for name, value in values.items():
            setattr(issuer, name, value)

    return change


@pytest.mark.parametrize(
    "lie",
    [
        pytest.param(_claims(email="eve@shop.example"), id="unknown person"),
        pytest.param(_claims(email_verified=False), id="e-mail not verified"),
        pytest.param(_claims(email_verified="true"), id="verified in words"),
        pytest.param(_set(without={"email_verified"}), id="nothing said of the e-mail"),
        pytest.param(_claims(email=["ann@shop.example"]), id="several e-mails"),
        pytest.param(_claims(aud="another console"), id="for another console"),
        pytest.param(_claims(aud=[CLIENT_ID, "another"], azp="another"), id="to another console"),
        pytest.param(_claims(iss="https://evil.example"), id="of another issuer"),
        pytest.param(_claims(nonce="an older one"), id="of another sign-in"),
        pytest.param(_set(without={"nonce"}), id="of no sign-in"),
        pytest.param(_claims(exp=int(time.time()) - 3600), id="expired"),
        pytest.param(_set(without={"exp"}), id="without an end"),
        pytest.param(_claims(nbf=int(time.time()) + 3600), id="not yet"),
        pytest.param(_other_key, id="signed with another key"),
        pytest.param(lambda issuer: setattr(issuer, "sign", issuer.sign_with_public_key), id="public key as secret"),
        pytest.param(lambda issuer: setattr(issuer, "sign", issuer.sign_with_client_secret), id="client secret"),
        pytest.param(lambda issuer: setattr(issuer, "sign", issuer.sign_with_nothing), id="no signature"),
        pytest.param(_set(sign=lambda _: "junk"), id="junk"),
        pytest.param(_set(answer={"state": "another"}), id="state of another sign-in"),
        pytest.param(_set(answer={"iss": "https://evil.example"}), id="answer of another login"),
        pytest.param(_set(answer={"code": "another"}), id="another code"),
        pytest.param(_set(answer={"code": ""}), id="no code"),
        pytest.param(_set(document={"authorization_response_iss_parameter_supported": True}), id="no issuer named"),
    ],
)
def test_whatever_does_not_count_lets_nobody_in(console: Console, lie: Changed) -> None:
    lie(console.issuer)
    back = console.get(console.begin())
    assert back.status_code == 422
    assert "The other login let nobody in, or nobody who is known here." in back.text
    assert console.session() is None
    record = console.audit.list(1)[0].record
    assert (record.action, record.subject, record.detail) == (
        AuditAction.SIGN_IN_FAILED,
        "an unknown user",
        "single sign-on",
    )


def test_who_was_disabled_is_not_let_in(console: Console) -> None:
    console.access.users.disable("Ann", by="a test")
    assert console.get(console.begin()).status_code == 422


def test_what_came_back_counts_once_and_in_the_browser_that_went(console: Console) -> None:
    back = console.begin()
    kept = dict(console.browser.cookies)
    console.browser.cookies.clear()
    assert console.get(back).status_code == 422, "another browser"
    console.browser.cookies.update({name: f"{value[:-4]}AAAA" for name, value in kept.items()})
    assert console.get(back).status_code == 422, "a cookie that was changed"
    console.browser.cookies.clear()
    console.browser.cookies.update(kept)
    assert console.get(back).status_code == 303
    console.browser.cookies.clear()
    console.browser.cookies.update(kept)
    assert console.get(back).status_code == 422, "the login takes a code once"


def test_a_stranger_fills_no_audit_log_and_keeps_no_login_busy(
    web_shop: WebShop, issuer: FakeIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(single_sign_on, "STEPS", 3)
    with ExitStack() as stack:
        stranger = Console(web_shop, issuer, stack)
        back = f"{single_sign_on.SINGLE_SIGN_ON_PATH}/back"
        answers = [stranger.get(f"{back}?code=x&state=y") for _ in range(5)]
        assert [answer.status_code for answer in answers] == [422, 422, 422, 429, 429]
        assert stranger.get(single_sign_on.SINGLE_SIGN_ON_PATH).status_code == 429
    failures = [entry for entry in web_shop.desk.audit.list(50) if entry.record.action is AuditAction.SIGN_IN_FAILED]
    assert len(failures) == 3


def test_keys_that_changed_are_asked_for_again_but_not_for_every_token(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    console.get(console.begin())
    console.issuer.key = console.issuer.signing_key = RSAKey.generate_key(2048, {"kid": "one"}, auto_kid=False)
    for _ in range(3):
        assert console.get(console.begin()).status_code == 422
    assert console.issuer.key_requests == 1
    monkeypatch.setattr("orderdesk_sdk.web.sign_in.issuer_document.KEYS_AGAIN_AFTER", timedelta(0))
    assert console.get(console.begin()).status_code == 303
    assert console.issuer.key_requests == 2


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://evil.example"},
        {"authorization_endpoint": "http://evil.example/authorize"},
        {"authorization_endpoint": None},
    ],
)
def test_a_document_that_is_not_the_logins_leads_nobody_away(console: Console, document: dict[str, Any]) -> None:
    console.issuer.document = document
    assert console.get("/sign-in/single-sign-on").status_code == 422


def test_without_a_login_there_is_no_such_page(web_shop: WebShop, client: httpx.Client) -> None:
    assert "single-sign-on" not in client.get("/sign-in").text
    assert client.get("/sign-in/single-sign-on/back").status_code == 404
