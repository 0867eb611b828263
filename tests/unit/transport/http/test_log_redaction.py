"""What is logged about our calls, by us and by what may lie around them, at every level: no secret, whoever listens."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx
import pytest

from orderdesk_devkit.testing.raw_server import RawConnection, RawServer, http_response, responding
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.transport.http.log_redaction import LOGGERS, redacted_logs
from orderdesk_sdk.transport.redaction import Redactor
from tests.support.http_calls import ignore_intent

if TYPE_CHECKING:
    from tests.conftest import ClientMaker

HEADERS = {
    "set_cookie": "session=c00k1e-0f-theirs; HttpOnly",
    "x_auth_token": "t0k3n-0f-theirs",
    "x_amz_security_token": "s3cur1ty-0f-theirs",
    "www_authenticate": "Bearer realm=x",
    "location": "https://ann:pa55w0rd@elsewhere.example/?access_token=t0k3n-0f-link",
    "x_note": "acme-api-key",
}
SECRET = ("c00k1e", "t0k3n", "s3cur1ty", "pa55w0rd", "acme-api-key", "n3v3r-learned", "0th3r-n3v3r")


LINK = "https://h/?api_key=n3v3r-learned"
ERROR = f"acme-api-key in an error at {LINK}"


class Keeper(logging.Handler):
    """A listener of its own that looks at every part of a record, as tools that report errors do."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(f"{self.format(record)} {record.msg!r} {record.args!r} {vars(record)!r}")


@pytest.fixture
def keeper(caplog: pytest.LogCaptureFixture) -> Iterator[Keeper]:
    for name in (None, *LOGGERS):
        caplog.set_level(logging.DEBUG, logger=name)
    kept = Keeper()
    logging.getLogger().addHandler(kept)
    yield kept
    logging.getLogger().removeHandler(kept)


def test_a_call_is_logged_without_what_nobody_told_us_is_a_secret(client_of: ClientMaker, keeper: Keeper) -> None:
    with RawServer(responding(lambda _: http_response(200, b"{}", **HEADERS))) as server:
        client = client_of(server.url)
        for query in ("api_key=n3v3r-learned&page=2", "page=2&X-Shop-Token=0th3r-n3v3r"):
            client.call(httpx.Request("GET", f"{server.url}/orders?{query}"), 1, ignore_intent)
    heard = "\n".join(keeper.heard)
    assert heard.count("a GET request goes out ") == heard.count("the GET response came: 200, 2 bytes ") == 2
    assert "page=2" not in heard, "a query may name a customer"
    assert [secret for secret in SECRET if secret in heard] == []


def test_a_call_that_fails_is_logged_without_what_the_service_said(client_of: ClientMaker, keeper: Keeper) -> None:
    def junk(connection: RawConnection) -> None:
        connection.read_request()
        connection.send(b"HTTP/1.1 acme-api-key no status\r\n\r\n")

    with RawServer(junk) as server:
        client_of(server.url).call(httpx.Request("PUT", f"{server.url}/?api_key=n3v3r-learned"), 1, ignore_intent)
    heard = "\n".join(keeper.heard)
    assert "failed" in heard
    assert [secret for secret in SECRET if secret in heard] == []


class Unshowable:
    def __str__(self) -> str:
        raise RuntimeError(ERROR)


@pytest.mark.parametrize("name", LOGGERS)
def test_every_part_of_a_record_is_cleaned(name: str, keeper: Keeper) -> None:
    logger = logging.getLogger(name)
    with redacted_logs(Redactor((), [Secret("acme-api-key")])):
        logger.info("%s %s", httpx.URL(LINK), {"authorization": SECRET[1]})
        logger.debug("cannot be shown: %s", Unshowable())
        try:
            raise ValueError(ERROR)
        except ValueError:
            logger.exception("it failed", stack_info=True)
    heard = "\n".join(keeper.heard)
    assert "ValueError" in heard
    assert "cannot be shown (RuntimeError)" in heard
    assert [secret for secret in SECRET if secret in heard] == []


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("[(b'Set-Cookie', b'a=b; it\\'s'), (b'X-Id', b'7')]", "[(b'Set-Cookie', [hidden]), (b'X-Id', b'7')]"),
        ("('authorization', \"Basic YQ==\")", "('authorization', [hidden])"),
        ("{'X-Auth-Token': 'abc', 'page': '2'}", "{'X-Auth-Token': [hidden], 'page': '2'}"),
        ("Cookie: a=b; c=d\nHost: h", "Cookie: [hidden]\nHost: h"),
        ("GET /?a=1&api_key=abc HTTP/1.1", "GET /?a=1&api_key=[hidden] HTTP/1.1"),
        ("host='h' port=443 timeout=5.0", "host='h' port=443 timeout=5.0"),
    ],
)
def test_a_value_with_a_denied_name_is_hidden_however_it_is_written(line: str, shown: str) -> None:
    assert Redactor().redact_log(line) == shown


def test_who_else_logs_in_the_process_logs_as_ever(keeper: Keeper) -> None:
    def other() -> None:
        logging.getLogger("httpx").info("token=%s", "theirs")

    with redacted_logs(Redactor((), [Secret("theirs")])):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        logging.getLogger("somebody.else").info("token=%s", "theirs")
    assert [line.split(" ")[0] for line in keeper.heard] == ["token=theirs"] * 2
