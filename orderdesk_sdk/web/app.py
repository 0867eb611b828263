"""The app: one desk behind the console, the API and the paths of messages. Any ASGI server serves it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.message_paths import MESSAGE_PATH
from orderdesk_sdk.errors import OrderDeskError
from orderdesk_sdk.web.answer_page import ANSWER_PATH, answer_page
from orderdesk_sdk.web.api.routes import api_routes
from orderdesk_sdk.web.authentication import Authentication
from orderdesk_sdk.web.caller import public, required_role
from orderdesk_sdk.web.console.routes import console_routes
from orderdesk_sdk.web.console.viewing import RecentViews
from orderdesk_sdk.web.console.work_pages.table import UPLOAD_PATH
from orderdesk_sdk.web.errors import (
    answer_gone_client,
    answer_http_error,
    answer_sdk_error,
    answer_unexpected_error,
)
from orderdesk_sdk.web.inbound import MessageEndpoint
from orderdesk_sdk.web.live.endpoints import LiveEvents
from orderdesk_sdk.web.middleware.body_limits import BodyLimits
from orderdesk_sdk.web.middleware.client_address import ClientAddress
from orderdesk_sdk.web.middleware.hosts import KnownHosts
from orderdesk_sdk.web.middleware.own_origin import OwnOrigin
from orderdesk_sdk.web.middleware.security_headers import SecurityHeaders
from orderdesk_sdk.web.probes import probe_routes
from orderdesk_sdk.web.rate_limits import rate_limits
from orderdesk_sdk.web.sign_in.pages import sign_in_routes
from orderdesk_sdk.web.sign_in.single_sign_on import single_sign_on_routes

__all__ = ["MAX_BODY", "create_app", "guarded_routes"]

MAX_BODY = 65_536
"""Bytes of a request's body, but for messages and uploads."""
UPLOAD_OVERHEAD = 65_536
"""Bytes of a form around the file in it."""
_STATIC = Path(__file__).parent / "console" / "static"

_ERROR_ANSWERS = {
    HTTPException: answer_http_error,
    ClientDisconnect: answer_gone_client,
    OrderDeskError: answer_sdk_error,
    Exception: answer_unexpected_error,
}


def create_app(desk: Desk, routes: Sequence[BaseRoute] = ()) -> Starlette:
    """The app over a desk, which stays the caller's to close.

    Args:
        routes: further ones, of a host app; each made by `guarded` or `public`.

    Raises LookupError for an endpoint that does not say for whom it is.
    """
    messages, live_events = MessageEndpoint(desk), LiveEvents(desk)
    limits = rate_limits(desk.config.web)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            live_events.close()
            messages.close()

    all_routes = [
        Route(MESSAGE_PATH + "{key}", public(messages.take), methods=["POST"]),
        Route(ANSWER_PATH, public(answer_page), methods=["GET", "POST"]),
        *probe_routes(desk),
        *single_sign_on_routes(desk),
        *sign_in_routes(desk),
        *api_routes(limits),
        *live_events.routes,
        *console_routes(),
        *routes,
    ]
    for _ in guarded_routes(all_routes):
        pass  # Raises for an endpoint that does not say for whom it is.
    app = Starlette(
        routes=[*all_routes, Mount("/static", StaticFiles(directory=_STATIC))],
        middleware=_middleware(desk),
        exception_handlers=_ERROR_ANSWERS,
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # One address for one thing.
    app.state.desk = desk
    app.state.rate_limits = limits
    app.state.recent_views = RecentViews()
    app.state.live_events = live_events
    return app


def _middleware(desk: Desk) -> list[Middleware]:
    """What holds for every request, the outermost first."""
    config = desk.config.web

    def limit_of(path: str) -> int:
        if path.startswith(MESSAGE_PATH):
            return desk.messages.max_bytes
        return config.max_upload_bytes + UPLOAD_OVERHEAD if UPLOAD_PATH.fullmatch(path) else MAX_BODY

    return [
        Middleware(SecurityHeaders, is_https=config.is_https),
        Middleware(KnownHosts, hosts=(*config.hosts, *_host_of(config.url))),
        Middleware(ClientAddress, proxies=config.trusted_proxies),
        Middleware(BodyLimits, limit_of=limit_of),
        Middleware(OwnOrigin, is_https=config.is_https),
        Middleware(Authentication, desk=desk),
    ]


def guarded_routes(routes: Iterable[BaseRoute]) -> Iterable[Route]:
    """The routes, each of which says for whom it is. Raises LookupError for the first that does not."""
    for route in routes:
        if isinstance(route, Route):
            required_role(route.endpoint)
            yield route


def _host_of(url: str) -> tuple[str, ...]:
    return (urlsplit(url).hostname or "",) if url else ()
