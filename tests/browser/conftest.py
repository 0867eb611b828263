"""A browser for the tests of this folder, and what is kept of one that failed: build/browser/."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.support.browser import axe_script, launch
from tests.support.console import Console, open_console

KEPT = Path(__file__).resolve().parents[2] / "build" / "browser"
PATIENCE = 120_000
"""Milliseconds that a page may take on a busy machine; none takes so long where all is well."""
expect.set_options(timeout=PATIENCE)
_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Remember for the fixtures whether the test failed."""
    report: pytest.TestReport = yield  # type: ignore[assignment]  # a wrapper is sent the result
    if report.when == "call":
        item.stash[_FAILED] = report.failed
    return report  # type: ignore[return-value]  # as above


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for the tests of a module. It ends before others begin: they may need this thread's event loop."""
    with sync_playwright() as playwright:
        started = launch(playwright)
        yield started
        started.close()


@pytest.fixture
def context(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """A browser without cookies, of a person at a desk in UTC; of a failed test a trace and pictures are kept."""
    made = browser.new_context(viewport={"width": 1280, "height": 900}, timezone_id="UTC", locale="en-US")
    made.set_default_timeout(PATIENCE)
    made.tracing.start(screenshots=True, snapshots=True)
    yield made
    if request.node.stash.get(_FAILED, True):
        name = re.sub(r"[^A-Za-z0-9]+", "-", request.node.name).strip("-")
        for number, page in enumerate(made.pages):
            page.screenshot(path=KEPT / f"{name}-{number}.png", full_page=True)
        made.tracing.stop(path=KEPT / f"{name}.zip")  # `playwright show-trace` opens it.
    else:
        made.tracing.stop()
    made.close()


@pytest.fixture(scope="session")
def axe(pytestconfig: pytest.Config) -> str:
    """The source of axe-core."""
    assert pytestconfig.cache is not None, "the cache plugin is never off here"
    return axe_script(pytestconfig.cache)


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    """The shop to look at, served, with nobody signed in; its time stands still."""
    with open_console(tmp_path) as opened:
        yield opened
