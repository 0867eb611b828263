"""A connection's credentials at work: the plugin's `auth_flow` says what is sent, and the core sends it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import timedelta
from functools import partial
from types import GeneratorType

import httpx
from attrs import evolve

from orderdesk_sdk.cases.exchange import Certainty, Failure
from orderdesk_sdk.cases.policy.deadlines import RETRY_POLICY
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.errors import ConfigurationError, PluginError
from orderdesk_sdk.plugin.auth import HeaderAuth, TokenAuth, is_settled_by
from orderdesk_sdk.plugin.guard import Guard, raise_for_failure
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.oauth import ClientCredentialsAuth, RefreshTokenAuth
from orderdesk_sdk.plugin.plain_values import class_name, plain_instance
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError
from orderdesk_sdk.transport.http.failures import failure_of, throttling_failure
from orderdesk_sdk.transport.http.replay import is_request, plain_request
from orderdesk_sdk.transport.http.shared_reads import copy_response
from orderdesk_sdk.transport.redaction import Redactor

__all__ = ["Credentials", "declared_auth"]

MAX_STEPS = 8
"""Calls that credentials may make for one request, that request among them."""
_CONTEXT = "its credentials failed"
_OWN_CLASSES = (HeaderAuth, httpx.BasicAuth, RefreshTokenAuth, ClientCredentialsAuth)
"""Credentials in which nothing of a plugin's code runs while they sign."""
_AUTH_STATUSES = frozenset({401, 403, 407})

_AuthFlow = Generator[httpx.Request, httpx.Response, None]


def declared_auth(integration: Integration, settings: object) -> httpx.Auth | None:
    """What an integration declares for these settings; None where it declares nothing of the kind. Raises TypeError."""
    auth: object = integration.auth(settings) if integration.auth is not None else None
    if auth is not None and not isinstance(auth, httpx.Auth):
        raise TypeError(f"its auth gave {class_name(auth)}, not an httpx.Auth")
    return auth


