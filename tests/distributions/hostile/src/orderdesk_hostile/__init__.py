"""A plugin that asks and polls as it should, and then does what the setting `kind` says."""

from __future__ import annotations

from orderdesk_hostile.kinds import KINDS, HostileSettings
from orderdesk_sdk.plugin import (
    Answer,
    Button,
    CancelRequest,
    Flow,
    HeaderAuth,
    Integration,
    NotStated,
    Polling,
    PollRequest,
    Service,
    hookimpl,
    hours,
    minutes,
)


@hookimpl
def orderdesk_integration() -> Integration:
    return Integration(
        slug="hostile",
        title="Hostile",
        settings=HostileSettings,
        base_url="endpoint",
        auth=lambda its: HeaderAuth({"x-api-key": its.api_key}),
        cancel=(Button(Polling(every=minutes(5), give_up=hours(24))),),
        identified_by={"*": NotStated("nobody knows what this one states")},
    )


@hookimpl
def orderdesk_cancel(request: CancelRequest, service: Service[HostileSettings]) -> Flow[Answer]:
    response = yield service.post("/orders", request.remote_id, "cancel", operation="cancel")
    return (yield from KINDS[service.settings.kind](response, service))


@hookimpl
def orderdesk_poll(request: PollRequest, service: Service[HostileSettings]) -> Flow[Answer]:
    response = yield service.get("/orders", request.remote_id, operation="read")
    return (yield from KINDS[service.settings.kind](response, service))
