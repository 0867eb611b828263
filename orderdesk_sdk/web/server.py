"""`orderdesk serve`: the app under uvicorn, and a worker beside it."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import uvicorn
from attrs import frozen
from starlette.types import ASGIApp, Receive, Scope, Send

from orderdesk_sdk.cases.log_records import RoomLogger
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.run_loop import run_until_stopped
from orderdesk_sdk.errors import ConfigurationError, OrderDeskError
from orderdesk_sdk.web.app import create_app
from orderdesk_sdk.web.server_protocol import LimitedProtocol

__all__ = ["WebServer", "serving"]

GRACE = 5
"""Seconds that requests which are being answered have when the server ends."""
MAX_CONNECTIONS = 1000
KEEP_ALIVE = 10
"""Seconds that a connection may be idle between two requests."""
BACKLOG = 512
VANISHED_AFTER = 60_000
"""Milliseconds without a sign of a client that was sent something: its network is lost."""
FOLLOW_INTERVAL = 1.0
"""Seconds between two looks for changed connections and rules."""
_log = RoomLogger("web")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@frozen
class WebServer:
    """A server that has begun to answer.

    Args:
        url: of this machine, without a slash at its end.
    """

    url: str


class _ToldOnce:
    """The app, whose faults end with it: they are answered and logged by then, and uvicorn would log them again."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on. Where its answer has begun, uvicorn sees that it is not whole, and closes."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        with suppress(Exception):  # `errors.answer_unexpected_error` has it.
            await self._app(scope, receive, send)


class _Server(uvicorn.Server):
    """uvicorn's server, told to end by an event of ours, which streams look at too."""

    def __init__(self, app: ASGIApp, stop: threading.Event) -> None:
        super().__init__(
            uvicorn.Config(
                _ToldOnce(app),
                interface="asgi3",
                loop="asyncio",
                http=LimitedProtocol,
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,  # `ClientAddress` reads them.
                limit_concurrency=MAX_CONNECTIONS,
                timeout_keep_alive=KEEP_ALIVE,
                timeout_graceful_shutdown=GRACE,
            )
        )
        self._stop = stop

    async def on_tick(self, counter: int) -> bool:
        """Whether to end. uvicorn asks ten times a second."""
        return await super().on_tick(counter) or self._stop.is_set()


@contextmanager
def serving(
    desk: Desk,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    works: bool = True,
    report: Callable[[str], object] = lambda _: None,
) -> Iterator[WebServer]:
    """Serve a desk within the block, on threads of their own.

    Args:
        port: 0: any free one.
        works: do what is due, too; False where other processes work on this ledger.
        report: called with each new problem of the worker.

    Raises ConfigurationError where the port is taken, or anybody on the network could read what is sent.
    """
    if host not in _LOOPBACK and not desk.config.web.is_https:
        raise ConfigurationError(
            "over plain HTTP, passwords could be read by anybody between",
            location=f"--host {host}",
            hint="put a proxy with TLS in front, and set [web].url to its https:// address",
        )
    stop = threading.Event()
    app = create_app(desk)
    app.state.stopping = stop
    sock = _bind(host, port)
    server = _Server(app, stop)
    worker = threading.Thread(target=run_until_stopped, args=(desk, stop, report), name="worker")
    follower = threading.Thread(target=_follow_configuration, args=(desk, stop), name="configuration")
    threads = [
        threading.Thread(target=lambda: asyncio.run(server.serve([sock])), name="web"),
        worker if works else follower,
    ]
    for thread in threads:
        thread.start()
    try:
        yield WebServer(f"http://{_shown_host(host)}:{sock.getsockname()[1]}")
    finally:
        stop.set()
        app.state.live_events.close()  # Else uvicorn would wait for streams that never end by themselves.
        for thread in threads:
            thread.join()
        sock.close()


def _follow_configuration(desk: Desk, stop: threading.Event) -> None:
    """Take up connections and rules that are changed elsewhere, for a server that does not do what is due."""
    while not stop.wait(FOLLOW_INTERVAL):
        try:
            desk.take_up_changes()
        except OrderDeskError as error:  # The ledger is away, say; it is looked at again.
            _log.warning("changed connections and rules could not be read (%s)", type(error).__name__)


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends what is small at once only over sockets that say they are TCP; else each answer waits 40 ms.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # A stream whose reader has vanished ends, and frees its place.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, VANISHED_AFTER)
        sock.bind((host, port))
        sock.listen(BACKLOG)  # Whoever calls before the first answer is possible waits for it.
    except OSError as error:
        sock.close()
        raise ConfigurationError(
            f"nothing can be served there: {error.strerror}", location=f"{host}:{port}", hint="take another --port"
        ) from None
    return sock


def _shown_host(host: str) -> str:
    return f"[{host}]" if ":" in host else host
