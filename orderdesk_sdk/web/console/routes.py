"""All pages of the console, as routes of the app."""

from __future__ import annotations

from starlette.routing import Route

from orderdesk_sdk.web.console.admin_pages.table import ADMIN_PAGES
from orderdesk_sdk.web.console.order_pages.table import ORDER_PAGES
from orderdesk_sdk.web.console.pages import page_routes
from orderdesk_sdk.web.console.work_pages.table import WORK_PAGES

__all__ = ["console_routes"]


def console_routes() -> list[Route]:
    """The routes of every page."""
    return page_routes((*ORDER_PAGES, *WORK_PAGES, *ADMIN_PAGES))
