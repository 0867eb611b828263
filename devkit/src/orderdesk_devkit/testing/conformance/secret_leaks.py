"""Secrets that come back: whatever a service shows of them, nothing of it is shown or kept."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from itertools import count as count_from_zero
from pathlib import Path

import httpx
import pytest

from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.simulators.simulator import Simulator
from orderdesk_devkit.testing.canary import Finder, as_reported, canary
from orderdesk_devkit.testing.conformance.base import Count, Standard, needs_calls
from orderdesk_devkit.testing.conformance.baseline_run import Heard, Rehearsal, Witness
from orderdesk_devkit.testing.conformance.echoes import Echo, echoes
from orderdesk_devkit.testing.conformance.requirement import Law, demand
from orderdesk_devkit.testing.plugin_under_test import Scene, Subject
from orderdesk_devkit.testing.raw_server import RawServer, answering, http_reply
from orderdesk_sdk.cases.ledger import Write
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.desk.documents import case_shape, plan_shape, receipt_shape
from orderdesk_sdk.errors import LedgerError, OrderDeskError
from orderdesk_sdk.plugin.auth import TokenAuth
from orderdesk_sdk.plugin.connection_settings import SettingKind, settings_fields
from orderdesk_sdk.transport.http.client import CallLimits

__all__ = ["Canaries"]

_LIMITS = CallLimits(tries=2, total=5, read=2)
_ROUNDS = 6
_COMMITS = 5
"""Commits of a cancel and its read-back that fail in turn."""
_TOKEN = "the access token"
_WEATHER: tuple[tuple[Fault, ...], ...] = (
    (),
    (Fault.LOST_REPLY,),
    (Fault.TRUNCATED, Fault.SERVER_ERROR_HTML, Fault.REDIRECT),
    (Fault.GARBAGE_GZIP, Fault.MALFORMED_JSON, Fault.RESET_BEFORE),
)

Shown = Mapping[str, object]
"""What is shown or kept, by what it is."""


class Canaries(Standard):
    """Law 11, with the secrets of every secret setting and the tokens that are fetched with them."""

    @pytest.fixture
    def secrets(self, subject: Subject, rehearsal: Rehearsal, caplog: pytest.LogCaptureFixture) -> Mapping[str, str]:
        """A canary for each secret setting; everything is logged from here on."""
        needs_calls(rehearsal, subject)
        fields = settings_fields(subject.integration.settings)
        found = {one.name: canary(one.name) for one in fields if one.kind is SettingKind.SECRET}
        if not found:
            pytest.skip(f"{subject.slug} has no secret setting")
        for name in (None, "httpx", "httpcore", "orderdesk_sdk"):
            caplog.set_level(logging.DEBUG, logger=name)
        return found

    def test_a_service_that_says_what_it_was_told(
        self,
        subject: Subject,
        rehearsal: Rehearsal,
        secrets: Mapping[str, str],
        tmp_path: Path,
        caplog: pytest.LogCaptureFixture,
        count: Count,
    ) -> None:
        """In any part of any reply: nothing of it is shown or kept."""
        token = _Token(subject, rehearsal)
        canaries = {**secrets, **({_TOKEN: canary(_TOKEN)} if token else {})}
        seeds = [*rehearsal.cancel, *rehearsal.follow[-1:]]
        leaks = []
        for name, echo in echoes(tuple(canaries.values()), seeds, subject.integration.evidence_headers).items():
            folder = tmp_path / f"{len(list(tmp_path.iterdir()))}"
            shown, received = _against(subject, token.answering(echo), secrets, folder, caplog)
            leaks += [f"the {name}: {said}" for said in _leaks(canaries, shown)]
            if not received:
                leaks.append(f"the {name}: no request was made, so this judged nothing")
            count("canaries", len(canaries))
        demand(Law.NO_SECRET, leaks)

    def test_a_token_endpoint_that_says_what_it_was_told(
        self,
        subject: Subject,
        rehearsal: Rehearsal,
        secrets: Mapping[str, str],
        tmp_path: Path,
        caplog: pytest.LogCaptureFixture,
        count: Count,
    ) -> None:
        """Where it refuses, or answers nonsense: nothing of it is shown or kept."""
        if rehearsal.token_path is None:
            pytest.skip(f"{subject.slug} fetches no token")
        leaks = []
        said = tuple(secrets.values())
        refusals: dict[str, Echo] = {
            "refusal": lambda request: _refusal({"error": said[-1], "error_description": request.decode("latin-1")}),
            "token of another kind": lambda _: _refusal({"access_token": [said[-1]], "expires_in": 1}, 200),
            "time of another kind": lambda _: _refusal({"access_token": said[0], "expires_in": said[-1]}, 200),
            "nothing": lambda _: b"",
            **echoes(said, rehearsal.tokens[:1], ()),
        }
        for name, echo in refusals.items():
            folder = tmp_path / f"{len(list(tmp_path.iterdir()))}"
            shown, _ = _against(subject, echo, secrets, folder, caplog)
            leaks += [f"the {name} of a token: {found}" for found in _leaks(secrets, shown)]
            count("canaries", len(secrets))
        demand(Law.NO_SECRET, leaks)

    def test_a_cancel_in_all_kinds_of_weather_shows_no_secret(
        self,
        subject: Subject,
        rehearsal: Rehearsal,
        secrets: Mapping[str, str],
        tmp_path: Path,
        caplog: pytest.LogCaptureFixture,
        count: Count,
    ) -> None:
        """At the simulator, with its own secrets and tokens, honored and disturbed."""
        token = _Token(subject, rehearsal)
        leaks = []
        for weather in _WEATHER:
            folder = tmp_path / f"{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
            caplog.clear()
            witnesses: list[Witness] = []

            def watched(simulator: Simulator, seen: list[Witness] = witnesses) -> Witness:
                seen.append(Witness(simulator, subject.number))
                return seen[0]

            with subject.on_stage(folder, wrap=watched, limits=_LIMITS) as stage:
                for fault in weather:
                    if rehearsal.cancels is not None:
                        rehearsal.cancels.fault(stage.service, fault)
                shown = _played(stage, folder)
                whole = {
                    name: str(stage.service.settings("")[name])
                    for name in secrets
                    if name in stage.service.settings("")
                }
            whole |= {f"{_TOKEN} {number}": text for number, text in enumerate(token.texts(witnesses[0].heard))}
            everything = {**shown, **_files(folder), "the log": _log(caplog)}
            leaks += [
                f"{' and '.join(one.value for one in weather) or 'fair weather'}: {name} stands in {where}"
                for where, thing in everything.items()
                for name, text in whole.items()
                if text and text in _as_text(thing)
            ]
            count("canaries", len(whole))
        demand(Law.NO_SECRET, leaks)

    def test_an_error_in_the_hosts_hands_shows_no_secret(
        self,
        subject: Subject,
        rehearsal: Rehearsal,
        secrets: Mapping[str, str],
        tmp_path: Path,
        caplog: pytest.LogCaptureFixture,
        count: Count,
    ) -> None:
        """The ledger fails in the midst of a call: what the host then logs, variables of each frame included."""
        token = _Token(subject, rehearsal)
        canaries = {**secrets, **({_TOKEN: canary(_TOKEN)} if token else {})}
        echo = token.answering(lambda request: http_reply(500, f"<pre>{request.decode('latin-1')}</pre>".encode()))
        leaks: list[str] = []
        for at in range(_COMMITS):
            folder = tmp_path / f"{at}"
            folder.mkdir()
            caplog.clear()
            with (
                RawServer(answering(echo)) as server,
                subject.before(server.url, folder, VirtualClock(), secrets=secrets, limits=_LIMITS) as stage,
            ):
                shown = _failing(stage, at)
            leaks += [
                f"commit {at + 1} failed: {said}" for said in _leaks(canaries, {**shown, "the log": _log(caplog)})
            ]
            count("canaries", len(canaries))
        demand(Law.NO_SECRET, leaks)


class _Token:
    """How a token is told by the service, if there is one."""

    def __init__(self, subject: Subject, rehearsal: Rehearsal) -> None:
        self._auth = subject.auth
        self._path = rehearsal.token_path
        self._reply = rehearsal.tokens[0] if rehearsal.tokens else None

    def __bool__(self) -> bool:
        return self._reply is not None

    def texts(self, heard: list[Heard]) -> Iterator[str]:
        """The tokens among what was said."""
        for one in heard:
            if isinstance(self._auth, TokenAuth) and one.path == self._path and one.status < 400:
                yield self._auth.token(httpx.Response(one.status, content=one.body)).secret.reveal()

    def answering(self, echo: Echo) -> Echo:
        """The echo, where requests for a token are given a canary."""
        if self._reply is None or self._path is None:
            return echo
        (text,) = self.texts([self._reply])
        body = self._reply.body.replace(text.encode(), canary(_TOKEN).encode())
        asked = f"POST {self._path} ".encode()
        told = http_reply(200, body)
        return lambda request: told if request.startswith(asked) else echo(request)


def _against(
    subject: Subject, echo: Echo, secrets: Mapping[str, str], folder: Path, caplog: pytest.LogCaptureFixture
) -> tuple[Shown, bytes]:
    """All that the product shows and keeps of a cancel at a service that echoes, and what that received."""
    folder.mkdir()
    caplog.clear()
    with (
        RawServer(answering(echo)) as server,
        subject.before(server.url, folder, VirtualClock(), secrets=secrets, limits=_LIMITS) as stage,
    ):
        shown = _played(stage, folder)
    return {**shown, **_files(folder), "the log": _log(caplog)}, server.received


def _played(stage: Scene, folder: Path) -> Shown:
    """Cancel the order and let time pass; what the product says, keeps and holds in memory."""
    desk, order = stage.desk, stage.order
    shown: dict[str, object] = {
        "the first plan": desk.plan(order),
        "the answer": desk.cancel(order, by="conformance", reason=stage.reason),
    }
    for number in range(_ROUNDS):
        _let_pass(stage)
        shown[f"report {number}"] = desk.run_due()
    connection, receipt, plan = desk.connections.get(stage.connection), desk.receipt(order), desk.plan(order)
    shown |= {
        "the receipt": receipt,
        "the plan": plan,
        "the receipt as JSON": json.dumps(receipt_shape(receipt)),
        "the plan as JSON": json.dumps(plan_shape(plan)),
        "the cases as JSON": json.dumps([case_shape(case) for case in desk.cases()]),
        "the cases": desk.cases(),
        "the placements": desk.host.placements(desk.host.order(order).id),
        "the repr of a part": [
            desk,
            desk.config,
            *desk.config.connections.values(),
            connection,
            connection.settings,
            connection.client,
            connection.client.redactor,
            connection.service(stage.clock.now()),
            connection.loaded,
            desk.connections,
            *vars(connection.client).values(),
            desk.registry,
            desk.ledger,
        ],
    }
    return shown | _files(folder)


def _let_pass(stage: Scene) -> None:
    """Two minutes, or as long as it takes until those that are asked for together leave."""
    gathered = [case.due_at for case in stage.desk.cases() if case.gathered and case.due_at and case.attempt == 0]
    stage.wait_for(max([stage.clock.now() + minutes(2), *gathered]))


def _failing(stage: Scene, at: int) -> Shown:
    """What a host is shown of a cancel and what follows, where the ledger cannot be written for the `at`-th time."""
    desk, ledger = stage.desk, stage.desk.ledger
    commit, tries = ledger.write, count_from_zero()

    def failing(*writes: Write) -> None:
        if next(tries) == at:
            raise LedgerError("no room on the disk", place="ledger", remedy="make room")
        commit(*writes)

    shown: dict[str, object] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger, "write", failing)
        steps: dict[str, Callable[[], object]] = {
            "the cancel": lambda: desk.cancel(stage.order, by="conformance", reason=stage.reason),
            "the work": desk.run_due,
            "the read-back": lambda: [desk.check(case.id) for case in desk.cases()],
        }
        for name, step in steps.items():
            try:
                shown[name] = step()
            except OrderDeskError as error:
                shown[f"the error of {name}"] = as_reported(error)
            _let_pass(stage)
    return shown


def _files(folder: Path) -> dict[str, object]:
    """All that was written, but for refresh tokens: a file for its owner's eyes is where they are kept."""
    files = (path for path in folder.iterdir() if path.is_file() and path.suffix != ".token")
    return {f"the file {path.name}": path.read_bytes() for path in files}


def _log(caplog: pytest.LogCaptureFixture) -> str:
    """What was logged, and the errors with it as tools that report them show them."""
    errors = [record.exc_info[1] for record in caplog.records if record.exc_info]
    return "\n".join([caplog.text, *(as_reported(error) for error in errors if error is not None)])


def _leaks(secrets: Mapping[str, str], shown: Shown) -> Iterator[str]:
    look = Finder(*secrets.values())
    for where, thing in shown.items():
        if look.found(thing):
            names = [name for name, text in secrets.items() if Finder(text).found(thing)]
            yield f"a piece of {' and of '.join(names)} stands in {where}"


def _as_text(thing: object) -> str:
    return thing.decode("latin-1") if isinstance(thing, bytes) else f"{thing!r}{thing}"


def _refusal(document: object, status: int = 400) -> bytes:
    return http_reply(status, json.dumps(document).encode())
