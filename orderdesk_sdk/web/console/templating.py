"""Templates of pages, and texts of others made safe to look at.

Every value is escaped; a name that a template does not know is an error, not an empty text.
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from orderdesk_sdk.web.console.frame import frame_data
from orderdesk_sdk.web.console.states import state_look
from orderdesk_sdk.web.references import order_ref

__all__ = ["asset", "brief", "iso", "new_key", "render", "sentence", "template_environment", "utc_text", "visible_text"]

_STATIC = Path(__file__).parent / "static"
MAX_MARKS = 4
"""Accents that stand on one letter in any language; more of them would cover the lines above."""
_JOINERS = "\u200c\u200d"
"""Format characters that letters and emoji are joined by; they turn no text around."""
_LAYOUT = "\n\t"
_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))


def visible_text(value: object) -> object:
    """A text with each character that is not seen, or that turns the text beside it around, shown by its number.

    Of accents that are heaped on one letter, the first few are left. Whatever is no text, and what was marked as safe,
    stays as it is.
    """
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    if value.isascii() and value.isprintable():
        return str(value)
    shown: list[str] = []
    marks = 0
    for char in value.replace("\r\n", "\n"):
        category = unicodedata.category(char)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks > MAX_MARKS:
            continue
        is_kept = char in _LAYOUT or (char in _JOINERS and bool(shown)) or category not in _UNSEEN
        shown.append(char if is_kept else f"[U+{ord(char):04X}]")
    return "".join(shown)


def brief(text: str, limit: int = 60) -> str:
    """A text, cut where it is longer than there is room for."""
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}\u2026"


def sentence(text: str) -> str:
    """A text that begins with a capital; the rest of it stays as it is."""
    return text[:1].upper() + text[1:]


def iso(moment: datetime) -> str:
    """A moment as machines read it: in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def utc_text(moment: datetime, seconds: bool = False) -> str:
    """A moment as people read it where no script puts it into their zone: `30 Nov 2026, 14:04 UTC`."""
    here = moment.astimezone(UTC)
    return f"{here.day} {here.strftime('%b %Y, %H:%M:%S' if seconds else '%b %Y, %H:%M')} UTC"


def new_key() -> str:
    """The key of a form, made when it is shown: a second press of it is the same request."""
    return secrets.token_urlsafe(16)


@cache
def asset(name: str) -> str:
    """The address of a file of `static/`; another one whenever the file is another one."""
    digest = hashlib.sha256((_STATIC / name).read_bytes()).hexdigest()[:10]
    return f"/static/{name}?v={digest}"


@cache
def template_environment() -> Environment:
    """The environment that all pages are made in."""
    made = Environment(
        loader=PackageLoader("orderdesk_sdk.web.console"),
        auto_reload=False,  # Where the package is upgraded under a server, its pages stay those of its code.
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        finalize=visible_text,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: Mapping[str, Callable[..., object]] = {
        "brief": brief,
        "iso": iso,
        "order_ref": order_ref,
        "sentence": sentence,
        "utc_text": utc_text,
    }
    made.filters.update(filters)
    made.globals.update(asset=asset, new_key=new_key, state_look=state_look)
    return made


def render(
    request: Request,
    template: str,
    data: Mapping[str, object],
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """A page. Besides what is given, the template has `path` and what `frame_data` gives, `person` for instance.

    `person` is the caller, or None where nobody is signed in.
    """
    given = {**frame_data(request), "path": request.scope["path"], **data}
    return HTMLResponse(template_environment().get_template(template).render(given), status, headers)
