"""Canary secrets through the whole product: whatever a service sends back of them is nowhere to be found (law 11)."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from starlette.types import Receive, Scope, Send

import orderdesk_amazon_mcf
from orderdesk_amazon_mcf.simulator import McfSimulator
from orderdesk_sdk.case import State
from orderdesk_sdk.cli.shapes import case_shape, plan_shape, receipt_shape
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.config import Config, ConnectionConfig
from orderdesk_sdk.desk import Desk
from orderdesk_sdk.hosts.local import LocalHost
from orderdesk_sdk.hosts.samples import SAMPLE_ORDERS
from orderdesk_sdk.http.client import CallLimits
from orderdesk_sdk.order_reader import read_order_text
from orderdesk_sdk.registry import Registry
from orderdesk_sdk.testing.faults import Fault
from orderdesk_sdk.testing.raw_server import RawServer, answering, http_reply
from orderdesk_sdk.testing.serving import serve

if TYPE_CHECKING:
    from orderdesk_sdk.testing.canary import Finder

SECRETS = {
    "refresh_token": "Atzr|c4n4ry/r3fr35h+7f1d9be0a6c2",
    "client_id": "c4n4ry.cl13nt.1d-5e8b13f7a9d04c",
    "client_secret": "c4n4ry-cl13nt-s3cr3t-0b6e2d8f4a17",
}
ACCESS = "Atza|c4n4ry/4cc355+93ab57ce1d60f8"
ALL = (*SECRETS.values(), ACCESS)
ECHO = " ".join(ALL)


@pytest.fixture(autouse=True)
def everything_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    for name in (None, "httpx", "httpcore", "orderdesk_sdk"):
        caplog.set_level(logging.DEBUG, logger=name)


class Product:
    """A desk with one connection to Amazon, and everything that it shows of itself."""

    def __init__(self, folder: Path, settings: dict[str, str], clock: VirtualClock) -> None:
        self.folder = folder
        self.clock = clock
        given = {name: {"text": value} if name in SECRETS else value for name, value in settings.items()}
        self.config = Config(
            folder / "desk.db", {"mcf": ConnectionConfig("mcf", "amazon-mcf", given, "[connections.mcf]")}
        )
        registry = Registry(find=lambda group: [])
        registry.register(orderdesk_amazon_mcf, "amazon-mcf")
        self.desk = Desk(self.config, clock=clock, registry=registry, limits=CallLimits(tries=2, total=5, read=2))
        assert isinstance(self.desk.host, LocalHost)
        self.desk.host.import_orders(read_order_text(SAMPLE_ORDERS, place="samples"), by="Ann")
        self.desk.place("1042", at="mcf", by="Ann")
        self.said: list[object] = []

    def run(self, rounds: int = 6) -> State:
        """Cancel the order, let time pass, and return where its case is."""
        self.said += [self.desk.plan("1042"), self.desk.cancel("1042", by="Ann", reason="customer")]
        for _ in range(rounds):
            self.clock.advance(minutes(2))
            self.said.append(self.desk.run_due())
        return self.desk.cases()[-1].state

    def shown(self) -> list[object]:
        """Everything: what was said, what is kept, what stands in memory, byte for byte and as people see it."""
        desk, connection = self.desk, self.desk.connections.get("mcf")
        receipt, plan = desk.receipt("1042"), desk.plan("1042")
        assert isinstance(desk.host, LocalHost)
        placements = desk.host.placements(desk.host.order("1042").id)
        documents = [receipt_shape(receipt), plan_shape(plan), *map(case_shape, desk.cases())]
        shown = [
            *self.said, receipt, plan, *desk.cases(), desk.host.history("1042"), placements,
            *map(json.dumps, documents), desk, self.config, *self.config.connections.values(), connection,
            connection.settings, connection.client, connection.client.redactor, connection.service(self.clock.now()),
            connection.loaded, vars(connection.client).values(), desk.connections, desk.registry, desk.ledger,
        ]  # fmt: skip
        files = [path.read_bytes() for path in self.folder.iterdir()]
        assert len(files) > 1, "the write-ahead log is there too"
        desk.close()
        return [*shown, *files, *(path.read_bytes() for path in self.folder.iterdir())]


def of_request(request: bytes) -> str:
    """What a debugging page shows of a request: all of it."""
    return request.decode("latin-1")


def as_json(document: object, status: int = 400, **headers: str) -> bytes:
    return http_reply(status, json.dumps(document).encode(), **headers)


def errors(message: str) -> dict[str, object]:
    return {"errors": [{"code": "InvalidInput", "message": message}]}


def order(word: str) -> dict[str, object]:
    return {
        "payload": {
            "fulfillmentOrder": {"fulfillmentOrderStatus": word},
            "fulfillmentOrderItems": [{"sellerSku": word, "quantity": 1, "cancelledQuantity": 1}],
        }
    }


def refusing(document: Callable[[bytes], object]) -> Callable[[bytes], bytes]:
    """Refuses to cancel with these words, and says of the order that it is too late."""
    return lambda request: (
        as_json(order("Processing"), 200) if request.startswith(b"GET ") else as_json(document(request))
    )


ECHOES: dict[str, Callable[[bytes], bytes]] = {
    "error message": refusing(lambda request: errors(f"bad token {ECHO} in {of_request(request)}")),
    "error message that the plugin cuts": refusing(lambda request: errors("x" * 470 + ACCESS)),
    "error code": refusing(lambda request: {"errors": [{"code": ECHO, "message": ""}]}),
    "error to the question too": lambda request: as_json(errors(ECHO)),
    "not allowed": lambda request: as_json(errors(ECHO), 403),
    "field names": lambda request: as_json({ECHO: {ACCESS: [ECHO]}}, 500),
    "HTML page": lambda request: http_reply(500, f"<pre>{of_request(request)}{ECHO}</pre>".encode()),
    "page that evidence cuts": lambda request: http_reply(500, b"x" * (16 * 1024 - 17) + ACCESS.encode() * 3),
    "JSON that evidence cuts": lambda request: as_json({"pad": "x" * (16 * 1024 - 30), "said": ACCESS}, 500),
    "form": lambda request: http_reply(500, f"a=1&said={ACCESS}&b={SECRETS['client_secret']}".encode()),
    "bytes that are no text": lambda request: http_reply(500, b"\xff\xfe" + ECHO.encode() + b"\x80"),
    "evidence headers": lambda request: as_json({}, 500, x_amzn_requestid=ACCESS, x_amzn_errortype=ECHO),
    "other headers": lambda request: as_json({}, 500, set_cookie=f"s={ACCESS}", x_debug=ECHO, content_type=ECHO),
    "wait": lambda request: as_json({}, 429, retry_after=ACCESS),
    "redirect": lambda request: as_json({}, 302, location=f"https://elsewhere.invalid/{ACCESS}?token={ACCESS}"),
    "redirect to nowhere": lambda request: as_json({}, 302, location=f"http://a:{ACCESS}:c/"),
    "reason phrase": lambda request: f"HTTP/1.1 500 {ECHO}\r\ncontent-length: 0\r\n\r\n".encode(),
    "no status line": lambda request: f"HTTP/1.1 {ECHO}\r\n\r\n".encode(),
    "no header": lambda request: f"HTTP/1.1 200 OK\r\n{ECHO}\r\n\r\n".encode(),
    "no length": lambda request: as_json({}, 200, content_length=ACCESS),
    "no chunk": lambda request: f"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{ACCESS}\r\n".encode(),
    "no gzip": lambda request: http_reply(200, ECHO.encode(), content_encoding="gzip"),
    "no encoding": lambda request: as_json({"said": ECHO}, 500, content_encoding=ACCESS),
    "status word": lambda request: as_json(order(ACCESS), 200),
    "status word and lines": lambda request: as_json(order(ECHO), 200),
    "taken, with errors": lambda request: as_json({"payload": {}, **errors(ECHO)}, 200),
}


def token_reply(request: bytes) -> bytes:
    document = {"access_token": ACCESS, "expires_in": 3600, "refresh_token": SECRETS["refresh_token"]}
    return as_json(document, 200)


class Echo:
    """Amazon, as an endpoint of tokens and of orders that says what it was told."""

    def __init__(self, orders: Callable[[bytes], bytes], tokens: Callable[[bytes], bytes] = token_reply) -> None:
        self._orders, self._tokens = orders, tokens
        self.sent = b""

    def __call__(self, request: bytes) -> bytes:
        reply = (self._tokens if request.startswith(b"POST /auth/") else self._orders)(request)
        self.sent += reply
        return reply


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "desk"
    made.mkdir()
    return made


def settings_of(url: str) -> dict[str, str]:
    return {**SECRETS, "endpoint": url, "token_url": f"{url}/auth/o2/token"}


@pytest.mark.parametrize("name", ECHOES)
def test_a_service_that_says_what_it_was_told(
    name: str,
    folder: Path,
    finder: type[Finder],
    caplog: pytest.LogCaptureFixture,
    recwarn: pytest.WarningsRecorder,
) -> None:
    echo = Echo(ECHOES[name])
    with RawServer(answering(echo)) as server:
        product = Product(folder, settings_of(server.url), VirtualClock())
        assert product.run() is not State.CANCELED
        shown = product.shown()
        received = server.received
    look = finder(*ALL)
    assert ACCESS.encode() in received, "the token went out"
    assert look.found(echo.sent), "and something of it came back"
    assert {record.name.partition(".")[0] for record in caplog.records} >= {"httpx", "httpcore"}
    assert look.found(caplog.text) == set()
    assert look.found(*shown) == set()
    assert [str(warning.message) for warning in recwarn] == []


REFUSALS: dict[str, Callable[[bytes], bytes]] = {
    "description": lambda request: as_json({"error": "invalid_grant", "error_description": of_request(request) + ECHO}),
    "code": lambda request: as_json({"error": ECHO}),
    "page": lambda request: http_reply(400, f"<pre>{of_request(request)}{ECHO}</pre>".encode()),
    "header": lambda request: as_json({"error": "invalid_client"}, 401, www_authenticate=ECHO),
    "redirect": lambda request: as_json({}, 307, location=f"https://elsewhere.invalid/?{SECRETS['client_secret']}"),
    "token of another kind": lambda request: as_json({"access_token": [ECHO], "expires_in": 1}, 200),
    "time of another kind": lambda request: as_json({"access_token": ACCESS, "expires_in": ECHO}, 200),
    "no HTTP": lambda request: f"HTTP/1.1 {ECHO}\r\n\r\n".encode(),
    "nothing": lambda request: b"",
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_token_endpoint_that_says_what_it_was_told(
    name: str, folder: Path, finder: type[Finder], caplog: pytest.LogCaptureFixture
) -> None:
    echo = Echo(ECHOES["error message"], REFUSALS[name])
    with RawServer(answering(echo)) as server:
        product = Product(folder, settings_of(server.url), VirtualClock())
        assert product.run() is not State.CANCELED
        shown = product.shown()
        assert b"PUT " not in server.received
    # A token that was never had is no secret yet; here it comes with a time that cannot be read.
    look = finder(*SECRETS.values())
    assert look.found(caplog.text, *shown) == set()


@pytest.mark.parametrize(
    ("faults", "end"),
    [
        ((), State.CANCELED),
        ((Fault.LOST_REPLY,), State.CANCELED),
        ((Fault.EXPIRED_TOKEN,), State.CANCELED),
        ((Fault.TRUNCATED, Fault.SERVER_ERROR_HTML, Fault.REDIRECT), State.CANCELED),
        ((Fault.GARBAGE_GZIP, Fault.MALFORMED_JSON, Fault.RESET_BEFORE), State.CANCELED),
    ],
    ids=lambda value: "+".join(fault.value for fault in value) or "no fault" if isinstance(value, tuple) else None,
)
def test_a_cancel_that_succeeds_through_all_kinds_of_weather(
    faults: tuple[Fault, ...],
    end: State,
    folder: Path,
    finder: type[Finder],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in SECRETS.items():
        for module in ("tokens", "service"):
            monkeypatch.setattr(f"orderdesk_amazon_mcf.simulator.{module}.{name.upper()}", value)
    clock = VirtualClock()
    simulator = McfSimulator(clock)
    for fault in faults:
        simulator.faults.add(fault, path="fulfillmentOrders")
    seen: set[str] = set()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.update(value.decode() for key, value in scope.get("headers", ()) if key == b"x-amz-access-token")
        await simulator.app(scope, receive, send)

    with serve(app) as served:
        product = Product(folder, simulator.settings(served.url), clock)
        lines = [(line.code, line.quantity) for line in product.desk.host.order("1042").lines]
        simulator.add_order("1042", lines=lines)
        assert product.run(rounds=20) is end
        shown = product.shown()
    assert simulator.truth("1042") == "Cancelled"
    assert seen, "tokens went out"
    assert finder(*SECRETS.values(), *seen).found(caplog.text, *shown) == set()


def test_the_finder_finds(finder: type[Finder]) -> None:
    look = finder(*ALL)
    assert look.found(f"x{ACCESS[3:20]}y")
    assert look.found(b"\x00" + SECRETS["client_secret"].encode())
    assert look.found("Atzr%7Cc4n4ry%2Fr3f")
    assert look.found([{"a": SECRETS["client_id"]}])
    assert not look.found("Atza|", ACCESS[:11], b"")
