"""Fetching a vendor's JavaScript client: once, and with a loud word where it cannot be had."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderdesk_devkit.testing.npm import npm_package, run_node
from orderdesk_devkit.testing.report_keys import VENDOR_SKIP


class Folder:
    """pytest's cache as far as npm_package needs it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def mkdir(self, name: str) -> Path:
        made = self.root / name
        made.mkdir(parents=True, exist_ok=True)
        return made


@pytest.fixture
def cache(tmp_path: Path) -> pytest.Cache:
    return Folder(tmp_path / "cache")  # type: ignore[return-value]  # it has the one method that is used


def programs(folder: Path, monkeypatch: pytest.MonkeyPatch, **scripts: str) -> None:
    """Only these programs are there, by what they do."""
    folder.mkdir()
    for name, script in scripts.items():
        program = folder / name
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


@pytest.mark.parametrize("there", ["", "node", "npm"])
def test_without_node_and_npm_the_test_is_skipped_aloud(
    there: str, cache: pytest.Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs(tmp_path / "bin", monkeypatch, **({there: "exit 0"} if there else {}))
    with pytest.raises(
        pytest.skip.Exception, match=f"{VENDOR_SKIP}node and npm are not installed, so there is no acme-js"
    ):
        npm_package(cache, "acme-js", "1.2.3")


def test_what_npm_cannot_fetch_is_skipped_aloud_and_tried_again_by_the_next_run(
    cache: pytest.Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs(tmp_path / "bin", monkeypatch, node="exit 0", npm="echo tried >>tries; exit 1")
    for _ in range(2):
        with pytest.raises(pytest.skip.Exception, match=f"{VENDOR_SKIP}npm cannot fetch acme-js 1.2.3"):
            npm_package(cache, "acme-js", "1.2.3")
    assert (tmp_path / "cache/acme-js-1.2.3/tries").read_text(encoding="utf-8") == "tried\ntried\n"


def test_a_package_is_fetched_once_and_leaves_no_lock(
    cache: pytest.Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs(tmp_path / "bin", monkeypatch, node="exit 0", npm='echo "$@" >>tries')
    folders = {npm_package(cache, "acme-js", "1.2.3") for _ in range(2)}
    assert folders == {tmp_path / "cache/acme-js-1.2.3"}
    tries = (tmp_path / "cache/acme-js-1.2.3/tries").read_text(encoding="utf-8").splitlines()
    assert len(tries) == 1
    assert "--no-package-lock" in tries[0]
    assert tries[0].endswith("acme-js@1.2.3")


def test_a_script_finds_the_packages_and_no_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = 'read given; echo "[\\"$NODE_PATH\\", \\"$HTTPS_PROXY$http_proxy\\", $given]"'
    programs(tmp_path / "bin", monkeypatch, node=script)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example")
    monkeypatch.setenv("http_proxy", "http://proxy.example")
    said = run_node(tmp_path, tmp_path / "script.js", {"a": 1})
    assert said == [f"{tmp_path}/node_modules", "", {"a": 1}]


def test_a_script_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs(tmp_path / "bin", monkeypatch, node="echo no such module >&2; exit 1")
    with pytest.raises(AssertionError, match="no such module"):
        run_node(tmp_path, tmp_path / "script.js", {})
