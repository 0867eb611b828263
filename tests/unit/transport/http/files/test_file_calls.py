"""What calls do to files, and which status says so."""

from __future__ import annotations

import errno
import json
from datetime import timedelta

import httpx
import pytest

from orderdesk_devkit.simulators.virtual_files import VirtualFiles
from orderdesk_sdk import VirtualClock
from orderdesk_sdk.transport.http.failures import FileNotDropped, ResponseTooLarge
from orderdesk_sdk.transport.http.files.calls import call_files
from orderdesk_sdk.transport.http.files.file_system import FileInfo
from orderdesk_sdk.transport.http.http11 import RawRequest, RawResponse

PATH = "/in/cancel-1042.xml"


class WatchedFiles(VirtualFiles):
    """Notes what lies there whenever something changes, and refuses or breaks off where it is told to."""

    def __init__(self) -> None:
        super().__init__(VirtualClock(), ("/in",))
        self.seen: list[tuple[str, ...]] = []
        self.errors: dict[str, Exception] = {}

    def create(self, path: str, content: bytes) -> None:
        self._raise("create")
        super().create(path, content)
        self.seen.append(self.paths)

    def rename(self, path: str, name: str) -> None:
        self._raise("rename")
        super().rename(path, name)
        self.seen.append(self.paths)

    def _raise(self, call: str) -> None:
        if call in self.errors:
            raise self.errors[call]


def call(files: VirtualFiles, method: bytes, target: str, body: bytes = b"", limit: int = 1000) -> RawResponse:
    return call_files(files, RawRequest(method, target.encode(), (), body), limit)


def test_a_file_has_its_name_only_once_it_is_whole() -> None:
    files = WatchedFiles()
    response = call(files, b"PUT", PATH, b"<Cancel/>")
    (first,), (second,) = files.seen
    assert (response.status, json.loads(response.body)["size"]) == (201, 9)
    assert first.startswith("/in/.cancel-1042.xml.")
    assert second == PATH


def test_the_same_file_again_changes_nothing_and_another_of_its_name_is_refused() -> None:
    files = WatchedFiles()
    statuses = [call(files, b"PUT", PATH, content).status for content in (b"a", b"a", b"b")]
    assert statuses == [201, 200, 409]
    assert (len(files.seen), files.read(PATH, 10)) == (2, b"a")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OSError(errno.EACCES, "denied"), 403),
        (OSError(errno.ENOENT, "no folder"), 404),
        (OSError(errno.ENOSPC, "disk full"), 507),
        (OSError("Failure"), 507),
    ],
)
@pytest.mark.parametrize("step", ["create", "rename"])
def test_a_refused_drop_says_so_and_leaves_nothing(step: str, error: OSError, status: int) -> None:
    files = WatchedFiles()
    files.errors[step] = error
    response = call(files, b"PUT", PATH, b"a")
    assert (response.status, json.loads(response.body)["error"]) == (status, error.strerror or "Failure")
    assert files.paths == ()


def test_a_drop_that_another_process_made_meanwhile_is_there() -> None:
    files = WatchedFiles()
    files.errors["rename"] = FileExistsError(errno.EEXIST, "exists")
    real = files.create

    def create(path: str, content: bytes) -> None:
        real(path, content)
        files.write(PATH, content)

    files.create = create  # type: ignore[method-assign]  # the other process
    assert call(files, b"PUT", PATH, b"a").status == 200


def test_a_connection_lost_before_the_rename_proves_that_nothing_was_dropped() -> None:
    files = WatchedFiles()
    files.errors["create"] = httpx.ReadError("gone")
    with pytest.raises(FileNotDropped, match="gone"):
        call(files, b"PUT", PATH, b"a")


def test_a_connection_lost_in_the_rename_proves_nothing() -> None:
    files = WatchedFiles()
    files.errors["rename"] = httpx.ReadError("gone")
    with pytest.raises(httpx.ReadError):
        call(files, b"PUT", PATH, b"a")


def test_a_list_names_files_that_are_whole() -> None:
    files = WatchedFiles()
    for name in ("b.xml", "a.xml", ".hidden", ".c.xml.0123.part"):
        files.write(f"/in/{name}", b"12")
    response = call(files, b"GET", "/in/")
    first = {"name": "a.xml", "size": 2, "modified_at": "2026-01-05T09:00:00Z"}
    assert json.loads(response.body) == {"files": [first, {**first, "name": "b.xml"}]}


def test_what_is_not_there_is_404() -> None:
    files = WatchedFiles()
    assert [call(files, b"GET", target).status for target in ("/out/", "/in/a", "/out/a", "/in")] == [404] * 4


def test_a_read_gives_the_content_and_what_kind_it_is() -> None:
    files = WatchedFiles()
    files.write("/in/a b.XML", b"<a/>")
    response = call(files, b"GET", "/in/a%20b.XML")
    assert (response.status, response.body) == (200, b"<a/>")
    assert dict(response.headers)[b"content-type"] == b"application/xml"
    assert dict(response.headers)[b"last-modified"] == b"Mon, 05 Jan 2026 09:00:00 GMT"


def test_a_file_that_grows_while_it_is_read_is_no_answer() -> None:
    clock = VirtualClock()

    class Growing(VirtualFiles):
        def read(self, path: str, limit: int) -> bytes:
            content = super().read(path, limit)
            clock.advance(timedelta(seconds=1))
            self.write(path, content + b"more")
            return content

    files = Growing(clock, ("/in",))
    files.write("/in/a", b"half")
    with pytest.raises(httpx.ReadError, match="written to while it was read"):
        call(files, b"GET", "/in/a")


def test_a_file_that_was_cut_while_it_was_read_is_no_answer() -> None:
    class Lying(VirtualFiles):
        def info(self, path: str) -> FileInfo | None:
            found = super().info(path)
            return None if found is None else FileInfo(found.name, found.size + 1, found.modified_at)

    files = Lying(VirtualClock(), ("/in",))
    files.write("/in/a", b"half")
    with pytest.raises(httpx.ReadError):
        call(files, b"GET", "/in/a")


def test_what_is_too_long_is_not_read() -> None:
    files = WatchedFiles()
    files.write("/in/a", b"x" * 51)
    with pytest.raises(ResponseTooLarge):
        call(files, b"GET", "/in/a", limit=50)
    with pytest.raises(ResponseTooLarge):
        call(files, b"GET", "/in/", limit=50)


@pytest.mark.parametrize("target", ["/in/../a", "/in/%2e%2e/a", "/in/a%2fb", "/in//a", "/in/a?b=1", "in/a", "/in/%00"])
def test_a_path_that_could_lead_elsewhere_is_not_called(target: str) -> None:
    with pytest.raises(httpx.UnsupportedProtocol):
        call(WatchedFiles(), b"PUT", target)


@pytest.mark.parametrize(("method", "target"), [(b"DELETE", PATH), (b"POST", PATH), (b"PUT", "/in/")])
def test_files_are_dropped_and_read_and_nothing_else(method: bytes, target: str) -> None:
    assert call(WatchedFiles(), method, target).status == 405
