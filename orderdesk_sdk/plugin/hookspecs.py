"""The contract with plugins, as pluggy hook specifications.

An integration plugin (entry-point group `orderdesk.integrations`) is a module with functions of these names, marked
`hookimpl`. It is registered with a plugin manager of its own, so a call never reaches another integration. Listeners
(group `orderdesk.listeners`) have one each as well, and are called one by one. Arguments are passed by name: an
implementation takes those it wants, and a hook may gain arguments without breaking anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, TypeVar

import pluggy

if TYPE_CHECKING:
    from orderdesk_sdk.orders.order import RemoteOrder
    from orderdesk_sdk.plugin.answer import Answer
    from orderdesk_sdk.plugin.cancel_requests import CancelRequestList
    from orderdesk_sdk.plugin.eligibility import Eligibility
    from orderdesk_sdk.plugin.integration import Integration
    from orderdesk_sdk.plugin.requests import (
        CancelRequest,
        EligibilityRequest,
        OpenRequestQuery,
        PollRequest,
        RespondRequest,
        ResubmitRequest,
        StatusChangeRequest,
    )
    from orderdesk_sdk.plugin.service import Flow, Service
    from orderdesk_sdk.plugin.webhooks import OrderNotification, WebhookList, WebhookRequest, WebhookSetup

__all__ = ["INTEGRATIONS", "LISTENERS", "LISTENER_HOOKS", "SIMULATORS", "deprecated_hookspec", "hookimpl", "hookspec"]

F = TypeVar("F", bound=Callable[..., object])

PROJECT = "orderdesk"
INTEGRATIONS = "orderdesk.integrations"
LISTENERS = "orderdesk.listeners"
SIMULATORS = "orderdesk.simulators"

LISTENER_HOOKS = frozenset({"orderdesk_before_cancel", "orderdesk_case_changed"})
"""The hooks that listeners implement, and nobody else; `runtime.listener_hookspecs` specifies them."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


def deprecated_hookspec(
    *, until: str, instead: str, arguments: Collection[str] = (), firstresult: bool = True
) -> Callable[[F], F]:
    """Marks a specification that goes, or of whose arguments some go, so that every plugin with it is warned.

    Args:
        until: the version without it, "0.3".
        instead: what a plugin uses then, as an order: "implement orderdesk_poll".
        arguments: those that go; empty where the whole hook does.
        firstresult: as for `hookspec`.
    """

    def mark(specification: F) -> F:
        name = specification.__name__
        gone = f"goes with orderdesk-sdk {until}: {instead}"
        of_arguments = {one: DeprecationWarning(f"the argument {one} of the hook {name} {gone}") for one in arguments}
        of_hook = None if arguments else DeprecationWarning(f"the hook {name} {gone}")
        return hookspec(firstresult=firstresult, warn_on_impl=of_hook, warn_on_impl_args=of_arguments)(specification)

    return mark


@hookspec(firstresult=True)
def orderdesk_integration() -> Integration:  # type: ignore[empty-body]  # a specification has no body
    """The declaration of this integration. Called once per process, on first use; must do no I/O."""


@hookspec(firstresult=True)
def orderdesk_cancel(request: CancelRequest, service: Service[object]) -> Flow[Answer]:  # type: ignore[empty-body]
    """A flow that asks the service to cancel; ends with an `Answer`. Needed for a `Button` route.

    Args:
        request: what to cancel.
        service: builds requests (`service.put(...)`) and holds settings and the time.

    The flow yields requests and receives responses; what the transport lost never reaches it. It must be
    deterministic: the same request and the same responses lead to the same calls, because the core replays it after
    a crash. What it does before its first request may come before the cancellation is in the ledger, so it acts by its
    requests alone.
    """


@hookspec(firstresult=True)
def orderdesk_cancel_many(  # type: ignore[empty-body]  # a specification has no body
    requests: Sequence[CancelRequest], service: Service[object]
) -> Flow[Sequence[Answer]]:
    """A flow that asks the service to cancel several orders at once. Needed for a `Button` with a `batch`.

    Args:
        requests: of different orders, at least one.
        service: as for `orderdesk_cancel`.

    Ends with one `Answer` per request, in their order. Every case's intent is in the ledger before a request leaves.
    """


