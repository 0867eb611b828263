"""What a flow holds in its hands: the settings, the time, and the means to describe a request."""

from __future__ import annotations

import platform
from collections.abc import Generator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Generic, TypeVar

from attrs import frozen

from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.orders.order import ConnectionRole, RemoteOrder
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError
from orderdesk_sdk.plugin.url_paths import encode_segment, path_error

if TYPE_CHECKING:
    import httpx

    from orderdesk_sdk.plugin.steps import Step, StepReport

__all__ = ["CALL_OPTIONS", "CallOptions", "Flow", "FlowWithSteps", "Service", "user_agent"]

S = TypeVar("S")
T = TypeVar("T")

Flow = Generator["httpx.Request", "httpx.Response", T]
"""A conversation with a service that ends with a T: yields requests, receives responses."""

FlowWithSteps = Generator["httpx.Request | StepReport", "httpx.Response", T]
"""The same, which also yields what came of prior steps."""

CALL_OPTIONS = "orderdesk.call"
"""The key of a request's `CallOptions` in its `extensions`."""

_ENCODING = {"accept-encoding": "gzip"}
"""The one content coding that the transport unpacks; it puts this on requests that lack it."""
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


@frozen
class CallOptions:
    """What a request says of itself beside method, URL and body.

    Args:
        operation: the name of its rate limit.
        idempotent: sending it twice does no more than sending it once.
        read_only: it changes nothing, although its method does not say so: a query by POST, as in GraphQL.
        signed: it carries the connection's credentials.
        redact_response: of its response only status, length and digest are kept.
        cache_for: how old a response to the same read may be that another flow got; None: every flow reads for itself.
        writes: it changes something, although its method does not say so: a GET that cancels.
        step: the prior step that it is a call of; None: of none.
    """

    operation: str
    idempotent: bool
    read_only: bool = False
    signed: bool = True
    redact_response: bool = False
    cache_for: timedelta | None = None
    writes: bool = False
    step: Step | None = None

    def __attrs_post_init__(self) -> None:
        if self.writes and (self.read_only or self.cache_for is not None):
            raise ValueError("a request that writes is neither read_only nor answered from a cache (cache_for)")

    def reads(self, method: str) -> bool:
        """Whether a request of this method changes nothing at the service."""
        return not self.writes and (self.read_only or method in _SAFE_METHODS)


def user_agent(slug: str, version: str) -> str:
    """Who calls, in the form that Amazon demands of everybody and others are glad of.

    Source: https://developer-docs.amazon.com/sp-api/docs/include-a-user-agent-header-in-all-requests
    """
    return f"orderdesk-{slug}/{version} (Language=Python/{platform.python_version()}; Platform={platform.system()})"


