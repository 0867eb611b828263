"""A simulator's app some of whose calls are answered otherwise, as a test class declares in `Ending.replies`."""

from __future__ import annotations

import json
from collections.abc import Mapping

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orderdesk_devkit.simulators.control import PREFIX
from orderdesk_devkit.simulators.simulator import Simulator

__all__ = ["ReplacedReplies"]


class ReplacedReplies:
    """Lets the simulator do what a call asks for, and answers in its place.

    Args:
        replies: by the name of a call in the simulator's log, the status and the JSON document, or the text, of what it
            is answered.
    """

    def __init__(self, app: ASGIApp, simulator: Simulator, replies: Mapping[str, tuple[int, object]]) -> None:
        self._app = app
        self._simulator = simulator
        self._replies = replies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        before = len(self._simulator.log)
        kept: list[Message] = []

        async def keep(message: Message) -> None:
            kept.append(message)

        await self._app(scope, receive, keep)
        names = [record.operation for record in self._simulator.log[before:] if record.operation in self._replies]
        if not names:
            for message in kept:
                await send(message)
            return
        status, said = self._replies[names[-1]]
        text = said if isinstance(said, str) else json.dumps(said)
        await Response(text, status, media_type="application/json")(scope, receive, send)
