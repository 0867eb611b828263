"""Toy integrations whose declaration forgets something: a limit of no call, and people in what is kept."""

from __future__ import annotations

from attrs import evolve

from orderdesk_devkit.testing.harness import PERSON
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration, Limit
from tests.support.toy_plugin import Toy
from tests.support.toy_simulators import ToyShop

__all__ = ["HidesPeople", "KeepsALimit", "LimitsNoCall", "PeopleShop"]


class LimitsNoCall(Toy):
    """Names a call in its limits that it never makes."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return evolve(Toy().orderdesk_integration(), limits={"cancels": Limit(2, burst=2)})


class HidesPeople(Toy):
    """Says where its shop shows people."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return evolve(Toy().orderdesk_integration(), redact_fields=["customer"])


class PeopleShop(ToyShop):
    """Shows whose order it is."""

    def _answer(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, object]]:
        status, said = super()._answer(method, path, body)
        return status, {**said, "customer": {"street": PERSON["address1"]}}


class KeepsALimit(Toy):
    """Makes three calls at once, and one a second after that, of each kind."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return evolve(Toy().orderdesk_integration(), limits={"*": Limit(1, burst=3)})
