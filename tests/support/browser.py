"""A real Chromium for tests of the console: found on this machine, watched, and judged by axe-core."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import urlsplit

import pytest
from attrs import define, field, frozen
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, Request

from orderdesk_devkit.testing.npm import npm_package
from orderdesk_devkit.testing.report_keys import BROWSER_SKIP

__all__ = ["AxeFinding", "BrowserWatch", "axe_script", "chromium", "launch", "serious_findings"]

VARIABLE: Final = "ORDERDESK_CHROMIUM"
"""The environment variable that names the program, where it is not found by its usual names."""
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
_AXE: Final = ("axe-core", "4.14.1")
_FLAGS: Final = (
    "--no-sandbox",  # As root, as in a container, Chromium starts in no other way; it sees our own pages alone.
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
)


def chromium() -> Path:
    """The browser's program. Skips the test, aloud, where there is none."""
    named = os.environ.get(VARIABLE)
    found = next(filter(None, map(shutil.which, [named] if named else _NAMES)), None)
    if found is None:
        where = f"{VARIABLE} names no program" if named else f"there is no {' or '.join(_NAMES)}"
        pytest.skip(f"{BROWSER_SKIP}{where}")
    return Path(found)


def launch(playwright: Playwright) -> Browser:
    """A started browser without a window. Skips the test, aloud, where there is none."""
    return playwright.chromium.launch(executable_path=chromium(), args=list(_FLAGS), chromium_sandbox=False)


def axe_script(cache: pytest.Cache) -> str:
    """The source of axe-core. Skips the test, aloud, where npm cannot give it."""
    name, version = _AXE
    folder = npm_package(cache, name, version, skip=BROWSER_SKIP)
    return (folder / "node_modules" / name / "axe.min.js").read_text(encoding="utf-8")


@frozen
class AxeFinding:
    """One rule that a page breaks. impact: axe's word: minor, moderate, serious or critical."""

    rule: str
    impact: str
    where: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.impact}: {self.rule} at {', '.join(self.where[:5])}"


def serious_findings(page: Page, script: str, rules: Sequence[str] = ()) -> list[AxeFinding]:
    """What axe-core calls serious or critical on the page as it stands now; rules: only these, empty means all."""
    # By the debugger's own evaluation, which no Content-Security-Policy of the page stops.
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(script)
    options = {"resultTypes": ["violations"]} | ({"runOnly": {"type": "rule", "values": list(rules)}} if rules else {})
    found = cast(Mapping[str, Any], page.evaluate("options => axe.run(document, options)", options))
    findings = [
        AxeFinding(
            violation["id"], violation["impact"] or "", tuple(str(node["target"][0]) for node in violation["nodes"])
        )
        for violation in found["violations"]
    ]
    return [finding for finding in findings if finding.impact in {"serious", "critical"}]


@define(slots=False)  # Playwright keeps what it needs at the object whose methods it calls.
class BrowserWatch:
    """What no page may do, gathered while a test uses it: errors in the console, requests to another origin.

    Args:
        origin: of the server, as `http://127.0.0.1:8000`.
        expected: parts of messages that the test itself provokes, as a refused form does.
    """

    origin: str
    expected: list[str] = field(factory=list)
    problems: list[str] = field(factory=list)

    def watch(self, page: Page) -> None:
        """Look at this page from now on."""
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self._add(f"uncaught: {error}"))
        page.on("request", self._on_request)

    def require_clean(self) -> None:
        """Raises AssertionError with everything that was seen."""
        assert not self.problems, "\n".join(self.problems)

    def _on_console(self, message: ConsoleMessage) -> None:
        # Chromium writes each violation of the Content-Security-Policy there as an error.
        if message.type in {"error", "warning"}:
            self._add(f"{message.type} in the console: {message.text}")

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in {"data", "blob"} and f"{parts.scheme}://{parts.netloc}" != self.origin:
            self._add(f"a request left the origin: {request.url}")

    def _add(self, problem: str) -> None:
        if not any(part in problem for part in self.expected):
            self.problems.append(problem)
