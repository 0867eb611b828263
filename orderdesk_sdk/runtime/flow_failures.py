"""How a flow fails that made no request, another one than before, or none that can be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from orderdesk_sdk.cases.exchange import Certainty, Exchange, Intent, TransportLoss
from orderdesk_sdk.errors import ConfigurationError, ValidationError
from orderdesk_sdk.plugin.answer import Answer, not_processed, unknown
from orderdesk_sdk.plugin.guard import PluginFailure, failure_message
from orderdesk_sdk.plugin.plain_values import class_name
from orderdesk_sdk.runtime.flow_record import MAX_SHOWN_REQUEST, REQUEST_CHANGED
from orderdesk_sdk.transport.redaction import Redactor, redact_answer

if TYPE_CHECKING:
    import httpx

__all__ = ["after_resend", "configuration_failure", "not_a_request", "outcome_without_flow", "request_changed"]


def not_a_request(error: Exception, redactor: Redactor) -> PluginFailure:
    """What comes of a request that cannot be sent."""
    return PluginFailure(
        f"the flow yielded a request that cannot be sent: {failure_message(error, redactor.redact_text)}"
    )


def request_changed(request: httpx.Request, intent: Intent, redactor: Redactor) -> TransportLoss:
    """The flow asks for something else than was sent: whether that is wanted, a person says (law 3)."""
    body = redactor.redact_body(request.content.decode("utf-8", "replace")) if not intent.read_only else ""
    now = f"{request.method} {redactor.redact_url(str(request.url))} {body}"[:MAX_SHOWN_REQUEST].strip()
    before = f"{intent.method} {intent.url} {intent.body}"[:MAX_SHOWN_REQUEST].strip()
    return TransportLoss(Certainty.UNKNOWN, f"{REQUEST_CHANGED}: {now}; what was sent: {before}", request_changed=True)


def after_resend(exchange: Exchange) -> Exchange:
    """What came of a request that may have left before: a 412 may be due to the change that the first one made."""
    failure = exchange.failure
    if failure is None or failure.may_go_again:
        return exchange
    text = "the order was changed at the service after it was read (412); the first request may have done so"
    return evolve(exchange, failure=evolve(failure, certainty=Certainty.UNKNOWN, message=text))


def configuration_failure(
    error: ConfigurationError | ValidationError, redactor: Redactor, *, has_written: bool
) -> Answer:
    """What comes of a configuration that keeps a call from being made.

    Args:
        has_written: whether an earlier request of the flow may have changed something.
    """
    answer = (
        unknown(None, message=error.message)
        if has_written
        else not_processed(None, message=error.message, hint=error.hint)
    )
    return redact_answer(answer, redactor)


def outcome_without_flow(flow: object, redactor: Redactor) -> Answer | PluginFailure:
    """What comes of a hook that gave no flow."""
    match flow:
        case PluginFailure():
            return flow
        case ConfigurationError() | ValidationError():
            return redact_answer(not_processed(None, message=flow.message, hint=flow.hint), redactor)
        case None:
            return PluginFailure("the hook returned nothing; it must be a generator function")
        case _:
            return PluginFailure(f"the hook returned {class_name(flow)}, not a flow; write it with yield and return")
