"""uvicorn's HTTP/1.1 protocol, with an end to waiting for a request's head: a sender of single bytes holds no place."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.server import ServerState

__all__ = ["HEAD_WITHIN", "LimitedProtocol"]

HEAD_WITHIN = 10.0
"""Seconds that a client has to send the head of a request, from its connection or from its last request on."""


class LimitedProtocol(H11Protocol):
    """Closes a connection whose next request has not begun to be answered in time."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
        """Begin to wait for a head."""
        super().connection_made(transport)
        self._watch_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop_watching()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Read what came. Once a request is being answered, its head is there."""
        super().handle_events()
        self._watch_head()

    def on_response_complete(self) -> None:
        """Begin to wait for the next head."""
        super().on_response_complete()
        self._watch_head()

    def _watch_head(self) -> None:
        if self._is_answering or self.transport.is_closing():
            self._stop_watching()
        elif self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_WITHIN, self._close_without_head)

    @property
    def _is_answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # None before the first request, whatever uvicorn declares.
        return cycle is not None and not cycle.response_complete

    def _stop_watching(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _close_without_head(self) -> None:
        self._head_timer = None
        if not self._is_answering:
            self.transport.close()
