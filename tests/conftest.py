"""What several test modules stand on: clients of a made-up integration, a local host, the pages of docs/."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

import httpx
import pytest
from attrs import frozen
from click.testing import CliRunner

from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.clock import Clock, VirtualClock
from orderdesk_sdk.declaration import Button, ByReply, Integration, Limit
from orderdesk_sdk.hosts.local import LocalHost
from orderdesk_sdk.hosts.samples import SAMPLE_ORDERS
from orderdesk_sdk.http.client import CallLimits, ConnectionClient
from orderdesk_sdk.order_reader import read_order_text
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.settings import host, secret, settings


@settings
class AcmeSettings:
    endpoint: str = host(help="Acme's API")
    api_key: Secret = secret(help="Acme > Account", default=Secret("acme-api-key"))


class ClientMaker(Protocol):
    """Makes a client of the connection to `url`; `rates` and `declared` are arguments of its Integration."""

    def __call__(
        self,
        url: str,
        limits: CallLimits | None = None,
        clock: Clock | None = None,
        auth: Callable[..., httpx.Auth] | None = None,
        rates: Mapping[str, Limit] | None = None,
        **declared: object,
    ) -> ConnectionClient: ...


@pytest.fixture
def client_of() -> Iterator[ClientMaker]:
    made: list[ConnectionClient] = []

    def make(
        url: str,
        limits: CallLimits | None = None,
        clock: Clock | None = None,
        auth: Callable[..., httpx.Auth] | None = None,
        rates: Mapping[str, Limit] | None = None,
        **declared: object,
    ) -> ConnectionClient:
        integration = Integration(
            slug="acme",
            title="Acme",
            settings=AcmeSettings,
            base_url="endpoint",
            cancel=(Button(ByReply()),),
            auth=auth,
            limits=rates or {},
            **declared,  # type: ignore[arg-type]  # each test names what it is about
        )
        client = ConnectionClient(integration, AcmeSettings(endpoint=url), clock or VirtualClock(), limits)
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()


class Finder:
    """Looks for secrets in whatever a program shows: whole ones and pieces of them, as they are and in a URL's form."""

    PIECE = 12

    def __init__(self, *secrets: str) -> None:
        forms = {form for text in secrets for form in (text, quote(text, safe=""), quote(text))}
        self._pieces = {form[at : at + self.PIECE] for form in forms for at in range(len(form) - self.PIECE + 1)}

    def found(self, *shown: object) -> set[str]:
        """The pieces found in these; bytes and texts as they are, everything else by repr and str."""
        text = "\n".join(
            thing.decode("latin-1")
            if isinstance(thing, bytes)
            else thing
            if isinstance(thing, str)
            else f"{thing!r}{thing}"
            for thing in shown
        )
        return {piece for piece in self._pieces if piece in text}


@pytest.fixture
def finder() -> type[Finder]:
    return Finder


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "desk.sqlite"


@pytest.fixture
def local_host(path: Path, clock: VirtualClock) -> Iterator[LocalHost]:
    with LocalHost(path, clock=clock) as opened:
        opened.import_orders(read_order_text(SAMPLE_ORDERS, place="samples"), by="mara")
        yield opened


DOCS = Path(__file__).resolve().parent.parent / "docs"
_BLOCK = re.compile(r"^```([a-z]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WRONG = (1, 2)
"""Exit codes that no command of a page may have; 3 says that a person must look."""


@frozen
class Block:
    """A fenced block of a page."""

    page: Path
    language: str
    text: str

    def run(self, names: dict[str, object]) -> None:
        """Run a block of Python in `names`."""
        exec(compile(self.text, str(self.page), "exec"), names)  # noqa: S102 - the page is what is tested

    def run_shell(self) -> str:
        """Run a block of commands in the present folder; what the last one wrote to stdout."""
        out = ""
        for line in self.text.splitlines():
            words = shlex.split(line)
            if words[0] == "orderdesk":
                ran = CliRunner().invoke(orderdesk, words[1:])
                assert ran.exit_code not in WRONG, f"{line}: {ran.output}"
                out = ran.stdout
            else:
                out = subprocess.run(words, check=True, capture_output=True, text=True).stdout
        return out


def _blocks(page: str, languages: Sequence[str] = ()) -> list[Block]:
    """The blocks of a page under docs/, in order; of these languages, or all."""
    path = DOCS / page
    found = [Block(path, *match) for match in _BLOCK.findall(path.read_text(encoding="utf-8"))]
    return [block for block in found if not languages or block.language in languages]


@pytest.fixture
def page_blocks() -> Callable[..., list[Block]]:
    """Gives the blocks of a page of docs/, for tests that run it."""
    return _blocks
