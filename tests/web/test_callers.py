"""Who calls, and for whom an endpoint is: denied unless it says otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from orderdesk_devkit.simulators.server import serve
from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.web import rate_limits
from orderdesk_sdk.web.app import create_app
from orderdesk_sdk.web.caller import caller_of, guarded, public
from tests.web.conftest import WebShop, WebShopOpener


def _tell(request: Request) -> Response:
    return PlainTextResponse(caller_of(request).name)


async def _tell_async(request: Request) -> Response:
    return _tell(request)


@pytest.fixture
def guarded_client(web_shop: WebShop) -> Iterator[httpx.Client]:
    """A server that has, for each role, a page and an operation of the API that need it."""
    routes = [Route(f"/{role.value}", guarded(_tell, role)) for role in Role]
    routes += [Route(f"/api/{role.value}", guarded(_tell_async, role)) for role in Role]
    app = create_app(web_shop.desk, routes)
    with serve(app) as served, httpx.Client(base_url=served.url, trust_env=False) as client:
        yield client


@pytest.mark.parametrize("needed", Role)
@pytest.mark.parametrize("role", [None, *Role])
def test_a_page_is_for_its_role_and_those_above(
    web_shop: WebShop, guarded_client: httpx.Client, role: Role | None, needed: Role
) -> None:
    if role is not None:
        with web_shop.signed_in(role) as signed_in:
            guarded_client.cookies.update(signed_in.cookies)
    expected = 401 if role is None else 200 if role.allows(needed) else 403
    assert guarded_client.get(f"/{needed.value}").status_code == expected
    assert guarded_client.get(f"/api/{needed.value}").status_code == 401  # A cookie counts for nothing there.


@pytest.mark.parametrize("needed", Role)
@pytest.mark.parametrize("role", Role)
def test_an_operation_is_for_its_role_and_those_above(
    web_shop: WebShop, guarded_client: httpx.Client, role: Role, needed: Role
) -> None:
    access = web_shop.desk.access
    _, token = access.api_tokens.create(
        "robot", role=role, expires_at=access.clock.now() + timedelta(days=1), by="a test"
    )
    headers = {"Authorization": f"Bearer {token.reveal()}"}
    answer = guarded_client.get(f"/api/{needed.value}", headers=headers)
    assert answer.status_code == (200 if role.allows(needed) else 403)
    assert guarded_client.get(f"/{needed.value}", headers=headers).status_code == 401  # A token is for the API alone.


@pytest.mark.parametrize("given", ["Bearer odsk_none", "Bearer", "Basic YTpi", "Bearer a b", "Bearer é", "Digest x"])
def test_whatever_is_no_token_of_ours_is_nobody(guarded_client: httpx.Client, given: str) -> None:
    answer = guarded_client.get("/api/viewer", headers={b"Authorization": given.encode("latin-1")})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="orderdesk"')


def test_an_endpoint_that_says_for_whom_it_is_by_neither_word_does_not_start(web_shop: WebShop) -> None:
    with pytest.raises(LookupError, match="neither by guarded"):
        create_app(web_shop.desk, [Route("/", _tell)])


def test_a_public_endpoint_is_for_everybody(web_shop: WebShop) -> None:
    def hello(_: Request) -> Response:
        return PlainTextResponse("hello")

    with serve(create_app(web_shop.desk, [Route("/hello", public(hello))])) as served:
        assert httpx.get(f"{served.url}/hello", trust_env=False).text == "hello"


def test_a_person_opens_only_so_many_pages_at_once(
    open_web_shop: WebShopOpener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "PAGES_AT_ONCE", 3)
    monkeypatch.setattr(rate_limits, "PAGES", 1)
    shop = open_web_shop()
    with shop.signed_in(Role.VIEWER, "Ann") as ann, shop.signed_in(Role.VIEWER, "Bob") as bob:
        answers = [ann.get("/matrix") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert bob.get("/matrix").status_code == 200
        assert ann.get("/healthz").status_code == 200
