"""A connection's credentials at work: the plugin's `auth_flow` says what is sent, and the core sends it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import timedelta
from functools import partial

import httpx
from attrs import evolve

from orderdesk_sdk.cases.exchange import Certainty, Failure
from orderdesk_sdk.cases.policy.deadlines import PATIENCE
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.errors import ConfigurationError, PluginFault
from orderdesk_sdk.plugin.auth import TokenAuth
from orderdesk_sdk.plugin.guard import Guard, sound
from orderdesk_sdk.plugin.plain_values import name_of, plain_of
from orderdesk_sdk.plugin.toolkit.json_response import MalformedReply
from orderdesk_sdk.transport.http.failures import failure_of, turned_away
from orderdesk_sdk.transport.http.replay import is_request, plain_request
from orderdesk_sdk.transport.http.shared_reads import copy_of
from orderdesk_sdk.transport.redaction import Redactor

__all__ = ["Credentials"]

MOST_STEPS = 8
"""Calls that credentials may make for one request, that request among them."""
_WHAT = "its credentials failed"
_TURNED_AWAY = frozenset({401, 403, 407})

_AuthFlow = Generator[httpx.Request, httpx.Response, None]


class Credentials:
    """What signs the requests of a connection. send: makes one call, or raises. place: whose they are, for errors."""

    def __init__(
        self,
        auth: httpx.Auth,
        send: Callable[[httpx.Request], httpx.Response],
        redactor: Redactor,
        place: str,
        clock: Clock,
    ) -> None:
        self._auth = auth
        self._clock = clock
        self._opens = clock.monotonic()  # When the token endpoint may be asked again that wanted to be left alone.
        self._turned_away = 0
        self._send = send
        self._redactor = redactor
        self._place = place

    def sent(self, request: httpx.Request, guard: Guard) -> httpx.Response | Failure:
        """The service's reply to the request itself, signed, or what became of it.

        Raises ConfigurationError for refused credentials and PluginFault for what the plugin's code does wrong.
        """
        flow = sound(guard.run(partial(self._begun, request)), _WHAT, place=self._place)
        try:
            return self._driven(flow, request, guard)
        except MalformedReply as error:
            return _no_token("MalformedReply", self._redactor.text(str(error)))
        finally:
            guard.run(flow.close)

    def _begun(self, request: httpx.Request) -> _AuthFlow:
        flow = self._auth.sync_auth_flow(request)
        if not isinstance(flow, Generator):
            raise TypeError(f"auth_flow gave {name_of(flow)}, not a flow; write it with yield")
        return flow

    def _driven(self, flow: _AuthFlow, request: httpx.Request, guard: Guard) -> httpx.Response | Failure:
        answered: httpx.Response | None = None
        step = self._step(partial(next, flow), request, guard)
        for _ in range(MOST_STEPS):
            if step is None:
                text = "the credentials never let the request go"
                return answered or Failure("NoRequest", Certainty.NOT_SENT, text)
            sent, is_own = step
            if not is_own and (closed := self._opens - self._clock.monotonic()) > 0:
                return _throttled(timedelta(seconds=closed))
            if is_own and answered is not None and not self._may_repeat(answered):
                raise PluginFault("its credentials sent a request again that was answered", place=self._place)
            try:
                reply = self._send(sent)
            except (PluginFault, ConfigurationError):
                raise
            except Exception as error:  # noqa: BLE001 - httpx lets errors of h11 and idna through; they prove nothing
                failure = failure_of(error, self._redactor)
                # Where the call for a token was lost, the request itself never left, or was turned away.
                return failure if is_own else _no_token(failure.kind, failure.text)
            answered = reply if is_own else answered
            wait = None if is_own else self._wait(reply, guard)
            if wait is not None:
                return _throttled(wait)
            # A copy: what counts as the service's answer is out of the plugin's reach.
            step = self._step(partial(flow.send, copy_of(reply, sent)), request, guard)
        raise PluginFault(f"its credentials made {MOST_STEPS} calls for one and wanted more", place=self._place)

    def _wait(self, reply: httpx.Response, guard: Guard) -> timedelta | None:
        """How long the endpoint that answered a call for a token is left alone by everybody; None: it may be asked."""
        auth = self._auth

        def read() -> timedelta | None:
            found = auth.throttled(copy_of(reply, reply.request)) if isinstance(auth, TokenAuth) else None
            return plain_of(timedelta, found) if found is not None else None

        told = sound(guard.run(read), f"{_WHAT}: its `throttled` gave no duration", place=self._place)
        away = turned_away(reply, self._clock.now(), reads_only=True, told=told)
        if away is None:
            self._turned_away = 0
            return None
        # Where it does not say for how long, longer each time.
        wait = away.retry_after if away.retry_after is not None else PATIENCE.pause(self._turned_away)
        self._turned_away += 1
        self._opens = max(self._opens, self._clock.monotonic() + wait.total_seconds())
        return wait

    def _may_repeat(self, answered: httpx.Response) -> bool:
        """Whether nothing was done: the caller was turned away, or a token's own reading of the reply says so."""
        return isinstance(self._auth, TokenAuth) or answered.status_code in _TURNED_AWAY

    def _step(self, go_on: Callable[[], object], own: httpx.Request, guard: Guard) -> tuple[httpx.Request, bool] | None:
        """What is sent next, and whether it is `own` and not a call for a token; None at the end of the flow."""
        target = (own.method, own.url.copy_with(query=None))

        def taken() -> tuple[httpx.Request, bool] | None:
            try:
                found = go_on()
            except StopIteration:
                return None
            if not is_request(found):
                raise TypeError(f"it yielded {name_of(found)}, not a request")
            made = plain_request(found)
            return made, found is own or (made.method, made.url.copy_with(query=None)) == target

        return sound(guard.run(taken, passes=(MalformedReply, ConfigurationError)), _WHAT, place=self._place)


def _throttled(wait: timedelta) -> Failure:
    text = f"the service throttles its tokens and asks to be left alone for {wait.total_seconds():.0f} s"
    return evolve(_no_token("TurnedAway", text), retry_after=wait)


def _no_token(kind: str, text: str) -> Failure:
    return Failure(kind, Certainty.NOT_SENT, f"no token was had: {text}")
