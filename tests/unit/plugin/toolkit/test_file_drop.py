"""The outbox: a file is left once, and what keeps it from being written is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderdesk_sdk.errors import ConfigurationError, ConflictError
from orderdesk_sdk.plugin.toolkit.file_drop import LocalFileDrop


def test_a_file_is_left_whole_and_never_over_another(tmp_path: Path) -> None:
    assert LocalFileDrop(tmp_path).put("a.xml", b"one") == str(tmp_path / "a.xml")
    with pytest.raises(ConflictError, match="was written before"):
        LocalFileDrop(tmp_path).put("a.xml", b"two")
    assert (tmp_path / "a.xml").read_bytes() == b"one"


def test_a_folder_that_is_not_there_is_not_made_up(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="name a folder that exists"):
        LocalFileDrop(tmp_path / "none").put("a.xml", b"one")
    assert not (tmp_path / "none").exists()
