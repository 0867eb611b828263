"""The process of `orderdesk serve`: no core dump, private files, and a word about an old Python."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from orderdesk_sdk.web.process import LEAST_PATCH, old_python_warning

CODE = """
import resource, pathlib
from orderdesk_sdk.web.process import harden_process
harden_process()
pathlib.Path("made").touch()
print(resource.getrlimit(resource.RLIMIT_CORE))
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no core dumps and no modes of files")
def test_nothing_of_it_is_left_for_others_to_read(tmp_path: Path) -> None:
    run = subprocess.run([sys.executable, "-c", CODE], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "(0, 0)"
    assert stat.S_IMODE((tmp_path / "made").stat().st_mode) == 0o600


@pytest.mark.parametrize(("version", "is_old"), [((3, 11, 9), True), ((3, 11, 10), False), ((3, 12, 4), True)])
def test_an_old_patch_release_is_told(version: tuple[int, int, int], is_old: bool) -> None:
    warning = old_python_warning(version)
    assert (warning is not None) is is_old
    if warning is not None:
        assert f"{version[0]}.{version[1]}.{LEAST_PATCH[version[:2]]}" in warning


def test_a_release_that_nobody_knows_of_yet_is_not_blamed() -> None:
    assert old_python_warning((3, 99, 0)) is None
