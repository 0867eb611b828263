"""The client of one connection: makes the calls that flows describe, within limits, and keeps what happened."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from http.cookiejar import CookieJar, DefaultCookiePolicy
from threading import Lock

import httpx
from attrs import evolve, frozen

from orderdesk_sdk.cases.exchange import Certainty, Exchange, Failure, Intent
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.errors import ConflictError, PluginFault
from orderdesk_sdk.plugin.answer import EXCHANGE_NUMBER
from orderdesk_sdk.plugin.auth import TokenAuth
from orderdesk_sdk.plugin.connection_settings import SettingKind, settings_fields
from orderdesk_sdk.plugin.guard import Guard, sound
from orderdesk_sdk.plugin.integration import Integration, Limit
from orderdesk_sdk.plugin.plain_values import name_of, plain_of
from orderdesk_sdk.plugin.service import CALL, CallOptions
from orderdesk_sdk.plugin.token_keeper import TokenKeeper
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.transport.http.allowed_origins import Hosts
from orderdesk_sdk.transport.http.bodies import ACCEPTED, whole_reply
from orderdesk_sdk.transport.http.credentials import Credentials
from orderdesk_sdk.transport.http.deadline import DeadlineTransport
from orderdesk_sdk.transport.http.failures import BUSY_STATUSES, failure_of, turned_away
from orderdesk_sdk.transport.http.log_redaction import guarded_logs
from orderdesk_sdk.transport.http.rate_limit import TokenBucket
from orderdesk_sdk.transport.http.replay import digest_of
from orderdesk_sdk.transport.http.shared_reads import SharedReads, copy_of
from orderdesk_sdk.transport.http.waits import LONGEST_WAIT
from orderdesk_sdk.transport.redaction import Redactor
from orderdesk_sdk.transport.shutdown import Ending

__all__ = ["CallLimits", "ConnectionClient"]


@frozen
class CallLimits:
    """What one call may take. Times in seconds, sizes in bytes.

    in_flight: calls at once per connection (httpx loses throughput above 8). total: one try, from connecting to the
    last byte.
    read: the longest silence. reply: the longest decoded body. excerpt: how much of a body is kept as evidence.
    tries: sends of one call; waits: how long the pauses between them may be together, and how long a thread waits for
    the first: what must wait longer leaves the thread, and its case is due when the wait is over.
    """

    in_flight: int = 8
    total: float = 30.0
    connect: float = 5.0
    read: float = 15.0
    reply: int = 4 * 1024 * 1024
    excerpt: int = 16 * 1024
    tries: int = 4
    waits: float = 20.0


_DEFAULT_CALL = CallOptions("*", repeatable=False)
SLOWEST = 0.001
"""Calls per second below which a rate that a service tells is not believed: it would stop the connection for hours."""
_FIRST_PAUSE = 0.5
_BEHIND_EXCERPT = 64 * 1024
"""Bytes behind an excerpt in which the end of a secret is looked for that stands across its end."""
_NAP = 0.5
"""Seconds that are slept at a time, so that the desk's ending is noticed."""
_LONGEST_TURN = 150.0
"""Seconds that a later call of a flow waits for the declared rate: begun anew, the flow would spend its first turns
again. Well below the lease on its case."""