class Credentials:
    """What signs the requests of a connection.

    Args:
        send: makes one call, or raises.
        location: whose they are, for errors.
    """

    def __init__(
        self,
        auth: httpx.Auth,
        send: Callable[[httpx.Request], httpx.Response],
        redactor: Redactor,
        location: str,
        clock: Clock,
    ) -> None:
        self._auth = auth
        self._is_ours = type(auth) in _OWN_CLASSES
        self._clock = clock
        self._closed_until = (
            clock.monotonic()
        )  # When the token endpoint may be asked again that wanted to be left alone.
        self._rejections = 0
        self._send = send
        self._redactor = redactor
        self._location = location

    def send_signed(
        self, request: httpx.Request, guard: Guard, count_again: Callable[[], Failure | None] = lambda: None
    ) -> httpx.Response | Failure:
        """The service's response to the request itself, signed, or what became of it.

        Raises ConfigurationError for rejected credentials and PluginError for what the plugin's code does wrong.

        Args:
            count_again: called before the request is repeated with a new token; gives what forbids that, or None.
        """
        started: list[_AuthFlow] = []

        def start() -> object:
            started.append(self._start_flow(request))
            return next(started[0])

        try:
            step = self._next_request(start, request, guard)
            return self._run_flow(started[0], step, request, guard, count_again)
        except MalformedResponseError as error:
            return _token_failure("MalformedResponseError", self._redactor.redact_text(str(error)))
        finally:
            for flow in started:
                if not isinstance(flow, GeneratorType) or flow.gi_frame is not None:  # Where it has not ended.
                    guard.run(flow.close)

    @property
    def uses_tokens(self) -> bool:
        """Whether a token is asked for before the first call."""
        return isinstance(self._auth, TokenAuth)

    def token_failure(self, guard: Guard) -> Failure | None:
        """What keeps a token from being had now; None where one is, or none is needed.

        Nothing is asked of the service but a token. Raises as `send_signed`.
        """
        if not isinstance(self._auth, TokenAuth):
            return None
        request = httpx.Request("GET", "https://never-sent.invalid/")
        flow = self._start_flow(request)
        try:
            step = self._next_request(partial(next, flow), request, guard)
            for _ in range(MAX_STEPS):
                if step is None or step[1]:
                    return None  # The request itself is next, so there is a token for it.
                response = self._send(step[0])
                wait = self._retry_after(response, guard)
                if wait is not None:
                    return _throttled(wait)
                step = self._next_request(partial(flow.send, copy_response(response, step[0])), request, guard)
        except MalformedResponseError as error:
            return _token_failure("MalformedResponseError", self._redactor.redact_text(str(error)))
        except httpx.HTTPError as error:
            failure = failure_of(error, self._redactor)
            return _token_failure(failure.kind, failure.message)
        finally:
            guard.run(flow.close)
        return _token_failure("TooManyCalls", f"the credentials made {MAX_STEPS} calls and wanted more")

    def _start_flow(self, request: httpx.Request) -> _AuthFlow:
        flow = self._auth.sync_auth_flow(request)
        if not isinstance(flow, Generator):
            raise TypeError(f"auth_flow gave {class_name(flow)}, not a flow; write it with yield")
        return flow

    def _run_flow(
        self,
        flow: _AuthFlow,
        step: tuple[httpx.Request, bool] | None,
        request: httpx.Request,
        guard: Guard,
        count_again: Callable[[], Failure | None],
    ) -> httpx.Response | Failure:
        answered: httpx.Response | None = None
        for _ in range(MAX_STEPS):
            if step is None:
                text = "the credentials never let the request go"
                return answered or Failure("NoRequest", Certainty.NOT_SENT, text)
            sent, is_own = step
            if not is_own and (closed := self._closed_until - self._clock.monotonic()) > 0:
                return _throttled(timedelta(seconds=closed))
            if is_own and answered is not None:
                if not self._may_repeat(answered):
                    raise PluginError("its credentials sent a request again that was answered", location=self._location)
                if (forbidden := count_again()) is not None:
                    return forbidden
            try:
                response = self._send(sent)
            except (PluginError, ConfigurationError):
                raise
            except Exception as error:  # noqa: BLE001 - httpx lets errors of h11 and idna through; they prove nothing
                failure = failure_of(error, self._redactor)
                # Where the call for a token was lost, the request itself never left, or was turned away.
                return failure if is_own else _token_failure(failure.kind, failure.message)
            answered = response if is_own else answered
            wait = None if is_own else self._retry_after(response, guard)
            if wait is not None:
                return _throttled(wait)
            if is_own and is_settled_by(self._auth, response.status_code):
                return response
            # A copy: what counts as the service's answer is out of the plugin's reach.
            step = self._next_request(partial(flow.send, copy_response(response, sent)), request, guard)
        raise PluginError(f"its credentials made {MAX_STEPS} calls for one and wanted more", location=self._location)

    def _retry_after(self, response: httpx.Response, guard: Guard) -> timedelta | None:
        """How long the endpoint that answered a call for a token is left alone by everybody; None: it may be asked."""
        auth = self._auth

        def read() -> timedelta | None:
            found = auth.retry_after(copy_response(response, response.request)) if isinstance(auth, TokenAuth) else None
            return plain_instance(timedelta, found) if found is not None else None

        told = raise_for_failure(
            guard.run(read), f"{_CONTEXT}: its `throttled` gave no duration", location=self._location
        )
        away = throttling_failure(response, self._clock.now(), read_only=True, plugin_wait=told)
        if away is None:
            self._rejections = 0
            return None
        # Where it does not say for how long, longer each time.
        wait = away.retry_after if away.retry_after is not None else RETRY_POLICY.delay(self._rejections)
        self._rejections += 1
        self._closed_until = max(self._closed_until, self._clock.monotonic() + wait.total_seconds())
        return wait

    def _may_repeat(self, response: httpx.Response) -> bool:
        """Whether nothing was done: the caller was turned away, or a token's own reading of the response says so."""
        return isinstance(self._auth, TokenAuth) or response.status_code in _AUTH_STATUSES

    def _next_request(
        self, resume: Callable[[], object], own: httpx.Request, guard: Guard
    ) -> tuple[httpx.Request, bool] | None:
        """What is sent next, and whether it is `own` and not a call for a token; None at the end of the flow."""

        def taken() -> tuple[httpx.Request, bool] | None:
            try:
                found = resume()
            except StopIteration:
                return None
            if not is_request(found):
                raise TypeError(f"it yielded {class_name(found)}, not a request")
            if found is own and self._is_ours:
                return own, True  # It was made of exact classes, and only code of ours has touched it since.
            made = plain_request(found)
            return made, found is own or _target(made) == _target(own)

        return raise_for_failure(
            guard.run(taken, allowed_errors=(MalformedResponseError, ConfigurationError)),
            _CONTEXT,
            location=self._location,
        )


def _target(request: httpx.Request) -> tuple[str, httpx.URL]:
    return request.method, request.url.copy_with(query=None)


def _throttled(wait: timedelta) -> Failure:
    text = f"the service throttles its tokens and asks to be left alone for {wait.total_seconds():.0f} s"
    return evolve(_token_failure("TurnedAway", text), retry_after=wait)


def _token_failure(kind: str, message: str) -> Failure:
    return Failure(kind, Certainty.NOT_SENT, f"no token was had: {message}")
