"""Secrets that come back: whatever a service shows of them, nothing of it is shown or kept."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count as count_from_zero
from pathlib import Path

import httpx
import pytest
from attrs import frozen

from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.simulators.simulator import Simulator
from orderdesk_devkit.testing.canary import Finder, as_reported, canary
from orderdesk_devkit.testing.conformance.base import Count, StandardTests, new_folder, skip_without_calls
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun, CallRecorder, RecordedCall
from orderdesk_devkit.testing.conformance.echoed_secrets import Echo, echoes
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness, PluginUnderTest
from orderdesk_devkit.testing.raw_server import RawServer, http_response, responding
from orderdesk_sdk.cases.ledger import CaseUpdate
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.desk.documents import case_document, plan_document, receipt_document
from orderdesk_sdk.errors import OrderDeskError, StorageError
from orderdesk_sdk.plugin.auth import TokenAuth
from orderdesk_sdk.plugin.connection_settings import SettingKind, settings_fields
from orderdesk_sdk.transport.http.limits import HttpLimits

__all__ = ["SecretLeakTests"]

_LIMITS = HttpLimits(max_attempts=2, timeout=5, read_timeout=2)
_ROUNDS = 6
_COMMITS = 5
"""Commits of a cancel and its poll that fail in turn."""
_TOKEN = "the access token"
_FAULT_SETS: tuple[tuple[Fault, ...], ...] = (
    (),
    (Fault.LOST_RESPONSE,),
    (Fault.TRUNCATED, Fault.SERVER_ERROR_HTML, Fault.REDIRECT),
    (Fault.GARBAGE_GZIP, Fault.MALFORMED_JSON, Fault.RESET_BEFORE),
)

Shown = Mapping[str, object]
"""What is shown or kept, by what it is."""


class _Token:
    """How a token is told by the service, if there is one."""

    def __init__(self, plugin: PluginUnderTest, baseline: BaselineRun) -> None:
        self._auth = plugin.auth
        self._path = baseline.token_path
        self._reply = baseline.tokens[0] if baseline.tokens else None

    def __bool__(self) -> bool:
        return self._reply is not None

    def texts(self, calls: list[RecordedCall]) -> Iterator[str]:
        """The tokens among what was said."""
        for one in calls:
            if isinstance(self._auth, TokenAuth) and one.path == self._path and one.status < 400:
                yield self._auth.parse_token(httpx.Response(one.status, content=one.body)).secret.reveal()

    def answering(self, echo: Echo) -> Echo:
        """The echo, where requests for a token are given a canary."""
        if self._reply is None or self._path is None:
            return echo
        (text,) = self.texts([self._reply])
        body = self._reply.body.replace(text.encode(), canary(_TOKEN).encode())
        asked = f"POST {self._path} ".encode()
        told = http_response(200, body)
        return lambda request: told if request.startswith(asked) else echo(request)


@frozen
class LeakProbe:
    """A plugin with secrets that are found again wherever they are shown, and all that looks for them."""

    plugin: PluginUnderTest
    baseline: BaselineRun
    secrets: Mapping[str, str]
    """A canary for each secret setting."""
    token: _Token
    folder: Path
    caplog: pytest.LogCaptureFixture
    _count: Count

    @property
    def canaries(self) -> Mapping[str, str]:
        """The secrets, and the token that is fetched with them if there is one."""
        return {**self.secrets, **({_TOKEN: canary(_TOKEN)} if self.token else {})}

    def begin(self) -> Path:
        """An empty folder for the next desk, with nothing logged so far."""
        self.caplog.clear()
        return new_folder(self.folder)

    def shown(self, desk: Shown, folder: Path) -> Shown:
        """What a desk in the folder showed, together with its files and the log."""
        return {**desk, **_files(folder), "the log": self.log()}

    def cancel_at(self, echo: Echo) -> tuple[Shown, bytes]:
        """All that the product shows and keeps of a cancel at a service that echoes, and what that received."""
        folder = self.begin()
        with self.open_harness(echo, folder) as (harness, server):
            shown = _run_everything(harness, folder)
        return self.shown(shown, folder), server.received

    @contextmanager
    def open_harness(self, echo: Echo, folder: Path) -> Iterator[tuple[ConformanceHarness, RawServer]]:
        """A harness at a service that echoes, by a connection with the secrets."""
        with (
            RawServer(responding(echo)) as server,
            self.plugin.open_harness_at(
                server.url, folder, VirtualClock(), secrets=self.secrets, limits=_LIMITS
            ) as harness,
        ):
            yield harness, server

    def log(self) -> str:
        """What was logged, and the errors with it as tools that report them show them."""
        errors = [record.exc_info[1] for record in self.caplog.records if record.exc_info]
        return "\n".join([self.caplog.text, *(as_reported(error) for error in errors if error is not None)])

    def leaks(self, canaries: Mapping[str, str], shown: Shown) -> list[str]:
        """Where pieces of the canaries are shown; each canary counts as looked for."""
        self.count(canaries)
        finder = Finder(*canaries.values())
        found = []
        for where, thing in shown.items():
            if finder.found(thing):
                names = [name for name, text in canaries.items() if Finder(text).found(thing)]
                found.append(f"a piece of {' and of '.join(names)} stands in {where}")
        return found

    def count(self, canaries: Mapping[str, str]) -> None:
        """Add to the summary how many were looked for."""
        self._count("canaries", len(canaries))


class SecretLeakTests(StandardTests):
    """Law 11, with the secrets of every secret setting and the tokens that are fetched with them."""

    @pytest.fixture
    def leak_probe(
        self,
        plugin_under_test: PluginUnderTest,
        baseline: BaselineRun,
        tmp_path: Path,
        caplog: pytest.LogCaptureFixture,
        count: Count,
    ) -> LeakProbe:
        """Looks for a canary for each secret setting; everything is logged from here on."""
        skip_without_calls(baseline, plugin_under_test)
        fields = settings_fields(plugin_under_test.integration.settings)
        found = {one.name: canary(one.name) for one in fields if one.kind is SettingKind.SECRET}
        if not found:
            pytest.skip(f"{plugin_under_test.slug} has no secret setting")
        for name in (None, "httpx", "httpcore", "orderdesk_sdk"):
            caplog.set_level(logging.DEBUG, logger=name)
        token = _Token(plugin_under_test, baseline)
        return LeakProbe(plugin_under_test, baseline, found, token, tmp_path, caplog, count)

    def test_a_service_that_echoes_the_request_leaks_no_secret(self, leak_probe: LeakProbe) -> None:
        """In any part of any response: nothing of it is shown or kept."""
        canaries, baseline = leak_probe.canaries, leak_probe.baseline
        seeds = [*baseline.cancel, *baseline.polls[-1:]]
        leaks = []
        for name, echo in echoes(
            tuple(canaries.values()), seeds, leak_probe.plugin.integration.evidence_headers
        ).items():
            shown, received = leak_probe.cancel_at(leak_probe.token.answering(echo))
            leaks += [f"the {name}: {said}" for said in leak_probe.leaks(canaries, shown)]
            if not received:
                leaks.append(f"the {name}: no request was made, so this judged nothing")
        require(Requirement.NO_SECRET, leaks)

    def test_a_token_endpoint_that_echoes_the_request_leaks_no_secret(self, leak_probe: LeakProbe) -> None:
        """Where the token endpoint rejects the request or answers nonsense, nothing of it is shown or kept."""
        if leak_probe.baseline.token_path is None:
            pytest.skip(f"{leak_probe.plugin.slug} fetches no token")
        leaks = []
        said = tuple(leak_probe.secrets.values())
        rejections: dict[str, Echo] = {
            "rejection": lambda request: _rejection_response(
                {"error": said[-1], "error_description": request.decode("latin-1")}
            ),
            "token of another kind": lambda _: _rejection_response({"access_token": [said[-1]], "expires_in": 1}, 200),
            "time of another kind": lambda _: _rejection_response(
                {"access_token": said[0], "expires_in": said[-1]}, 200
            ),
            "nothing": lambda _: b"",
            **echoes(said, leak_probe.baseline.tokens[:1], ()),
        }
        for name, echo in rejections.items():
            shown, _ = leak_probe.cancel_at(echo)
            leaks += [f"the {name} of a token: {found}" for found in leak_probe.leaks(leak_probe.secrets, shown)]
        require(Requirement.NO_SECRET, leaks)

    def test_a_cancel_under_faults_shows_no_secret(self, leak_probe: LeakProbe) -> None:
        """At the simulator, with its own secrets and tokens, honored and disturbed."""
        plugin, cancel_target = leak_probe.plugin, leak_probe.baseline.cancel_target
        leaks = []
        for faults in _FAULT_SETS:
            folder = leak_probe.begin()
            recorders: list[CallRecorder] = []

            def recorded(simulator: Simulator, recorders: list[CallRecorder] = recorders) -> CallRecorder:
                recorders.append(CallRecorder(simulator, plugin.number))
                return recorders[0]

            with plugin.open_harness(folder, wrap=recorded, limits=_LIMITS) as harness:
                for fault in faults:
                    if cancel_target is not None:
                        cancel_target.inject(harness.service, fault)
                desk = _run_everything(harness, folder)
                given = harness.service.settings("")
                whole = {name: str(given[name]) for name in leak_probe.secrets if name in given}
            tokens = leak_probe.token.texts(recorders[0].calls)
            whole |= {f"{_TOKEN} {number}": text for number, text in enumerate(tokens)}
            leaks += [
                f"{' and '.join(one.value for one in faults) or 'no fault'}: {name} stands in {where}"
                for where, thing in leak_probe.shown(desk, folder).items()
                for name, text in whole.items()
                if text and text in _as_text(thing)
            ]
            leak_probe.count(whole)
        require(Requirement.NO_SECRET, leaks)

    def test_an_error_given_to_the_host_app_shows_no_secret(self, leak_probe: LeakProbe) -> None:
        """The ledger fails in the midst of a call: what the host then logs, variables of each frame included."""
        canaries = leak_probe.canaries
        echo = leak_probe.token.answering(
            lambda request: http_response(500, f"<pre>{request.decode('latin-1')}</pre>".encode())
        )
        leaks: list[str] = []
        for at in range(_COMMITS):
            with leak_probe.open_harness(echo, leak_probe.begin()) as (harness, _):
                shown = _failing(harness, at)
            found = leak_probe.leaks(canaries, {**shown, "the log": leak_probe.log()})
            leaks += [f"commit {at + 1} failed: {said}" for said in found]
        require(Requirement.NO_SECRET, leaks)


def _run_everything(harness: ConformanceHarness, folder: Path) -> Shown:
    """Cancel the order and let time pass; what the product says, keeps and holds in memory."""
    desk, order = harness.desk, harness.order
    shown: dict[str, object] = {
        "the first plan": desk.cancellations.plan(order),
        "the answer": desk.cancel(order, by="conformance", reason=harness.reason),
    }
    for number in range(_ROUNDS):
        _let_time_pass(harness)
        shown[f"report {number}"] = desk.run_due()
    connection, receipt, plan = (
        desk.connections.get(harness.connection),
        desk.cancellations.receipt(order),
        desk.cancellations.plan(order),
    )
    shown |= {
        "the receipt": receipt,
        "the plan": plan,
        "the receipt as JSON": json.dumps(receipt_document(receipt)),
        "the plan as JSON": json.dumps(plan_document(plan)),
        "the cases as JSON": json.dumps([case_document(case) for case in desk.cases.list()]),
        "the cases": desk.cases.list(),
        "the remote orders": desk.order_store.remote_orders(desk.order_store.get_order(order).id),
        "the repr of a part": [
            desk,
            desk.config,
            *desk.config.connections.values(),
            connection,
            connection.settings,
            connection.client,
            connection.client.redactor,
            connection.service(harness.clock.now()),
            connection.plugin,
            desk.connections,
            *vars(connection.client).values(),
            desk.registry,
            desk.ledger,
        ],
    }
    return shown | _files(folder)


def _let_time_pass(harness: ConformanceHarness) -> None:
    """Two minutes, or as long as it takes until those that are asked for together leave."""
    gathered = [
        case.due_at for case in harness.desk.cases.list() if case.is_batched and case.due_at and case.attempt == 0
    ]
    harness.wait_for(max([harness.clock.now() + minutes(2), *gathered]))


def _failing(harness: ConformanceHarness, at: int) -> Shown:
    """What a host is shown of a cancel and what follows, where the ledger cannot be written for the `at`-th time."""
    desk, ledger = harness.desk, harness.desk.ledger
    commit, tries = ledger.write, count_from_zero()

    def failing(*writes: CaseUpdate) -> None:
        if next(tries) == at:
            raise StorageError("no room on the disk", location="ledger", hint="make room")
        commit(*writes)

    shown: dict[str, object] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger, "write", failing)
        steps: dict[str, Callable[[], object]] = {
            "the cancel": lambda: desk.cancel(harness.order, by="conformance", reason=harness.reason),
            "the work": desk.run_due,
            "the poll": lambda: [desk.cases.poll(case.id) for case in desk.cases.list()],
        }
        for name, step in steps.items():
            try:
                shown[name] = step()
            except OrderDeskError as error:
                shown[f"the error of {name}"] = as_reported(error)
            _let_time_pass(harness)
    return shown


def _files(folder: Path) -> dict[str, object]:
    """All that was written, but for refresh tokens: a file for its owner's eyes is where they are kept."""
    files = (path for path in folder.iterdir() if path.is_file() and path.suffix != ".token")
    return {f"the file {path.name}": path.read_bytes() for path in files}


def _as_text(thing: object) -> str:
    return thing.decode("latin-1") if isinstance(thing, bytes) else f"{thing!r}{thing}"


def _rejection_response(document: object, status: int = 400) -> bytes:
    return http_response(status, json.dumps(document).encode())