class ConnectionClient:
    """One `httpx.Client`, its buckets, credentials and redactor, for one connection; safe to use from many threads."""

    def __init__(
        self,
        integration: Integration,
        settings: object,
        clock: Clock,
        limits: CallLimits | None = None,
        keeper: TokenKeeper | None = None,
        ending: Ending | None = None,
    ) -> None:
        """keeper: of the refresh tokens that the service gives; None keeps none of them longer than the process."""
        self.limits = limits or CallLimits()
        self._ending = ending or Ending()
        self._integration = integration
        self._place = f"integration {integration.slug}"
        self._clock = clock
        values = [(field, getattr(settings, field.name)) for field in settings_fields(type(settings))]
        hosts = [value for field, value in values if field.kind is SettingKind.HOST and value]
        self._hosts = Hosts(hosts)
        secrets = [value for _, value in values if isinstance(value, Secret)]
        self.redactor = Redactor(integration.redact, secrets)
        self._echoes = {header: str(getattr(settings, name)) for header, name in integration.echoes.items()}
        auth = integration.auth(settings) if integration.auth is not None else None
        if auth is not None and not isinstance(auth, httpx.Auth):
            raise TypeError(f"its auth gave {name_of(auth)}, not an httpx.Auth")
        if isinstance(auth, TokenAuth):
            auth.clock = clock
            auth.learn = self.redactor.learn
            auth.keeper = keeper
        self._credentials = (
            Credentials(auth, self._send, self.redactor, self._place, clock) if auth is not None else None
        )
        self._shared = SharedReads(clock)
        self._buckets: dict[str, TokenBucket] = {}
        self._buckets_lock = Lock()
        self._transport = DeadlineTransport(in_flight=self.limits.in_flight, secure=self._hosts.secure)
        timeout = httpx.Timeout(self.limits.read, connect=self.limits.connect, pool=self.limits.total)
        no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=()))  # They would be kept, and never sent.
        self._client = httpx.Client(
            transport=self._transport, timeout=timeout, follow_redirects=False, cookies=no_cookies
        )
        self._timeout = timeout.as_dict()

    def close(self) -> None:
        """Close the connections. Calls after this fail."""
        self._client.close()

    def call(
        self,
        request: httpx.Request,
        number: int,
        intend: Callable[[Intent], None],
        guard: Guard | None = None,
        newer_than: datetime | None = None,
    ) -> tuple[Exchange, httpx.Response | None]:
        """Make one call of a flow; the response is None where there is none.

        `intend` is called after any wait for the rate limit and before a byte leaves. Sent again only: what reads
        only, and what was proved not done. A shared read may be answered by what another flow was told. Raises
        PluginFault for a foreign host and for what the plugin's credentials and its `throttled` do wrong,
        ConfigurationError for refused credentials. guard: what the plugin's code runs under; None is one of its own.
        newer_than: a shared read that was made then or before answers nothing; None: any does.
        """
        guard = guard or Guard(clean=self.redactor.text)
        options = _options(request)
        if not options.signed:
            self.redactor.learn_link(str(request.url))
        self.only_own_hosts(request)
        if options.shared is None or not (options.reads_only or request.method in ("GET", "HEAD")):
            return self._call(request, number, options, intend, guard)
        (exchange, response), is_others = self._shared.read(
            digest_of(request),
            options.shared.total_seconds(),
            lambda: self._call(request, number, options, intend, guard),
            guard.watch,
            newer_than,
        )
        if not is_others:
            return exchange, response
        intent = self._intent(request, number, options)
        intend(intent)
        told = evolve(exchange, intent=intent, ended_at=self._clock.now(), shared_at=exchange.ended_at)
        return told, _numbered(copy_of(response, request), number) if response is not None else None

    def _call(
        self, request: httpx.Request, number: int, options: CallOptions, intend: Callable[[Intent], None], guard: Guard
    ) -> tuple[Exchange, httpx.Response | None]:
        bucket = self._bucket(options.operation)
        longest = self.limits.waits if number == 1 else max(self.limits.waits, _LONGEST_TURN)
        has_turn = self._has_turn(bucket, longest)
        if number == 1 and self._ending.is_near:
            raise ConflictError("the desk ends; nothing was sent", remedy="it goes on when a desk is opened again")
        if not has_turn:
            put_off = self._put_off(bucket, options.operation)
            return self._exchange(self._intent(request, number, options), put_off, 0), None
        intent = self._intent(request, number, options)
        intend(intent)
        waited = 0.0
        tries = 1
        while True:
            result = self._once(request, guard)
            away = None
            if isinstance(result, httpx.Response):
                self._adapt(result, bucket)
                now, told = self._clock.now(), self._throttled(result, guard)
                away = turned_away(result, now, reads_only=intent.reads_only, told=told)
            pause = _pause(intent, away or result, tries)
            if away is not None and pause is not None:
                bucket.drain(pause)
            if pause is None or tries >= self.limits.tries or waited + pause > self.limits.waits:
                break
            if self._ending.is_near:  # What is under way is finished, and not begun anew.
                break
            bucket.drain(pause)
            if not self._has_turn(bucket, longest):
                break
            waited += pause
            tries += 1
        exchange = self._exchange(intent, result, tries, away, private=options.private)
        return exchange, None if away is not None else _numbered(result, number)

    def _has_turn(self, bucket: TokenBucket, longest: float) -> bool:
        """Wait for the call's turn; False, at once, where that is longer than a thread is to be held for."""
        until = self._clock.monotonic() + longest
        while (turn := bucket.reserve_within(until - self._clock.monotonic(), self.limits.waits)) is not None:
            if not self._slept_until(turn):
                return False
            if not bucket.is_closed:  # While this one slept, another may have been told to stay away.
                return True
        return False

    def _slept_until(self, moment: float) -> bool:
        """Let time pass until then; False as soon as the desk ends, which waits for nobody's turn."""
        while moment - self._clock.monotonic() > _NAP:
            if self._ending.is_near:
                return False
            self._clock.sleep_until(self._clock.monotonic() + _NAP)
        self._clock.sleep_until(moment)
        return True

    def _put_off(self, bucket: TokenBucket, operation: str) -> Failure:
        waits = timedelta(seconds=min(bucket.put_off(), LONGEST_WAIT.total_seconds()))
        text = f"the request was not sent: {operation!r} may be called again in {waits.total_seconds():.0f} s"
        return Failure("NotYet", Certainty.NOT_SENT, text, waits)

    def _intent(self, request: httpx.Request, number: int, options: CallOptions) -> Intent:
        return Intent(
            number,
            options.operation,
            request.method,
            self.redactor.url(str(request.url)),
            digest_of(request),
            options.repeatable,
            self._clock.now(),
            options.reads_only,
            self._told(request, options),
        )

    def _told(self, request: httpx.Request, options: CallOptions) -> str:
        """What a request says, for whoever must decide whether it is made again."""
        if options.private or options.reads_only or request.method in ("GET", "HEAD", "OPTIONS"):
            return ""
        return self._excerpt(request.content, _TOLD)

    def _excerpt(self, content: bytes, length: int) -> str:
        """The beginning of a body, cleaned before it is cut: half a secret at the cut would not be known for one.

        What is far behind it costs nothing.
        """
        said = content[: 4 * length + _BEHIND_EXCERPT].decode("utf-8", "replace")
        return self.redactor.body(said)[:length]

    def _once(self, request: httpx.Request, guard: Guard) -> httpx.Response | Failure:
        if self._credentials is not None and _options(request).signed:
            return self._credentials.sent(request, guard)
        try:
            return self._send(request)
        except PluginFault:
            raise
        except Exception as error:  # noqa: BLE001 - httpx lets errors of h11 and idna through; they prove nothing
            return failure_of(error, self.redactor)

    def _send(self, request: httpx.Request) -> httpx.Response:
        self.only_own_hosts(request)
        request.extensions.setdefault("timeout", self._timeout)
        request.headers["accept-encoding"] = ACCEPTED
        scheme, _, login = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":  # A form of the secret that leaves us whole, however short the secret is.
            self.redactor.learn(Secret(login.strip()))
        with self._transport.call(time.monotonic() + self.limits.total), guarded_logs(self.redactor):
            response = self._client.send(request, stream=True)
            try:
                return whole_reply(response, request, self.limits.reply)
            finally:
                response.close()

    def only_own_hosts(self, request: httpx.Request) -> None:
        """Raises PluginFault for a request to a host that is none of the connection's."""
        if not self._hosts.allow(str(request.url), signed=_options(request).signed):
            raise PluginFault(
                f"a call to {self.redactor.url(str(request.url))!r} was stopped: it is none of the connection's hosts",
                place=f"integration {self._integration.slug}",
                remedy="declare the host with settings.host(), or mend the URL",
            )

    def _bucket(self, operation: str) -> TokenBucket:
        bucket = self._buckets.get(operation)
        if bucket is None:
            limits = self._integration.limits
            limit = limits.get(operation) or limits.get("*") or _UNLIMITED
            with self._buckets_lock:
                bucket = self._buckets.setdefault(operation, TokenBucket(limit, self._clock))
        return bucket

    def _adapt(self, response: httpx.Response, bucket: TokenBucket) -> None:
        header = self._integration.rate_header
        told = response.headers.get(header) if header else None
        try:
            rate = float(told) if told else 0.0
        except ValueError:
            return  # A header that is no number tells no rate; the declared one stays.
        if SLOWEST <= rate < float("inf"):
            bucket.adapt(rate)

    def _throttled(self, reply: httpx.Response, guard: Guard) -> timedelta | None:
        """How long the plugin reads that a reply turns the call away for; its own errors are its fault."""
        throttled = self._integration.throttled
        if throttled is None:
            return None

        def told() -> timedelta | None:
            found = throttled(copy_of(reply, reply.request))
            return plain_of(timedelta, found) if found is not None else None

        return sound(guard.run(told), "its `throttled` gave no duration", place=self._place)

    def _exchange(
        self,
        intent: Intent,
        result: httpx.Response | Failure,
        tries: int,
        away: Failure | None = None,
        *,
        private: bool = False,
    ) -> Exchange:
        now = self._clock.now()
        if isinstance(result, Failure):
            return Exchange(intent, now, failure=result, tries=tries)
        if private:
            body = f"[kept out: {len(result.content)} bytes, SHA-256 {hashlib.sha256(result.content).hexdigest()}]"
        else:
            body = self._excerpt(result.content, self.limits.excerpt)
        kept = {"content-type", "retry-after", *self._integration.evidence_headers}
        told = {name: result.headers.get(name, value) for name, value in self._echoes.items()}
        drifts = [f"{name} is {told[name]}, not {value}" for name, value in self._echoes.items() if told[name] != value]
        return Exchange(
            intent,
            now,
            result.status_code,
            self.redactor.headers(result.headers, kept),
            body,
            whole=away is None and body.encode() == result.content,
            failure=away,
            tries=tries,
            warning=self.redactor.text(f"{'; '.join(drifts)} as this connection is set") if drifts else None,
        )


_TOLD = 2000
"""Characters that are kept of what a request says."""
_UNLIMITED = Limit(1000, burst=1000)


def _options(request: httpx.Request) -> CallOptions:
    options: CallOptions = request.extensions.get(CALL, _DEFAULT_CALL)
    return options


def _numbered(result: httpx.Response | Failure, number: int) -> httpx.Response | None:
    if isinstance(result, Failure):
        return None
    result.extensions[EXCHANGE_NUMBER] = number
    return result


def _pause(intent: Intent, result: httpx.Response | Failure, tries: int) -> float | None:
    """Seconds before the same call may be sent again; None where it must not be."""
    backoff = _FIRST_PAUSE * 2 ** (tries - 1)
    if isinstance(result, Failure):
        safe = result.certainty is not Certainty.UNCLEAR or intent.reads_only
        asked = result.retry_after
        return (asked.total_seconds() if asked is not None else backoff) if safe else None
    return backoff if intent.reads_only and result.status_code in BUSY_STATUSES else None
