"""What a page of the console is: an address, the methods that it takes, the role that it needs, and its handler."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import field, frozen
from starlette.routing import Route

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.web.caller import Handler, guarded, public
from orderdesk_sdk.web.console.forms import FormHandler, posting

__all__ = ["Page", "page_routes"]


@frozen
class Page:
    """An address that a person opens, or a form posts to; never both, so that no GET changes anything.

    Args:
        role: the least that it needs; None: it is for everybody.
        show: makes the page. None where it takes forms.
        post: handles the form. None where it is opened.
        max_files: files that its form may bring.
    """

    path: str
    role: Role | None
    show: Handler | None = None
    post: FormHandler | None = None
    max_files: int = field(default=0, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if (self.show is None) == (self.post is None):
            raise ValueError(f"the page {self.path} is either opened or posted to")


def page_routes(pages: Iterable[Page]) -> list[Route]:
    """The routes of pages, each guarded by its role."""
    routes = []
    for page in pages:
        endpoint = (
            page.show
            if page.post is None
            else posting(page.post, max_files=page.max_files, has_session=page.role is not None)
        )
        assert endpoint is not None, "a page has one of both"
        marked = public(endpoint) if page.role is None else guarded(endpoint, page.role)
        routes.append(Route(page.path, marked, methods=["GET"] if page.post is None else ["POST"]))
    return routes
