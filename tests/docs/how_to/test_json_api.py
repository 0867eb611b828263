"""The how-to on the JSON API is run as it stands in docs/how-to/json-api.md."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from orderdesk_sdk import Desk, VirtualClock, minutes
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.desk.config import read_config
from orderdesk_sdk.web.server import serving

if TYPE_CHECKING:
    from tests.docs.how_to.conftest import Block, Simulators

pytestmark = pytest.mark.slow

PAGE = "json-api.md"
SERVED = "http://127.0.0.1:8000"


class Caller:
    """Makes the calls of `curl` lines, with what the reader has put into variables.

    url: of the server. variables: by name, as `$NAME` in a line.
    """

    def __init__(self, url: str, variables: dict[str, str]) -> None:
        self.url = url
        self.variables = variables

    def call(self, line: str) -> httpx.Response:
        """The reply to a line."""
        assert "$" not in "".join(re.findall(r"'[^']*'", line)), "a shell fills nothing in between these"
        command, *words = (self._filled(word) for word in shlex.split(line))
        assert command == "curl"
        headers: dict[str, str] = {}
        body, url = None, ""
        while words:
            match words.pop(0):
                case "-H":
                    name, _, text = words.pop(0).partition(": ")
                    headers[name] = text
                case "--json":
                    body = json.loads(words.pop(0))
                case address:
                    url = address.replace(SERVED, self.url)
        return httpx.request("GET" if body is None else "POST", url, headers=headers, json=body, trust_env=False)

    def _filled(self, word: str) -> str:
        for name, text in self.variables.items():
            word = word.replace(f"${name}", text)
        return word


def holds(shown: object, told: object) -> bool:
    """Whether a document has at least what the page shows of it; "..." stands for any text."""
    if isinstance(shown, dict) and isinstance(told, dict):
        return all(key in told and holds(entry, told[key]) for key, entry in shown.items())
    if isinstance(shown, list) and isinstance(told, list):
        return len(shown) == len(told) and all(map(holds, shown, told))
    return shown == told or (shown == "..." and isinstance(told, str))


def test_the_session_of_the_page(
    sandbox_page: Callable[[str], list[Block]], sandbox: Simulators, story: VirtualClock
) -> None:
    first, *blocks = sandbox_page(PAGE)
    token = first.run_shell().split()[-1]
    assert token.startswith("odsk_")
    with Desk(read_config(Path("orderdesk.toml")), clock=story) as desk, serving(desk, works=False) as server:
        caller, told = Caller(server.url, {"TOKEN": token}), dict[str, Any]()
        for block in blocks:
            match block.language:
                case "sh":
                    told = caller.call(block.take()).json()
                    caller.variables["PLAN"] = told.get("token", "")
                case "json":
                    assert holds(json.loads(block.take()), told), json.dumps(told, indent=2)
                    _work(desk, story)
                    caller.variables["CASE"] = next(
                        (case.id for case in desk.ledger.cases(CancelCase) if case.connection == "bdlinx"), ""
                    )
                case _:
                    block.write()
    assert sandbox["amazon-mcf"][0].actual_status("1042") == "Cancelled"
    web = read_config(Path("orderdesk.toml")).web
    assert (web.api_calls_per_minute, web.polls_per_minute) == (600, 2)


def _work(desk: Desk, story: VirtualClock) -> None:
    """What the worker does until the reader looks again: it sends at once, and polls when they have read that."""
    cases = desk.ledger.cases(CancelCase)
    if any(case.last_sent_at is not None for case in cases):
        story.advance(minutes(10))
    desk.run_due()
