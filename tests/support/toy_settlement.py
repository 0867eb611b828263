"""A toy that says that its service decides sooner than it does."""

from __future__ import annotations

from attrs import evolve

from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.routes import Button, Polling
from tests.support.toy_plugin import Toy
from tests.support.toy_simulators import ToyShop

__all__ = ["LazyShop", "PromisesTooMuch"]


class PromisesTooMuch(Toy):
    """Says within two minutes."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        soon = Polling(every=minutes(1), give_up=hours(3), usually_within=minutes(2))
        return evolve(Toy().orderdesk_integration(), cancel=(Button(soon),))


class LazyShop(ToyShop):
    """Decides after forty minutes."""

    takes = minutes(40)