@frozen
class Service(Generic[S]):
    """One connection, as a flow sees it.

    Args:
        now: when this attempt began, the same at every replay; aware, UTC.
    """

    connection: str
    settings: S
    base_url: str
    now: datetime
    agent: str
    role: ConnectionRole

    def remote_order(self, remote_id: str) -> RemoteOrder:
        """What a resubmit flow ends with: the order is at this connection under `remote_id`, since now."""
        return RemoteOrder(self.connection, remote_id, self.now, self.role)

    # Long: the docstring says what each option means. Many parameters: the options of a call, by keyword, as httpx has.
    def request(
        self,
        method: str,
        path: str,
        *segments: str,
        operation: str | None = None,
        idempotent: bool = False,
        read_only: bool = False,
        writes: bool = False,
        redact_response: bool = False,
        cache_for: timedelta | None = None,
        json: object = None,
        form: Mapping[str, str] | None = None,
        content: bytes | None = None,
        content_type: str | None = None,
        if_match: str | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Request:
        """A request to `path` under the connection's base URL; each of `segments` is percent-encoded and appended.

        Of a segment everything is encoded but letters, digits and `_.-~`; of `path` nothing is. So a number that a verb
        is glued to (`/order/1042:cancel`) goes into `path`, and `Integration.remote_id_format` says that it is digits.
        A segment "" after others ends the URL with a slash. Raises ValidationError for what a server could take for
        another path: `.` and `..` in any disguise, an empty segment, a backslash, a control character, a `#` in `path`.

        Args:
            operation: the name of its rate limit, the path's own text if None.
            idempotent: whether sending it twice is harmless; a GET that only reads always is.
            read_only: whether it changes nothing; GET never does, but for one that `writes`.
            writes: whether it changes something, although its method does not say so: a service that cancels by GET.
                Its intent is in the ledger before it leaves, and a lost response is unknown, as with a POST.
            redact_response: whether the response is kept out of the evidence, but for status, length and digest.
            cache_for: of one that reads only, how old a response may be that another flow of the connection got.
            json, form, content: the body, at most one of them; content is bytes, such as a SOAP envelope.
            content_type: what `content` is, "text/xml; charset=utf-8" say; needed with it, and only there.
            if_match: the ETag of the order as the flow has just read it (`etag_of`): a conditional write. The service
                answers 412 where somebody changed the order since; no flow sees that. Nothing was done, and the case
                is due again, with a flow that reads anew.
            headers: what this request has beside the credentials, which `Integration.auth` puts there.
        """
        import httpx  # With the first request: what only plans needs none.

        if sum(body is not None for body in (json, form, content)) > 1 or (content is None) != (content_type is None):
            raise ValueError("a request has one of json, form and content at most, and content has a content_type")
        own = {"content-type": content_type, "if-match": if_match}
        url = "/".join((self.base_url.rstrip("/") + path, *self._encoded(path, segments)))
        harmless = idempotent or (not writes and (read_only or method in _SAFE_METHODS))
        return httpx.Request(
            method,
            url,
            params=params,
            json=json,
            data=form,
            content=content,
            headers={
                "user-agent": self.agent,
                "accept": "application/json",
                **_ENCODING,
                **{name: value for name, value in own.items() if value is not None},
                **(headers or {}),
            },
            extensions={
                CALL_OPTIONS: CallOptions(
                    operation or path,
                    harmless,
                    read_only,
                    redact_response=redact_response,
                    cache_for=cache_for,
                    writes=writes,
                )
            },
        )

    def _encoded(self, path: str, segments: tuple[str, ...]) -> list[str]:
        place = f"connection {self.connection!r}, a call to {path!r}"
        fault = path_error(path)
        if fault is not None:
            raise ValidationError(f"the path {fault}", location=place, hint="give the number that the service knows")
        slash = [""] if len(segments) > 1 and segments[-1] == "" else []
        return [*(encode_segment(segment, place) for segment in segments[: len(segments) - len(slash)]), *slash]

    def request_url(
        self,
        method: str,
        url: str,
        *,
        operation: str,
        idempotent: bool = False,
        content: bytes | None = None,
        content_type: str | None = None,
        cache_for: timedelta | None = None,
    ) -> httpx.Request:
        """A request to a whole URL that the service gave, a presigned one for instance, at a host of the connection.

        It carries none of the connection's credentials, is private, and the URL's query is hidden everywhere.
        Raises MalformedResponseError where what was given is no whole URL.
        """
        import httpx  # See `request`.

        headers = {
            "user-agent": self.agent,
            "accept": "*/*",
            **({"content-type": content_type} if content_type else {}),
        }
        options = CallOptions(
            operation, idempotent or method in _SAFE_METHODS, signed=False, redact_response=True, cache_for=cache_for
        )
        try:
            request = httpx.Request(method, url, content=content, headers=headers, extensions={CALL_OPTIONS: options})
        except httpx.InvalidURL:
            request = None
        if request is None or not request.url.host:  # Neither told nor chained: a presigned URL is a credential.
            raise MalformedResponseError("it is not a whole URL", location="what the service gave as one")
        return request

    def get(
        self,
        path: str,
        *segments: str,
        operation: str | None = None,
        params: Mapping[str, str] | None = None,
        redact_response: bool = False,
        cache_for: timedelta | None = None,
    ) -> httpx.Request:
        """A request that only reads.

        Args:
            cache_for: many cases may be answered by one, for this long, if they are older.
        """
        return self.request(
            "GET",
            path,
            *segments,
            operation=operation,
            params=params,
            redact_response=redact_response,
            cache_for=cache_for,
        )

    def put(
        self, path: str, *segments: str, operation: str | None = None, idempotent: bool = False, json: object = None
    ) -> httpx.Request:
        """A PUT request."""
        return self.request("PUT", path, *segments, operation=operation, idempotent=idempotent, json=json)

    def put_file(
        self, path: str, *segments: str, content: bytes, operation: str | None = None, idempotent: bool = False
    ) -> httpx.Request:
        """Drop a file: a PUT to a connection whose base URL is a `folder_url`.

        It is written under another name and renamed, so that nobody sees half of it. 201: it was dropped. 200: it was
        there already, with this content. 403, 404, 409 (another content has that name), 507: it was not dropped.

        Args:
            idempotent: whether the service does no more where it finds the file a second time, after it took it away.
        """
        return self.request(
            "PUT",
            path,
            *segments,
            operation=operation,
            idempotent=idempotent,
            content=content,
            content_type="application/octet-stream",
        )

    def list_files(self, path: str, *segments: str, operation: str | None = None) -> httpx.Request:
        """List the files of a folder: 200 `{"files": [{"name", "size", "modified_at"}]}` by name; 404: no such folder.

        Folders, files that are being dropped and others whose names begin with a dot are left out.
        """
        folder = (path, *segments, "") if segments else (f"{path.rstrip('/')}/",)
        return self.request("GET", *folder, operation=operation or path)

    def get_file(self, path: str, *segments: str, operation: str | None = None) -> httpx.Request:
        """Read a file: 200 with its content; 404: no such file. One that grows meanwhile is read again."""
        return self.request("GET", path, *segments, operation=operation)

    def post(
        self,
        path: str,
        *segments: str,
        operation: str | None = None,
        idempotent: bool = False,
        read_only: bool = False,
        redact_response: bool = False,
        json: object = None,
    ) -> httpx.Request:
        """A POST request."""
        return self.request(
            "POST",
            path,
            *segments,
            operation=operation,
            idempotent=idempotent,
            read_only=read_only,
            redact_response=redact_response,
            json=json,
        )
