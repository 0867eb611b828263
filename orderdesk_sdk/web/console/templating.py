"""Templates of pages. Every value is escaped; a name that a template does not know is an error, not an empty text."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse

__all__ = ["render", "template_environment"]


@cache
def template_environment() -> Environment:
    """The environment that all pages are made in."""
    return Environment(
        loader=PackageLoader("orderdesk_sdk.web.console"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(
    request: Request,
    template: str,
    data: Mapping[str, object],
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """A page. The template has `caller` (None: nobody is signed in) and `path` besides what is given."""
    caller = getattr(request.state, "caller", None)
    given = {"caller": caller, "path": request.scope["path"], **data}
    return HTMLResponse(template_environment().get_template(template).render(given), status, headers)
