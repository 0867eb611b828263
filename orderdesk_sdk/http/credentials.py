"""A connection's credentials at work: the plugin's `auth_flow` says what is sent, and the core sends it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial

import httpx

from orderdesk_sdk.errors import ConfigurationError, PluginFault
from orderdesk_sdk.exchange import Certainty, Failure
from orderdesk_sdk.guard import Guard, sound
from orderdesk_sdk.http.auth import TokenAuth
from orderdesk_sdk.http.certainty import failure_of
from orderdesk_sdk.http.replay import is_request, plain_request
from orderdesk_sdk.http.shared_reads import copy_of
from orderdesk_sdk.plain import name_of
from orderdesk_sdk.reading import MalformedReply
from orderdesk_sdk.redaction import Redactor

__all__ = ["Credentials"]

MOST_STEPS = 8
"""Calls that credentials may make for one request, that request among them."""
_WHAT = "its credentials failed"
_TURNED_AWAY = frozenset({401, 403, 407})

_AuthFlow = Generator[httpx.Request, httpx.Response, None]


class Credentials:
    """What signs the requests of a connection. send: makes one call, or raises. place: whose they are, for errors."""

    def __init__(
        self, auth: httpx.Auth, send: Callable[[httpx.Request], httpx.Response], redactor: Redactor, place: str
    ) -> None:
        self._auth = auth
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
            # A copy: what counts as the service's answer is out of the plugin's reach.
            step = self._step(partial(flow.send, copy_of(reply, sent)), request, guard)
        raise PluginFault(f"its credentials made {MOST_STEPS} calls for one and wanted more", place=self._place)

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


def _no_token(kind: str, text: str) -> Failure:
    return Failure(kind, Certainty.NOT_SENT, f"no token was had: {text}")
