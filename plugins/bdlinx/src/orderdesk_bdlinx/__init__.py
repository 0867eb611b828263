"""BDLinx: a button and a rule action, over a wire format that its customer configures.

BDLinx publishes no API document, so there is no address, path or status word of theirs in this plugin. What is known:
the button and the rule action (https://help.orderdesk.com/article/287-cancel-an-order), and that an account has an API
user and an API secret (https://help.orderdesk.com/article/447-bdlinx-integration). How these are sent is unknown too.
"""

from __future__ import annotations

from orderdesk_bdlinx.account import BdlinxSettings, credentials, lacking, profile
from orderdesk_sdk.answer import Answer
from orderdesk_sdk.declaration import Button, Integration, NoResubmit, Route, RuleAction
from orderdesk_sdk.hookspecs import hookimpl
from orderdesk_sdk.http.service import Flow, Service
from orderdesk_sdk.request import CancelRequest, CheckRequest
from orderdesk_sdk.wire import WireProfile, wire_cancel, wire_check, wire_confirmation


@hookimpl
def orderdesk_integration() -> Integration:
    return Integration(
        slug="bdlinx",
        title="BDLinx",
        settings=BdlinxSettings,
        base_url="base_url",
        auth=credentials,
        cancel=_ladder(None),
        configured=lambda settings: _ladder(settings.wire),
        unavailable=lacking,
        resubmit=NoResubmit("duplicate the order in Order Desk and submit the copy to BDLinx from there"),
        actions=(RuleAction("Cancel Order at BDLinx"),),
        help_url="https://help.orderdesk.com/article/287-cancel-an-order",
    )


def _ladder(wire: WireProfile | None) -> tuple[Route, ...]:
    return (Button(wire_confirmation(wire)),)


@hookimpl
def orderdesk_cancel(request: CancelRequest, service: Service[BdlinxSettings]) -> Flow[Answer]:
    return (yield from wire_cancel(profile(service.settings), request, service))


@hookimpl
def orderdesk_check(request: CheckRequest, service: Service[BdlinxSettings]) -> Flow[Answer]:
    return (yield from wire_check(profile(service.settings), request, service))
