"""The page that a one-time link of an e-mail leads to: shows what it says, and counts it when a person has confirmed.

For whoever got the e-mail, who has no account here. Mail programs open links by themselves, so opening decides nothing.
"""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from orderdesk_sdk.cases.answer_links import LinkAnswer
from orderdesk_sdk.desk.answer_links import LinkedCase
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import InvalidStateError, NotFoundError
from orderdesk_sdk.web.console.templating import render

__all__ = ["answer_page"]

ANSWER_PATH = "/answer/{token}"
WORDS = {
    LinkAnswer.CANCELED: "it is canceled",
    LinkAnswer.REJECTED: "it cannot be canceled any more",
    LinkAnswer.SHIPPED: "it has shipped already",
}
_MAX_FIELDS = 5


async def answer_page(request: Request) -> Response:
    """Show what a link says; with POST, count it."""
    desk: Desk = request.app.state.desk
    token = request.path_params["token"]
    try:
        linked = await run_in_threadpool(desk.answer_links.find, token)
        if request.method != "POST":
            return _ask(request, linked)
        async with request.form(max_files=0, max_fields=_MAX_FIELDS) as form:
            name, note = str(form.get("by", "")).strip(), str(form.get("note", ""))
        if not name:
            return _ask(request, linked, problem="Give your name, so that the shop knows who answered.", status=422)
        await run_in_threadpool(lambda: desk.answer_links.use(token, by=name, note=note or None))
    except (InvalidStateError, NotFoundError) as error:
        return _tell(request, "This link does not count", f"{error.message}.", status=404)
    return _tell(request, "Thank you", "The shop has your answer. You can close this page.")


def _ask(request: Request, linked: LinkedCase, *, problem: str = "", status: int = 200) -> Response:
    words = WORDS[linked.answer]
    data = {"title": "Confirm your answer", "linked": linked, "words": words, "problem": problem}
    return render(request, "answer.html", data, status=status)


def _tell(request: Request, title: str, text: str, *, status: int = 200) -> Response:
    return render(request, "answer.html", {"title": title, "linked": None, "text": text}, status=status)
