"""What several test modules stand on: clients of a made-up integration, mail servers, a local host, docs/'s pages."""

from __future__ import annotations

import asyncio
import re
import shlex
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import httpx
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from attrs import frozen
from click.testing import CliRunner

from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.clock import Clock, VirtualClock
from orderdesk_sdk.declaration import Button, ByReply, Integration, Limit, Route
from orderdesk_sdk.desk import Desk
from orderdesk_sdk.hosts.local import LocalHost
from orderdesk_sdk.hosts.samples import SAMPLE_ORDERS
from orderdesk_sdk.http.client import CallLimits, ConnectionClient
from orderdesk_sdk.mail import MailConfig
from orderdesk_sdk.order_reader import read_order_text
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.settings import host, secret, settings
from orderdesk_sdk.testing.canary import Finder
from orderdesk_sdk.testing.mail_child import BY_MAIL, POST, open_post_desk
from orderdesk_sdk.testing.subject import sample_order


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


@pytest.fixture
def finder() -> type[Finder]:
    return Finder


class MailServer:
    """A real SMTP server on loopback, until its fixture ends.

    arrived: the mails that it took. replies: to RCPT and to DATA, in order; the last one is given again and again.
    "drop" hangs up in place of a reply, "silence" never comes to one. A mail is taken where the reply is no refusal.
    """

    def __init__(self, **options: object) -> None:
        self.arrived: list[Envelope] = []
        self.encrypted: list[bool] = []
        self.replies = {"RCPT": ["250 OK"], "DATA": ["250 taken"]}
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port, **options)  # type: ignore[arg-type]  # each test names what it is about
        self.controller.start()

    def config(self, **changed: object) -> MailConfig:
        """The `[mail]` table for this server."""
        known: dict[str, object] = {"sender": "Shop <orders@example.com>", "host": "127.0.0.1", "timeout": 5}
        return MailConfig(**{**known, "port": self.port, **changed})  # type: ignore[arg-type]  # as above

    def recipients(self) -> list[list[str]]:
        """Whom the mails went to, by their envelopes."""
        return [envelope.rcpt_tos for envelope in self.arrived]

    def texts(self) -> list[str]:
        """The mails as they came, which are plain ASCII."""
        return [(envelope.original_content or b"").decode("ascii") for envelope in self.arrived]

    async def handle_RCPT(  # noqa: N802 - the name that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return await self._reply("RCPT", server)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        if not self.replies["DATA"][0].startswith(("4", "5")):
            self.arrived.append(envelope)
            self.encrypted.append(session.ssl is not None)
        return await self._reply("DATA", server)

    async def _reply(self, command: str, server: SMTP) -> str:
        replies = self.replies[command]
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        if reply == "drop":
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        if reply == "silence":
            await asyncio.Event().wait()
        return reply


@pytest.fixture
def mail_servers() -> Iterator[Callable[..., MailServer]]:
    """Starts mail servers; keywords are options of aiosmtpd's SMTP."""
    with ExitStack() as stack:

        def start(**options: object) -> MailServer:
            server = MailServer(**options)
            stack.callback(server.controller.stop)
            return server

        yield start


@pytest.fixture
def mail_server(mail_servers: Callable[..., MailServer]) -> MailServer:
    return mail_servers()


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


class RulesOpener(Protocol):
    """Opens a desk with these rules on the one file of a test, as another process would."""

    def __call__(self, *rules: Mapping[str, object], ladder: tuple[Route, ...] = BY_MAIL) -> Desk: ...


@pytest.fixture
def rules_desk(tmp_path: Path, clock: VirtualClock) -> Iterator[RulesOpener]:
    with ExitStack() as stack:

        def open_(*rules: Mapping[str, object], ladder: tuple[Route, ...] = BY_MAIL) -> Desk:
            return stack.enter_context(open_post_desk(tmp_path / "desk.db", clock, rules=rules, ladder=ladder))

        yield open_


@pytest.fixture
def placed_desk(rules_desk: RulesOpener) -> RulesOpener:
    """Opens a desk with rules; the order came in and was submitted before there were any."""
    before = rules_desk()
    before.import_orders([sample_order()], by="a test")
    before.place(sample_order().number, at=POST, by="a test")
    return rules_desk


DOCS = Path(__file__).resolve().parent.parent / "docs"
_BLOCK = re.compile(r"^```([a-z]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# (\S+\.(?:py|toml))\n")
WRONG = (1, 2)
"""Exit codes that no command of a page may have; 3 says that a person must look."""


@frozen
class Block:
    """A fenced block of a page. file: the path in a comment on its first line, for a block that is part of a file."""

    page: Path
    language: str
    text: str

    @property
    def file(self) -> str | None:
        found = _FILE.match(self.text)
        return found[1] if found is not None else None

    def write(self, folder: Path) -> None:
        """Add a block to its file, below what earlier blocks put there."""
        RAN.add(self)
        assert self.file is not None, self.text
        path = folder / self.file
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(f"\n\n{_FILE.sub('', self.text)}" if path.stat().st_size else _FILE.sub("", self.text))

    def run(self, names: dict[str, object]) -> None:
        """Run a block of Python in `names`."""
        RAN.add(self)
        exec(compile(self.text, str(self.page), "exec"), names)  # noqa: S102 - the page is what is tested

    def run_shell(self) -> str:
        """Run a block of commands in the present folder; what the last one wrote to stdout."""
        RAN.add(self)
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


RAN: set[Block] = set()
"""The blocks that tests of this process ran."""


def _blocks(page: str, languages: Sequence[str] = ()) -> list[Block]:
    """The blocks of a page under docs/, in order; of these languages, or all."""
    path = DOCS / page
    found = [Block(path, *match) for match in _BLOCK.findall(path.read_text(encoding="utf-8"))]
    return [block for block in found if not languages or block.language in languages]


@pytest.fixture(scope="module")
def _every_block_runs(request: pytest.FixtureRequest) -> Iterator[set[str]]:
    """Where a module puts the pages that it runs; none of their Python is left out, if the whole module runs."""
    pages: set[str] = set()
    yield pages
    whole = not request.config.getoption("keyword") and not any("::" in one for one in request.config.args)
    left = [f"docs/{block.page.relative_to(DOCS)}" for page in pages for block in _blocks(page, ["python"])
            if block not in RAN]  # fmt: skip
    assert not (whole and not request.session.testsfailed and left), f"a block of Python is run by no test: {left}"


@pytest.fixture
def page_blocks(_every_block_runs: set[str]) -> Callable[..., list[Block]]:
    """Gives the blocks of a page of docs/, for tests that run it; when the last test ended, all its Python must have."""

    def blocks(page: str, languages: Sequence[str] = ()) -> list[Block]:
        _every_block_runs.add(page)
        return _blocks(page, languages)

    return blocks
