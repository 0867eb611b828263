"""What a plugin does with a table of settings, as far as anybody outside can see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun
from orderdesk_devkit.testing.conformance.mutations import replayed_response
from orderdesk_devkit.testing.conformance.playback import EMPTY_RESPONSE, FlowPlayback, PlaybackResult
from orderdesk_devkit.testing.conformance.recorded_flows import recorded_flows_by
from orderdesk_devkit.testing.harness import connection_config
from orderdesk_devkit.testing.plugin_under_test import NOWHERE, ConformanceHarness, PluginUnderTest
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.errors import ConfigurationError, OrderDeskError
from orderdesk_sdk.plugin.auth import HmacAuth, TokenAuth
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.reasons import ReasonList, allowed_reasons
from orderdesk_sdk.plugin.routes import Button, Route
from orderdesk_sdk.runtime.connections import Connection, Connections
from orderdesk_sdk.runtime.webhook_reader import read_notifications
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.transport.http.limits import HttpLimits

__all__ = ["SettingsObserver"]

Observed = Mapping[str, object]
_SECONDS = 30.0
"""How long a callable of the plugin may take."""


class SettingsObserver:
    """Makes a connection of each table, and plays all that is known of the plugin with it; nothing is called."""

    def __init__(self, plugin: PluginUnderTest, baseline: BaselineRun, folder: Path) -> None:
        self._plugin = plugin
        self._baseline = baseline
        self._clock = VirtualClock()
        self._stack = ExitStack()
        self._harness = self._stack.enter_context(plugin.open_harness_at(NOWHERE, folder, self._clock))
        self._registry = plugin.registry()
        self._harness.desk.cancel(self._harness.order, by="conformance", reason=self._harness.reason, send_now=False)
        (self._case,) = self._harness.desk.cases.list()
        self._reference = _reference(self._harness, baseline)
        simulator = plugin.make_simulator(VirtualClock())
        self._webhooks = tuple(simulator.webhooks(plugin.number)) if simulator is not None else ()

    @property
    def declared(self) -> Integration:
        """The declaration."""
        return self._registry.load(self._plugin.slug).integration

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def observe(self, table: Mapping[str, object]) -> Observed | None:
        """By what was looked at, what was seen; None where the plugin does not take these settings."""
        try:
            config = connection_config(self._plugin.slug, table, self._registry)
        except ConfigurationError:
            return None
        connections = Connections({config.name: config}, self._registry, self._clock, HttpLimits(), _SECONDS)
        try:
            connection = connections.get(config.name)
            return dict(self._look(connections, connection))
        except ConfigurationError:
            return None
        finally:
            connections.close()

    def _look(self, connections: Connections, connection: Connection) -> Iterator[tuple[str, object]]:
        declared, order = connection.integration, self._plugin.order
        yield "its routes", [_promises(route) for route in declared.cancel]
        yield "the texts of its mails", connection.email_texts
        why = declared.unavailable_reason
        yield "whether it can be called", why(connection.settings) if why is not None else None
        yield "whether requests to cancel are taken", connection.cancel_requests is not None
        yield "the folder of open requests", connection.request_folder
        for route in declared.cancel:
            if isinstance(route.reasons, ReasonList):
                codes = allowed_reasons(route.reasons, connection.settings, order)
                yield f"the reasons of the {route.label}", [code.code for code in codes]
        yield from self._signature(connection)
        yield from self._flows(connection)
        for number, message in enumerate(self._webhooks):
            yield (
                f"webhook {number + 1}",
                _outcome(
                    lambda message=message: read_notifications(connections, connection.name, message, self._clock.now())  # type: ignore[misc]  # mypy infers no default
                ),
            )

    def _signature(self, connection: Connection) -> Iterator[tuple[str, object]]:
        """How a request is signed, or how a token is asked for."""
        if self.declared.auth is None:
            return
        auth = self.declared.auth(connection.settings)
        request = httpx.Request("GET", f"{NOWHERE}/signed")
        if isinstance(auth, TokenAuth):
            auth.clock = self._clock
            yield "how a token is asked for", _shown(auth.token_request())
            auth.sign(request, Secret("a-token"))
            yield "how requests are signed", sorted(request.headers)  # Some of them tell the time.
            return
        if isinstance(auth, HmacAuth):
            auth.sign(request, self._clock.now())
        else:
            request = next(auth.sync_auth_flow(request))
        yield "how requests are signed", _shown(request)

    def _flows(self, connection: Connection) -> Iterator[tuple[str, object]]:
        if not isinstance(self._baseline.route, Button):
            return
        request = self._harness.desk.cases.request_for(self._case.id)
        playback = FlowPlayback(connection, request, self._case)
        for flow in recorded_flows_by(playback, self._baseline.conversation, self._reference):
            yield flow.name, _played(flow.play(flow.responses))
            yield f"{flow.name} where the service says nothing", _played(flow.play((EMPTY_RESPONSE,)))
        yield "the list of requests to cancel", [_shown(one) for one in playback.list_requests(()).requests]


def _reference(harness: ConformanceHarness, baseline: BaselineRun) -> str | None:
    """What the service called the request to cancel; None where it gave no name."""
    if not isinstance(baseline.route, Button):
        return None
    (case,) = harness.desk.cases.list()
    connection = harness.desk.connections.get(harness.connection)
    played = FlowPlayback(connection, harness.desk.cases.request_for(case.id), case).cancel(
        tuple(map(replayed_response, baseline.cancel))
    )
    return played.case.request_reference if played.case is not None else None


def _promises(route: Route) -> tuple[object, ...]:
    names = ("window", "confirm", "scope", "batch", "fallback_on")
    return (type(route).__name__, *(getattr(route, name, None) for name in names))


def _played(result: PlaybackResult) -> tuple[object, ...]:
    state = result.case.state if result.case is not None else None
    return [_shown(one) for one in result.requests], state, result.says_done, result.plugin_error


def _shown(request: httpx.Request) -> object:
    return request.method, str(request.url), sorted(request.headers.multi_items()), request.read()


def _outcome(read: Callable[[], object]) -> object:
    try:
        return read()
    except OrderDeskError as error:
        return type(error).__name__
