"""A receiver of events on a socket: keeps what came, and judges it by the package of Standard Webhooks."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from attrs import field, frozen
from standardwebhooks import Webhook

from orderdesk_devkit.testing.raw_server import RawServer, http_response, responding
from orderdesk_sdk.secret import Secret

__all__ = ["EventReceiver", "ReceivedRequest", "receiving"]


@frozen
class ReceivedRequest:
    """A request as it came. headers: by their names in lower case."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def message_id(self) -> str:
        """By which a receiver knows what it has had."""
        return self.headers["webhook-id"]

    @property
    def content(self) -> Any:
        """The body, read."""
        return json.loads(self.body)

    def verify(self, secret: Secret) -> Any:
        """What the package reads of it. Raises WebhookVerificationError."""
        return Webhook(secret.reveal()).verify(self.body, dict(self.headers))


@frozen(eq=False)
class EventReceiver:
    """Answers each request with what `answer` gives: a whole response, or a status."""

    url: str
    requests: list[ReceivedRequest] = field(factory=list)
    _answers: list[Callable[[ReceivedRequest], int | bytes]] = field(factory=list)
    _lock: threading.Lock = field(factory=threading.Lock)

    def answers(self, answer: Callable[[ReceivedRequest], int | bytes]) -> None:
        """Answer like this from now on; 204 where nothing was said."""
        self._answers[:] = [answer]

    def types(self) -> list[str]:
        """The types of the events that came, in order."""
        return [request.content["type"] for request in self.requests]

    def handle(self, raw: bytes) -> bytes:
        """Take a request; the answer."""
        head, _, body = raw.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")[1:]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        request = ReceivedRequest(headers, body)
        with self._lock:
            self.requests.append(request)
        answer = self._answers[0](request) if self._answers else 204
        return answer if isinstance(answer, bytes) else http_response(answer, b"")


@contextmanager
def receiving() -> Iterator[EventReceiver]:
    """A receiver on this machine."""
    made: list[EventReceiver] = []
    with RawServer(responding(lambda raw: made[0].handle(raw))) as server:
        made.append(EventReceiver(f"{server.url}/events"))
        yield made[0]
