"""A served ASGI app: on a loopback socket, from a thread of this process, gone without a trace when stopped."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from concurrent.futures import Future
from types import TracebackType
from typing import Any, cast

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn import Config, Server
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from orderdesk_sdk.errors import ConfigurationError, OrderDeskError

__all__ = ["EXTENSION", "ClientConnection", "Served", "client_connection", "serve"]

EXTENSION = "orderdesk.connection"
"""Under this key of `scope["extensions"]` an app finds the `ClientConnection` its request came in by."""

_START_WITHIN = 60.0
_STOP_WITHIN = 60.0
_END_TASKS_WITHIN = 1.0
_SHUTDOWN_ROUNDS = 6


class ClientConnection:
    """The TCP connection beneath a request, so that an app can fault what HTTP would not let it say.

    Use it only from the event loop that runs the app.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._gone = asyncio.Event()

    async def reset(self) -> None:
        """Break the connection with a TCP RST, unsent bytes dropped; returns when it is gone."""
        # SO_LINGER with zero seconds is what makes close() send RST in place of FIN.
        sock = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()
        await self._gone.wait()

    async def close(self) -> None:
        """End the connection in the orderly way (FIN) after what was written; returns when it is gone."""
        self._transport.close()
        await self._gone.wait()

    async def gone_within(self, seconds: float) -> bool:
        """True as soon as the connection is gone, False when it still stands after `seconds` of real time."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return self._gone.is_set()
        try:
            await asyncio.wait_for(self._gone.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def abort(self) -> None:
        """Drop the connection without waiting."""
        self._transport.abort()

    def mark_gone(self) -> None:
        """Called by the protocol when the socket is closed."""
        self._gone.set()


def client_connection(scope: Scope) -> ClientConnection:
    """The connection a request came in by. Raises ConfigurationError when the app is not served by `serve`."""
    found = scope.get("extensions", {}).get(EXTENSION)
    if isinstance(found, ClientConnection):
        return found
    raise ConfigurationError(
        "this server gives no access to its sockets",
        location=f'scope["extensions"]["{EXTENSION}"]',
        hint="serve the app with orderdesk_devkit.simulators.server.serve",
    )


class _Protocol(H11Protocol):
    """uvicorn's HTTP/1.1 protocol, which also hands its connection to the app."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        # uvicorn's own type of an app and Starlette's differ in name only.
        self._app: ASGIApp = cast(Any, self.app)
        self.app = cast(Any, self._with_connection)
        self.connection: ClientConnection | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
        self.connection = ClientConnection(transport)
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.connection is not None:
            self.connection.mark_gone()

    async def _with_connection(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("extensions", {})[EXTENSION] = self.connection
        await self._app(scope, receive, send)


class _Server(Server):
    """uvicorn's server, woken by an event rather than ten times a second, and stopped without waiting for clients."""

    def __init__(self, app: ASGIApp, started: Future[None]) -> None:
        super().__init__(
            Config(
                self._quiet_at_the_end,
                http=_Protocol,
                interface="asgi3",
                loop="asyncio",
                ws="none",
                log_config=None,
                log_level="error",
                access_log=False,
                # The loop below never ticks, so a date would be that of the start, and in a cassette it is noise.
                date_header=False,
                server_header=False,
                proxy_headers=False,
            )
        )
        self._app = app
        self._started = started
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake: asyncio.Event | None = None
        self._stopping = False

    def stop(self) -> None:
        """Ask the server to end. From any thread, more than once, also before it has started."""
        self.should_exit = True
        if self._loop is not None and self._wake is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake.set)

    async def _quiet_at_the_end(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except (asyncio.CancelledError, Exception):
            # Whatever an app says when its client is taken away by `stop` is nobody's fault and nobody's news.
            if not self._stopping:
                raise

    async def main_loop(self) -> None:
        await self.on_tick(0)
        self._wake = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._started.set_result(None)
        if not self.should_exit:
            await self._wake.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopping = True
        loop = asyncio.get_running_loop()
        # Accept no more, but close the server only below: Python 3.11 leaves a connection open that was accepted before
        # the server was closed and is set up after it.
        for sock in sockets or ():
            loop.remove_reader(sock)
        # A connection that was just accepted becomes known some turns of the loop later, and an aborted one closes in
        # the next turn; apps that watch for a disconnect then end by themselves.
        for _ in range(_SHUTDOWN_ROUNDS):
            for protocol in list(self.server_state.connections):
                protocol.transport.abort()
            await asyncio.sleep(0)
        for server in self.servers:
            server.close()
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_END_TASKS_WITHIN)
        await self.lifespan.shutdown()


class Served:
    """An app that is being served. A context manager: leaving it stops the server."""

    def __init__(self, app: ASGIApp, sock: socket.socket) -> None:
        self.url: str = f"http://127.0.0.1:{sock.getsockname()[1]}"
        started: Future[None] = Future()
        self._server = _Server(app, started)
        self._thread = threading.Thread(target=self._run, args=(sock, started), name=f"serving {self.url}", daemon=True)
        self._thread.start()
        try:
            started.result(_START_WITHIN)
        except BaseException as error:
            self.stop()
            if not isinstance(error, SystemExit | TimeoutError):
                raise
            raise OrderDeskError(
                "the app did not start", location=self.url, hint="see its lifespan; uvicorn's error log says more"
            ) from error

    def stop(self) -> None:
        """End the server: its socket is closed, connections still open are dropped, its thread is gone.

        Raises OrderDeskError when the app blocks the event loop and so cannot be ended. Harmless when repeated.
        """
        self._server.stop()
        self._thread.join(_STOP_WITHIN)
        if self._thread.is_alive():
            raise OrderDeskError(
                "the app blocks its event loop and cannot be ended",
                location=self.url,
                hint="make the app's handlers return, or await, within seconds",
            )

    def __enter__(self) -> Served:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self, sock: socket.socket, started: Future[None]) -> None:
        try:
            self._server.run(sockets=[sock])
        # A failed lifespan ends in SystemExit, which a thread would swallow: whoever waits in __init__ shall raise it.
        except BaseException as error:
            if started.done():
                raise
            started.set_exception(error)
        finally:
            sock.close()


def serve(app: ASGIApp, *, port: int = 0) -> Served:
    """Serve `app` on 127.0.0.1 until it is stopped; answers from the moment this returns.

    `port` 0 takes a free one; `Served.url` says which. Raises ConfigurationError when the port is taken, OrderDeskError
    when the app's lifespan fails. Installs no signal handlers and writes no log but errors.
    """
    # With the protocol named asyncio turns Nagle off; else head and body of a response are 40 ms apart.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", port))
        # Listening before the thread runs: a client that is faster than the event loop waits, it is not refused.
        sock.listen(128)
    except OSError as error:
        sock.close()
        raise ConfigurationError(
            f"cannot listen there: {error.strerror}",
            location=f"127.0.0.1:{port}",
            hint="name a free port, or 0 for any",
        ) from error
    return Served(app, sock)