@hookspec(firstresult=True)
def orderdesk_poll(request: PollRequest, service: Service[object]) -> Flow[Answer]:  # type: ignore[empty-body]
    """A flow that reads what the service says now; ends with an `Answer`. Needed for `Polling`.

    Args:
        request: whose order is read, and when it was asked for.
        service: as for `orderdesk_cancel`.

    Must only read. `pending(response)` says that nothing is decided; `canceled(response)` is evidence. With
    `FinalResponse` too it finds out what became of a request whose response was lost; without it a person must.
    Where a request was lost so, and the service shows it as open, the flow ends with
    `acknowledged(response, request_reference=...)`: it had arrived. After `pending` it counts as not shown.
    """


@hookspec(firstresult=True)
def orderdesk_read_eligibility(  # type: ignore[empty-body]  # a specification has no body
    request: EligibilityRequest, service: Service[object]
) -> Flow[Eligibility]:
    """A flow that reads whether the service would cancel the order now; ends with an `Eligibility`.

    Args:
        request: whose order is read.
        service: as for `orderdesk_cancel`.

    Needed for `Button.eligibility`. Must only read, and at least one of its calls must be about the order. Where the
    service does not say it, the flow ends with `answer.unknown(response)`: then nothing was read, and it is read again.
    """


@hookspec(firstresult=True)
def orderdesk_resubmit(request: ResubmitRequest, service: Service[object]) -> Flow[RemoteOrder]:  # type: ignore[empty-body]
    """A flow that submits a duplicated order; ends with its `RemoteOrder`. Needed for `NewNumber` and `SameNumber`.

    Args:
        request: the new order.
        service: as for `orderdesk_cancel`.

    Must first read whether the number is already there, so that a lost response never makes a second order: after a
    create of unknown fate nothing is sent that changes something before a read was answered, unless it is
    `repeatable`. What is there although nothing of ours was sent is not ours.
    """


@hookspec(firstresult=True)
def orderdesk_change_status(request: StatusChangeRequest, service: Service[object]) -> Flow[Answer]:  # type: ignore[empty-body]
    """A flow that sets one of the integration's `statuses`; ends with `answer.changed(...)`, or why not.

    Args:
        request: the order and the status.
        service: as for `orderdesk_cancel`.

    Must first read whether the status is set already, so that a lost response never sets it twice. "canceled" is no
    such status: it goes by `orderdesk_cancel`.
    """


@hookspec(firstresult=True)
def orderdesk_respond(request: RespondRequest, service: Service[object]) -> Flow[Answer]:  # type: ignore[empty-body]
    """A flow that answers somebody else's request to cancel; ends with `answer.changed(...)`, or why not.

    Args:
        request: the order, the request, and what we answer.
        service: as for `orderdesk_cancel`.

    Must first read whether the request is still open and has no answer yet, so that a lost response never answers it
    twice. Needed where the integration declares `cancel_requests`, unless both answers are given by hand. It is called
    only after every fulfillment service that holds the order has settled.
    """


@hookspec(firstresult=True)
def orderdesk_list_cancel_requests(  # type: ignore[empty-body]  # a specification has no body
    request: OpenRequestQuery, service: Service[object]
) -> Flow[CancelRequestList]:
    """A flow that lists the cancellations that are requested of us and have no answer yet.

    Args:
        request: of which order, or of all.
        service: as for `orderdesk_cancel`.

    Must only read. Needed for `CancelRequests.every`. Where it is implemented, a webhook about a request is never
    believed: the list is read.
    """


@hookspec(firstresult=True)
def orderdesk_parse_webhook(request: WebhookRequest, service: Service[object]) -> Sequence[OrderNotification]:  # type: ignore[empty-body]
    """The orders that a message which came in is about; empty for one that is about none. No flow, no I/O.

    Args:
        request: as it came.
        service: holds the settings; no call is made here.

    Must first see that the sender is who it says (a signature, a shared token; compared in constant time) and raise
    `SignatureVerificationError` otherwise, `MalformedResponseError` for a message that cannot be read. A hint is
    never evidence: the core polls.
    """


@hookspec(firstresult=True)
def orderdesk_webhooks(request: WebhookSetup, service: Service[object]) -> Flow[WebhookList]:  # type: ignore[empty-body]
    """A flow that registers our webhook at the service, removes it, or lists what is there; ends with a `WebhookList`.

    Args:
        request: the address, and whether it is wanted there.
        service: as for `orderdesk_cancel`.

    Must first list what is there, and change something only where that is not as wanted, so that it may be run again.
    Where `request.wanted` is None it must only read. Webhooks of others are left alone.
    """
