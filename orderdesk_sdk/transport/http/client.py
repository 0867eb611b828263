"""The client of one connection: makes the calls that flows describe, within limits, and keeps what happened."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

import httpx
from attrs import evolve

from orderdesk_sdk.cases.exchange import Certainty, Exchange, Failure, Intent
from orderdesk_sdk.cases.log_records import RoomLogger
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.errors import ConfigurationError, ConflictError, PluginError, StorageError
from orderdesk_sdk.plugin.answer import EXCHANGE_NUMBER
from orderdesk_sdk.plugin.auth import TokenAuth
from orderdesk_sdk.plugin.connection_settings import urls_of
from orderdesk_sdk.plugin.guard import Guard, raise_for_failure
from orderdesk_sdk.plugin.integration import Integration, Limit
from orderdesk_sdk.plugin.plain_values import plain_instance
from orderdesk_sdk.plugin.service import CallOptions
from orderdesk_sdk.plugin.sftp_auth import SftpLogin
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.transport.http.allowed_origins import AllowedOrigins
from orderdesk_sdk.transport.http.connection_state import ConnectionState, LocalConnectionState
from orderdesk_sdk.transport.http.credentials import Credentials, declared_auth
from orderdesk_sdk.transport.http.deadline import DEADLINE
from orderdesk_sdk.transport.http.failures import (
    backoff_seconds,
    condition_failure,
    failure_of,
    throttling_failure,
)
from orderdesk_sdk.transport.http.files.requirements import required_login
from orderdesk_sdk.transport.http.limits import HttpLimits
from orderdesk_sdk.transport.http.log_redaction import redacted_logs
from orderdesk_sdk.transport.http.pool import ConnectionPool, PooledTransport
from orderdesk_sdk.transport.http.quotas import DailyQuotas
from orderdesk_sdk.transport.http.rate_limit import RateBucket
from orderdesk_sdk.transport.http.rate_limit_wait import wait_for_rate_limit
from orderdesk_sdk.transport.http.replay import call_options, request_digest
from orderdesk_sdk.transport.http.response_body import ACCEPTED_ENCODING, readable_response
from orderdesk_sdk.transport.http.retry_after import MAX_WAIT
from orderdesk_sdk.transport.http.shared_reads import SharedReads, copy_response
from orderdesk_sdk.transport.redaction import Redactor
from orderdesk_sdk.transport.shutdown import Shutdown

__all__ = ["HttpClient"]

MIN_CALLS_PER_SECOND = 0.001
"""Calls per second below which a rate that a service tells is not believed: it would stop the connection for hours."""
_log = RoomLogger("transport")
_KEPT_HEADERS = ("content-type", "retry-after", "etag")
_EXCERPT_OVERLAP = 64 * 1024
"""Bytes behind an excerpt in which the end of a secret is looked for that stands across its end."""
_PACKING = 64 * 1024
"""Bytes by which a body of the longest that is read may grow when it is packed, since it cannot be packed."""
_MAX_LATER_WAIT = 150.0
"""Seconds that a later call of a flow waits for the declared rate: begun anew, the flow would make its
first calls again. Well below the lease on its case."""


class HttpClient:
    """The open connections, buckets, credentials and redactor of one connection; safe to use from many threads.

    No redirect is followed, no cookie kept, and no proxy asked.
    """

    def __init__(
        self,
        integration: Integration,
        settings: object,
        redactor: Redactor,
        clock: Clock,
        limits: HttpLimits | None = None,
        state: ConnectionState | None = None,
        shutdown: Shutdown | None = None,
    ) -> None:
        """Open a client for one connection.

        Args:
            redactor: of the connection; it is told every secret that the service gives.
            state: what is known of the connection beyond this client; None keeps nothing longer than it.
        """
        self.limits = limits or HttpLimits()
        self._shutdown = shutdown or Shutdown()
        self._integration, self._location = integration, f"integration {integration.slug}"
        self._clock = clock
        urls = urls_of(settings)
        self._allowed_origins = AllowedOrigins(urls)
        self.redactor = redactor
        expected = integration.expected_headers.items()
        self._expected_headers = {header: str(getattr(settings, name)) for header, name in expected}
        self._kept_headers = tuple(dict.fromkeys([*_KEPT_HEADERS, *integration.evidence_headers]))
        self._state = state or LocalConnectionState(clock)
        auth = declared_auth(integration, settings)
        self.login = required_login(urls, auth)
        self.credentials = self._credentials_of(auth)
        self._shared_reads = SharedReads(clock)
        self._quotas = DailyQuotas(integration.quotas, self._state.call_counts, clock)
        self._buckets: dict[str, RateBucket] = {}
        self._buckets_lock = Lock()
        self._deferred_until = 0.0
        self._transport = PooledTransport(
            ConnectionPool(
                self.limits.in_flight,
                tls=self._allowed_origins.secure,
                max_response_bytes=self.limits.max_response_bytes + _PACKING,
                reach=self.limits.reach,
                login=self.login,
            )
        )
        own = self.limits
        self._timeout = httpx.Timeout(own.read_timeout, connect=own.connect_timeout, pool=own.timeout).as_dict()

    def _credentials_of(self, auth: httpx.Auth | None) -> Credentials | None:
        """What signs the calls; None where nothing does: a login by SFTP is the pool's."""
        if auth is None or isinstance(auth, SftpLogin):
            return None
        if isinstance(auth, TokenAuth):
            auth.clock = self._clock
            auth.register_secret = self.redactor.add_secret
            auth.token_store = self._state.token_store
        return Credentials(auth, self._send, self.redactor, self._location, self._clock)

    @property
    def deferred_for(self) -> float:
        """Seconds for which calls are put off yet, since a rate limit is used up; 0 where they are not."""
        return max(0.0, self._deferred_until - self._clock.monotonic())

    def close(self) -> None:
        """Close the connections. Calls after this fail."""
        self._transport.close()

    def call(
        self,
        request: httpx.Request,
        number: int,
        record_intent: Callable[[Intent], None],
        guard: Guard | None = None,
        newer_than: datetime | None = None,
    ) -> tuple[Exchange, httpx.Response | None]:
        """Make one call of a flow; the response is None where there is none.

        `record_intent` is called after any wait for the rate limit and before a byte leaves. Sent again only: what
        reads only, and what was proved not done. A shared read may be answered by what another flow was told. Raises
        PluginError for a foreign host and for what the plugin's credentials and its `throttled` do wrong,
        ConfigurationError for rejected credentials.

        Args:
            guard: what the plugin's code runs under; None is one of its own.
            newer_than: a shared read that was made then or before answers nothing; None: any does.
        """
        guard = guard or Guard(redact=self.redactor.redact_text)
        options = call_options(request)
        if not options.signed:
            self.redactor.add_presigned_url(str(request.url))
        self.require_allowed_origin(request)
        if options.cache_for is None or not options.reads(request.method):
            return self._call(request, number, options, record_intent, guard)
        (exchange, response), is_others = self._shared_reads.get(
            request_digest(request),
            options.cache_for.total_seconds(),
            lambda: self._call(request, number, options, record_intent, guard),
            guard.watchdog,
            newer_than,
        )
        if not is_others:
            return exchange, response
        intent = self._intent(request, number, options)
        record_intent(intent)
        told = evolve(exchange, intent=intent, ended_at=self._clock.now(), shared_at=exchange.ended_at)
        return told, _with_exchange_number(copy_response(response, request), number) if response is not None else None

    def _call(
        self,
        request: httpx.Request,
        number: int,
        options: CallOptions,
        record_intent: Callable[[Intent], None],
        guard: Guard,
    ) -> tuple[Exchange, httpx.Response | None]:
        bucket = self._bucket(options.operation)
        longest = self.limits.max_wait if number == 1 else max(self.limits.max_wait, _MAX_LATER_WAIT)
        may_call = self._wait_for_rate_limit(bucket, longest)
        if number == 1 and self._shutdown.is_requested:
            raise ConflictError("the desk ends; nothing was sent", hint="open a desk again to continue")
        put_off = self._quotas.take(options.operation) if may_call else self._deferred(bucket, options.operation)
        if put_off is not None:
            return self._exchange(self._intent(request, number, options), put_off, 0), None
        intent = self._intent(request, number, options)
        record_intent(intent)
        waited = 0.0
        tries = 1
        while True:
            result = self._send_once(request, guard)
            away = self._turned_away(request, result, intent, bucket, guard)
            pause = backoff_seconds(intent, away or result, tries)
            if away is not None and away.may_go_again:
                _log_throttling(intent, away)
                if pause is not None:
                    bucket.close_for(pause)
            if pause is None or tries >= self.limits.max_attempts or waited + pause > self.limits.max_wait:
                break
            if self._shutdown.is_requested:  # What is under way is finished, and not begun anew.
                break
            if not self._may_go_again(bucket, pause, longest) or self._quotas.take_again(options.operation) is not None:
                break
            waited += pause
            tries += 1
        exchange = self._exchange(intent, result, tries, away, private=options.redact_response)
        return exchange, None if away is not None else _with_exchange_number(result, number)

    def _turned_away(
        self,
        request: httpx.Request,
        result: httpx.Response | Failure,
        intent: Intent,
        bucket: RateBucket,
        guard: Guard,
    ) -> Failure | None:
        """What a response that turns the call away proves; None for every other result."""
        if not isinstance(result, httpx.Response):
            return None
        self._adapt_rate(result, bucket)
        changed = condition_failure(result, request)
        if changed is not None:
            return changed
        now, told = self._clock.now(), self._retry_after(result, guard)
        return throttling_failure(result, now, read_only=intent.read_only, plugin_wait=told)

    def _wait_for_rate_limit(self, bucket: RateBucket, max_wait: float) -> bool:
        return wait_for_rate_limit(bucket, max_wait, self.limits.max_wait, self._clock, self._shutdown)

    def _may_go_again(self, bucket: RateBucket, pause: float, max_wait: float) -> bool:
        """Wait until another try may go. Raises nothing: what the service said before must not be lost."""
        try:
            bucket.close_for(pause)
            return self._wait_for_rate_limit(bucket, max_wait)
        except StorageError:  # The database in which the bucket is kept is away.
            return False

    def _deferred(self, bucket: RateBucket, operation: str) -> Failure:
        waits = timedelta(seconds=min(bucket.defer(), MAX_WAIT.total_seconds()))
        self._deferred_until = max(self._deferred_until, self._clock.monotonic() + waits.total_seconds())
        text = f"the request was not sent: {operation!r} may be called again in {waits.total_seconds():.0f} s"
        return Failure("NotYet", Certainty.NOT_SENT, text, waits)

    def _intent(self, request: httpx.Request, number: int, options: CallOptions) -> Intent:
        return Intent(
            number,
            options.operation,
            request.method,
            self.redactor.redact_url(str(request.url)),
            request_digest(request),
            options.idempotent,
            self._clock.now(),
            options.read_only,
            self._request_excerpt(request, options),
            options.writes,
            options.step,
        )

    def _request_excerpt(self, request: httpx.Request, options: CallOptions) -> str:
        """What a request says, for whoever must decide whether it is made again."""
        if options.redact_response or options.reads(request.method):
            return ""
        return self._excerpt(request.content, _MAX_REQUEST_EXCERPT)

    def _excerpt(self, content: bytes, length: int) -> str:
        """The beginning of a body, cleaned before it is cut: half a secret at the cut would not be known for one.

        What is far behind it costs nothing.
        """
        said = content[: 4 * length + _EXCERPT_OVERLAP].decode("utf-8", "replace")
        return self.redactor.redact_body(said)[:length]

    def _send_once(self, request: httpx.Request, guard: Guard) -> httpx.Response | Failure:
        if self.credentials is not None and call_options(request).signed:
            operation = call_options(request).operation
            return self.credentials.send_signed(request, guard, lambda: self._quotas.take_again(operation))
        try:
            return self._send(request)
        except (ConfigurationError, PluginError):
            raise
        except Exception as error:  # noqa: BLE001 - httpx lets errors of h11 and idna through; they prove nothing
            return failure_of(error, self.redactor)

    def _send(self, request: httpx.Request) -> httpx.Response:
        self.require_allowed_origin(request)
        request.extensions.setdefault("timeout", self._timeout)
        if request.headers.get("accept-encoding") != ACCEPTED_ENCODING:
            request.headers["accept-encoding"] = ACCEPTED_ENCODING
        if request.url.userinfo:  # As httpx's client reads a login in a URL.
            next(httpx.BasicAuth(request.url.username, request.url.password).auth_flow(request))
        scheme, _, login = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":  # A form of the secret that leaves us whole, however short the secret is.
            self.redactor.add_secret(Secret(login.strip()))
        request.extensions[DEADLINE] = time.monotonic() + self.limits.timeout
        longest = self.limits.max_response_bytes
        with redacted_logs(self.redactor):
            return readable_response(self._transport.send(request, longest + _PACKING), request, longest)

    def require_allowed_origin(self, request: httpx.Request) -> None:
        """Raises PluginError for a request to a host that is none of the connection's."""
        if not self._allowed_origins.allow(request.url, signed=call_options(request).signed):
            raise PluginError(
                f"a call to {self.redactor.redact_url(str(request.url))!r} was stopped: "
                "it is none of the connection's hosts",
                location=f"integration {self._integration.slug}",
                hint="declare the host with settings.host(), or mend the URL",
            )

    def _bucket(self, operation: str) -> RateBucket:
        bucket = self._buckets.get(operation)
        if bucket is None:
            limits = self._integration.limits
            limit = limits.get(operation) or limits.get("*") or _UNLIMITED
            with self._buckets_lock:
                bucket = self._buckets.setdefault(operation, self._state.bucket(operation, limit))
        return bucket

    def _adapt_rate(self, response: httpx.Response, bucket: RateBucket) -> None:
        header = self._integration.rate_header
        told = response.headers.get(header) if header else None
        try:
            rate = float(told) if told else 0.0
        except ValueError:
            return  # A header that is no number tells no rate; the declared one stays.
        if MIN_CALLS_PER_SECOND <= rate < float("inf"):
            bucket.adapt(rate)

    def _retry_after(self, response: httpx.Response, guard: Guard) -> timedelta | None:
        """How long the plugin reads that a response turns the call away for; its own errors are its fault."""
        throttled = self._integration.retry_after
        if throttled is None:
            return None

        def told() -> timedelta | None:
            found = throttled(copy_response(response, response.request))
            return plain_instance(timedelta, found) if found is not None else None

        return raise_for_failure(guard.run(told), "its `throttled` gave no duration", location=self._location)

    def _exchange(
        self,
        intent: Intent,
        result: httpx.Response | Failure,
        attempts: int,
        throttling: Failure | None = None,
        *,
        private: bool = False,
    ) -> Exchange:
        now = self._clock.now()
        if isinstance(result, Failure):
            return Exchange(intent, now, failure=result, attempts=attempts)
        if private:
            body = f"[kept out: {len(result.content)} bytes, SHA-256 {hashlib.sha256(result.content).hexdigest()}]"
        else:
            body = self._excerpt(result.content, self.limits.evidence_bytes)
        told = dict(result.headers.items())
        drifts = [
            f"{name} is {told[name.lower()]}, not {value}"
            for name, value in self._expected_headers.items()
            if told.get(name.lower(), value) != value
        ]
        return Exchange(
            intent,
            now,
            result.status_code,
            self.redactor.redact_headers(told, self._kept_headers),
            body,
            is_complete=throttling is None and body.encode() == result.content,
            failure=throttling,
            attempts=attempts,
            warning=self.redactor.redact_text(f"{'; '.join(drifts)} as this connection is set") if drifts else None,
        )


_MAX_REQUEST_EXCERPT = 2000
"""Characters that are kept of what a request says."""
_UNLIMITED = Limit(1000, burst=1000)


def _log_throttling(intent: Intent, failure: Failure) -> None:
    wait = f"; it is called again after {failure.retry_after.total_seconds():.0f} s" if failure.retry_after else ""
    _log.warning("rate limited by the service in %s%s", intent.operation, wait)


def _with_exchange_number(result: httpx.Response | Failure, number: int) -> httpx.Response | None:
    if isinstance(result, Failure):
        return None
    result.extensions[EXCHANGE_NUMBER] = number
    return result
