"""Routes: what a connection's settings make of them is held against the plugin before anything is sent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from orderdesk_devkit.testing.plugin_under_test import sample_order
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import VirtualClock, hours
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import ConfigurationError, PluginError
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration, SideEffect, SideEffectSwitch
from orderdesk_sdk.plugin.prior_steps import PriorStep
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.routes import Button, Email, FinalResponse, Polling, Portal
from orderdesk_sdk.plugin.validation import prior_steps_error
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from tests.support.email_child import EMAIL_ONLY, EmailOnlySettings

ORDER = sample_order()
PHONE = Portal("Call Post.")
CHECKED = Button(Polling(hours(1), hours(2)))


class Configured:
    """A plugin without a hook that makes calls, whose settings change its list of routes."""

    def __init__(self, configured: Callable[[object], object] | None, *routes: Email | Portal) -> None:
        self._configured = configured
        self._ladder = routes or (PHONE,)

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return Integration(
            slug=EMAIL_ONLY,
            title="Post",
            settings=EmailOnlySettings,
            base_url="endpoint",
            cancel=self._ladder,
            routes_for=self._configured,  # type: ignore[arg-type]  # plugins are often written without a type checker
        )


def desk_of(folder: Path, plugin: Configured, **changed: object) -> Desk:
    registry = PluginRegistry()
    registry.register(plugin, EMAIL_ONLY)
    connection = ConnectionConfig(EMAIL_ONLY, EMAIL_ONLY, changed, f"[connections.{EMAIL_ONLY}]")
    return Desk(Config(folder / "desk.db", {EMAIL_ONLY: connection}), clock=VirtualClock(), registry=registry)


def nothing_known(settings: object) -> object:
    known: dict[str, object] = {}
    return known["api"]


@pytest.mark.parametrize(
    ("routes", "problem"),
    [
        (lambda _: (Button(FinalResponse()),), "its declaration needs orderdesk_cancel, which it does not implement"),
        (lambda _: (PHONE, CHECKED), "its declaration needs orderdesk_cancel, which it does not implement"),
        (lambda _: [PHONE], "its list of routes must be a tuple of routes, not [Portal("),
        (lambda _: None, "its list of routes must be a tuple of routes, not None"),
        (lambda _: ("button",), "its list of routes must be a tuple of routes, not ('button',)"),
        (lambda _: (Email("nobody", "subject", "body"),), "its e-mail route names the setting 'nobody'"),
        (
            lambda _: (Button(FinalResponse(), name="a"), Button(FinalResponse(), name="a")),
            "two of its buttons have the name 'a'",
        ),
        (nothing_known, "KeyError in its `configured`"),
    ],
)
def test_a_configured_ladder_that_the_plugin_cannot_climb_is_its_fault(
    routes: Callable[[object], object], problem: str, tmp_path: Path
) -> None:
    with desk_of(tmp_path, Configured(routes)) as desk, pytest.raises(PluginError) as caught:
        desk.connections.get(EMAIL_ONLY)
    assert caught.value.message.startswith(f"the connection cannot be used: {problem}")
    assert caught.value.location == "integration post, [connections.post].settings"
    assert caught.value.hint


def test_a_case_at_such_a_connection_is_a_persons_at_once(tmp_path: Path) -> None:
    with desk_of(tmp_path, Configured(None)) as before:
        before.orders.import_orders([ORDER], by="a test")
        before.orders.register(ORDER.number, connection=EMAIL_ONLY, by="a test")
    with desk_of(tmp_path, Configured(lambda _: (CHECKED,))) as desk:
        (case,) = desk.cancel(ORDER.number, by="Ann").cases
    assert case.state is State.ACTION_REQUIRED
    assert "orderdesk_cancel" in str(case.plugin_error)


def test_a_sound_configured_ladder_is_the_connection_s(tmp_path: Path) -> None:
    mailed = (Email("to", "subject", "body"), PHONE)
    with desk_of(tmp_path, Configured(lambda _: mailed)) as desk:
        assert desk.connections.get(EMAIL_ONLY).integration.cancel == mailed


def test_an_e_mail_route_that_names_no_setting_is_said_when_the_plugin_is_loaded() -> None:
    registry = PluginRegistry()
    registry.register(Configured(None, Email("to", "subject", "text")), EMAIL_ONLY)
    with pytest.raises(PluginError, match="its e-mail route names the setting 'text', which it does not have"):
        registry.load(EMAIL_ONLY)


@pytest.mark.parametrize(("name", "value"), [("to", "a@example.com, b@example.com"), ("to", ""), ("to", "nobody")])
def test_a_recipient_that_is_no_single_address_is_said_at_its_setting(name: str, value: str, tmp_path: Path) -> None:
    plugin = Configured(None, Email("to", "subject", "body"))
    with desk_of(tmp_path, plugin, **{name: value}) as desk, pytest.raises(ConfigurationError) as caught:
        desk.connections.get(EMAIL_ONLY)
    assert caught.value.location == f"[connections.post].settings.{name}"
    assert caught.value.hint


@pytest.mark.parametrize("effect", [one for one in SideEffect if one is not SideEffect.SHIPPING_LABEL])
def test_a_step_that_moves_money_stock_or_tells_somebody_needs_a_switch(effect: SideEffect) -> None:
    plain = Configured(None).orderdesk_integration()
    step = evolve(CHECKED, prior=(PriorStep("do more", effect=effect),))
    assert prior_steps_error(plain, (step,)) == (
        f"its step 'do more' has the side effect {effect.value!r}, which nothing turns on:"
        f" add SideEffect.{effect.name} to side_effects"
    )
    switched = evolve(plain, side_effects={effect: SideEffectSwitch(per_cancel=True)})
    assert prior_steps_error(switched, (step,)) is None


def test_a_label_is_voided_before_a_cancel_without_a_switch() -> None:
    step = evolve(CHECKED, prior=(PriorStep("void the label", effect=SideEffect.SHIPPING_LABEL),))
    assert prior_steps_error(Configured(None).orderdesk_integration(), (step,)) is None
