"""A service that is spoken to by files: one is dropped into a folder, and its answer appears in another.

Over HTTP, in which the sandbox and the suite call every simulator, it answers a PUT and a GET as the transports of
files do; `sftp_server.SftpServer` serves the same folders by SFTP.

    class AcmeSimulator(FileSimulator):
        folders = ("/in", "/out")

        def settings(self, url: str) -> Mapping[str, object]:
            return {"folder": url}

        def take_file(self, path: str, content: bytes) -> DroppedFile: ...
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import httpx
from attrs import frozen
from starlette.requests import Request
from starlette.responses import Response

from orderdesk_devkit.simulators.http_requests import raw_path
from orderdesk_devkit.simulators.simulator import CallResult, Effect, Simulator
from orderdesk_devkit.simulators.virtual_files import VirtualFiles
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.transport.http.files.calls import call_files
from orderdesk_sdk.transport.http.http11 import RawRequest

__all__ = ["DroppedFile", "FileSimulator"]

_CREATED = 201


@frozen
class DroppedFile:
    """What the service made of a file that was dropped: for the log.

    remote_id: which order it is about; None: of none.
    """

    remote_id: str | None
    effect: str
    effect_kind: Effect = Effect.NOTHING


class FileSimulator(Simulator):
    """A simulator of a service whose wire is folders."""

    folders: ClassVar[tuple[str, ...]] = ("/in", "/out")
    """The folders that there are, as paths below the URL of the settings."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.files = VirtualFiles(clock, self.folders)
        """What lies in the folders; the service itself puts its answers there with `write`."""

    @abstractmethod
    def take_file(self, path: str, content: bytes) -> DroppedFile:
        """Take a file that somebody dropped; called under `lock`, once for each. What it says goes to the log."""

    def file_dropped(self, path: str) -> None:
        """Called by a transport, under `lock`, when a file has got its name."""
        taken = self.take_file(path, self.files.read(path, 2**31))
        self.record(f"PUT {path}", taken.remote_id, taken.effect, effect_kind=taken.effect_kind)

    def respond(self, request: Request, body: bytes) -> Response:
        raw = RawRequest(request.method.encode(), raw_path(request).encode(), (), body)
        try:
            made = call_files(self.files, raw, 2**31)
        except httpx.UnsupportedProtocol as error:
            return self.logged_response(f"{request.method} ?", None, CallResult(400, f"refused: {error}"))
        path = request.url.path
        if request.method == "PUT" and made.status == _CREATED:
            self.file_dropped(path)
        else:
            self.record(f"{request.method} {path}", None, f"answered {made.status}")
        headers = {name.decode(): value.decode() for name, value in made.headers}
        return Response(made.body, made.status, headers)
