"""Files of this machine, by a connection whose folder is `file:///...`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from orderdesk_sdk import VirtualClock
from orderdesk_sdk.errors import PluginError
from orderdesk_sdk.transport.http.client import HttpClient
from orderdesk_sdk.transport.redaction import Redactor
from tests.support.filing_toy import Filing, FilingSettings
from tests.support.http_calls import ignore_intent


@pytest.fixture
def client(tmp_path: Path) -> Iterator[HttpClient]:
    (tmp_path / "files" / "in").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    its = FilingSettings(folder=(tmp_path / "files").as_uri())
    made = HttpClient(Filing().orderdesk_integration(), its, Redactor.of_settings((), its), VirtualClock())
    yield made
    made.close()


def status(client: HttpClient, method: str, path: Path, content: bytes = b"") -> int | None:
    url = path.as_uri() + ("/" if path.is_dir() else "")
    return client.call(httpx.Request(method, url, content=content), 1, ignore_intent)[0].status


def test_a_file_is_dropped_once_and_read(client: HttpClient, tmp_path: Path) -> None:
    path = tmp_path / "files" / "in" / "cancel 1042.xml"
    assert [status(client, "PUT", path, content) for content in (b"<a/>", b"<a/>", b"<b/>")] == [201, 200, 409]
    assert path.read_bytes() == b"<a/>"
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    assert status(client, "GET", path) == 200
    assert path.stat().st_mode & 0o007 == 0


def test_a_list_leaves_folders_and_links_that_lead_nowhere_out(client: HttpClient, tmp_path: Path) -> None:
    folder = tmp_path / "files" / "in"
    (folder / "a.xml").write_bytes(b"<a/>")
    (folder / "inner").mkdir()
    (folder / "nowhere").symlink_to(tmp_path / "nothing")
    exchange, _ = client.call(httpx.Request("GET", f"{folder.as_uri()}/"), 1, ignore_intent)
    assert [one["name"] for one in json.loads(exchange.body)["files"]] == ["a.xml"]


def test_a_folder_that_is_missing_is_404(client: HttpClient, tmp_path: Path) -> None:
    assert status(client, "PUT", tmp_path / "files" / "out" / "a.xml", b"a") == 404


@pytest.mark.parametrize("path", ["other/a.xml", "files-2/a.xml", "files/../other/a.xml", "files/%2e%2e/other/a.xml"])
def test_nothing_outside_the_folder_is_touched(client: HttpClient, tmp_path: Path, path: str) -> None:
    request = httpx.Request("PUT", f"{tmp_path.as_uri()}/{path}", content=b"a")
    with pytest.raises(PluginError, match="none of the connection's hosts"):
        client.call(request, 1, ignore_intent)
    assert list((tmp_path / "other").iterdir()) == []
