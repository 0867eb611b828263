"""The file that a person uploads: how large it may be, how slow, and how many, on a real socket."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.web.app import UPLOAD_OVERHEAD
from tests.web.conftest import WebShop, WebShopOpener
from tests.web.console.conftest import page_of

EML = (
    b"From: Sue <sue@phone.example>\nDate: Mon, 05 Jan 2026 10:00:00 +0000\nSubject: 1042\n\nOrder 1042 is canceled.\n"
)


@pytest.fixture
def shop(open_web_shop: WebShopOpener) -> WebShop:
    opened = open_web_shop(at=["phone"])
    opened.desk.cancel("1042", by="Ann")
    return opened


@pytest.fixture
def ann(shop: WebShop) -> Iterator[httpx.Client]:
    with shop.signed_in(Role.SUPERVISOR, "Ann") as client:
        yield client


def upload(shop: WebShop, ann: httpx.Client, *mails: bytes) -> httpx.Response:
    (case,) = shop.desk.cases.list(order="1042")
    path = f"/cases/{case.id}"
    given = page_of(ann, path).form(f"{path}/settle").sent(verdict="confirm")
    files = [("email", ("answer.eml", mail, "text/html")) for mail in mails]
    return ann.post(f"{path}/settle", data=given, files=files)


def state(shop: WebShop) -> State:
    (case,) = shop.desk.cases.list(order="1042")
    return case.state


def test_as_many_bytes_as_may_be_are_taken_and_one_more_is_not(shop: WebShop, ann: httpx.Client) -> None:
    most = shop.desk.config.web.max_upload_bytes
    for size, status in ((most + 1, 422), (most + UPLOAD_OVERHEAD + 1, 413)):
        refused = upload(shop, ann, EML + b" " * (size - len(EML)))
        assert refused.status_code == status
        assert state(shop) is State.ACTION_REQUIRED
    assert upload(shop, ann, EML + b" " * (most - len(EML))).status_code == 303, "whatever type it is said to have"
    assert state(shop) is State.CANCELED


def test_one_file_is_taken_and_none_by_another_form(shop: WebShop, ann: httpx.Client) -> None:
    assert upload(shop, ann, EML, EML).status_code == 400
    (case,) = shop.desk.cases.list(order="1042")
    given = page_of(ann, f"/cases/{case.id}").form(f"/cases/{case.id}/note").sent(text="a note")
    answer = ann.post(f"/cases/{case.id}/note", data=given, files={"text": ("x.eml", EML)})
    assert answer.status_code == 400
    large = ann.post(f"/cases/{case.id}/note", data=given | {"text": ["x" * 100_000]})
    assert large.status_code == 413
    assert state(shop) is State.ACTION_REQUIRED


@pytest.mark.parametrize(
    ("mail", "why"),
    [
        (b"From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n" * 60_000, "parts"),
        (b"From: a@b.example\nContent-Type: text/plain; x=" + b"y" * 300_000 + b"\n\nx", "no end of them"),
        (b"From: a@b.example\nContent-Type: text/plain; charset=punycode\n\n" + b"a-" + b"b" * 2_000_000, "when"),
    ],
    ids=["parts", "header", "punycode"],
)
def test_a_hostile_mail_is_refused_and_the_server_goes_on(
    shop: WebShop, ann: httpx.Client, mail: bytes, why: str
) -> None:
    refused = upload(shop, ann, mail)
    assert refused.status_code == 422
    assert why in refused.text
    assert state(shop) is State.ACTION_REQUIRED


def test_nobody_and_a_viewer_upload_nothing(shop: WebShop) -> None:
    (case,) = shop.desk.cases.list(order="1042")
    with shop.client() as nobody, shop.signed_in(Role.VIEWER, "Vic") as vic:
        for client in (nobody, vic):
            answer = client.post(f"/cases/{case.id}/settle", files={"email": ("x.eml", EML)})
            assert answer.status_code in (303, 401, 403)
    assert state(shop) is State.ACTION_REQUIRED


def test_an_upload_that_is_cut_off_changes_nothing(shop: WebShop, ann: httpx.Client) -> None:
    (case,) = shop.desk.cases.list(order="1042")
    token = page_of(ann, f"/cases/{case.id}").form(f"/cases/{case.id}/settle").sent()["csrf"][0]
    address = urlsplit(shop.url)
    part = '--b\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    body = (
        part.format("csrf", token)
        + part.format("verdict", "confirm")
        + '--b\r\nContent-Disposition: form-data; name="email"; filename="a.eml"\r\n\r\n'
    ).encode()
    head = (
        f"POST /cases/{case.id}/settle HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: 4000000\r\n"
        f"Content-Type: multipart/form-data; boundary=b\r\nCookie: orderdesk={ann.cookies['orderdesk']}\r\n\r\n"
    ).encode()
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=10) as connection:
        connection.sendall(head + body + EML)
    assert page_of(ann, "/inbox").all("li", class_="work-item"), "the server goes on"
    assert state(shop) is State.ACTION_REQUIRED
