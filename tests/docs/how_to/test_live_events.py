"""docs/how-to/live-events.md is run as it stands: a program follows what happens, and comes back without a loss."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.web.server import serving
from tests.support.builders import open_case

if TYPE_CHECKING:
    from tests.docs.how_to.conftest import Pages

PAGE = "live-events.md"


def test_the_program_follows_what_happens(tmp_path: Path, page_blocks: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    names: dict[str, Any] = {"__name__": "main"}
    page_blocks(PAGE)[0].run(names)
    with Desk(Config(tmp_path / "desk.db")) as desk, serving(desk, works=False) as server:
        ends = desk.access.clock.now() + timedelta(days=1)
        _, token = desk.access.api_tokens.create("dashboard", role=Role.VIEWER, expires_at=ends, by="Ann")
        monkeypatch.setenv("ORDERDESK_TOKEN", token.reveal())
        open_case(desk.ledger)
        sequence, first = next(names["follow"](server.url, 0))
        open_case(desk.ledger, "2")
        again, second = next(names["follow"](server.url, sequence))
        assert (sequence, again) == (1, 2)
        assert (first["case"], second["case"]) == ("c1-1", "c2-1")
        page = page_blocks(PAGE)[0].page.read_text(encoding="utf-8")
        assert [key for key in first if f"`{key}`" not in page] == []
