"""Every page of work and of administration, for every role: shown or refused, and no form taken that is not its own."""

from __future__ import annotations

import httpx
import pytest

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.web.console.admin_pages.table import ADMIN_PAGES
from orderdesk_sdk.web.console.pages import Page
from orderdesk_sdk.web.console.work_pages.table import WORK_PAGES
from tests.web.conftest import WebShop
from tests.web.console.conftest import Visitor, page_of

PAGES = (*WORK_PAGES, *ADMIN_PAGES)
SHOWN = [page for page in PAGES if page.show is not None]
POSTED = [page for page in PAGES if page.post is not None]
NOTHING_THERE = {"/cases/{id}", "/cases/{id}/live", "/messages/{id}", "/connections/{name}", "/rules/rule"}
"""Pages of what there is none of here."""


def path_of(page: Page) -> str:
    return page.path.replace("{id}", "no-such-id").replace("{name}", "no-such-name")


@pytest.mark.parametrize("page", SHOWN, ids=lambda page: page.path)
def test_a_page_is_for_its_role_and_those_above_it(web_shop: WebShop, visit: Visitor, page: Page) -> None:
    with web_shop.client() as nobody:
        assert nobody.get(path_of(page)).status_code in (303, 401), "nobody is asked to sign in"
    for role in Role:
        answer = visit(role).get(path_of(page))
        allowed = 404 if page.path in NOTHING_THERE else 200
        assert page.role is not None
        assert answer.status_code == (allowed if role.allows(page.role) else 403), role


@pytest.mark.parametrize("page", POSTED, ids=lambda page: page.path)
def test_a_form_is_taken_from_its_role_with_the_token_of_its_session(
    web_shop: WebShop, visit: Visitor, page: Page
) -> None:
    assert page.role is not None
    with web_shop.signed_in(Role.ADMIN, "Somebody Else") as other:
        anothers = token_of(other)
    with web_shop.client() as nobody:
        assert nobody.post(path_of(page), data={"csrf": anothers}).status_code in (303, 401, 403)
    for role in (one for one in Role if not one.allows(page.role)):
        person = visit(role)
        assert person.post(path_of(page), data={"csrf": token_of(person)}).status_code == 403, role
    person = visit(page.role)
    for given in ({}, {"csrf": "f" * 43}, {"csrf": anothers}, {"csrf": "\u00e9"}):
        assert person.post(path_of(page), data=given).status_code == 403, given
    assert person.get(path_of(page)).status_code in (404, 405), "no GET changes anything"


def token_of(person: httpx.Client) -> str:
    """The token that a person's forms have."""
    return page_of(person, "/inbox").all("input", name="csrf")[0].attributes["value"]
