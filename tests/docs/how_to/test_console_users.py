"""docs/how-to/console-users.md is run as it stands: users, tokens and the audit log by commands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orderdesk_sdk.desk.desk import Desk

if TYPE_CHECKING:
    from orderdesk_sdk.clock import VirtualClock
    from tests.docs.how_to.conftest import Pages

PAGE = "console-users.md"


def test_the_page_works_as_it_is_written(
    story: VirtualClock, page_blocks: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("orderdesk.toml").touch()
    monkeypatch.setenv("LOGIN_SECRET", "a secret of the login")
    shown, said = "", list[str]()
    for block in page_blocks(PAGE):
        if block.language == "sh":
            shown = block.run_shell()
            said.append(shown)
        elif block.language == "toml":
            block.write()
        else:
            block.check(re.sub(r"/sign-in/\S{43}", "/sign-in/TOKEN", " ".join(shown.split(" "))))
    assert re.search(r"^odsk_\S{43}$", said[2], re.MULTILINE)
    assert "10 records of the audit log checked: unchanged." in said[-1]
    with Desk.open() as desk:
        assert desk.config.single_sign_on is not None
        assert [token.revoked_at is not None for token in desk.access.api_tokens.list()] == [True]
