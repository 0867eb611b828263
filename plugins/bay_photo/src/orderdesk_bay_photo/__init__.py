"""Bay Photo: the button only asks, over a call that its customer configures; what is read back is the answer.

Documented and built in: credentials and new orders of both order APIs. The public part of their documents shows no call
that cancels or reads an order, no status word and no reply, so these are configuration or not relied on.
"""

from __future__ import annotations

from orderdesk_bay_photo import api
from orderdesk_bay_photo.settings import BayPhotoSettings
from orderdesk_sdk.plugin import (  # noqa: F401 - hooks of this module too
    Answer,
    Button,
    ByCheck,
    Evidence,
    Flow,
    Integration,
    NewNumber,
    Placement,
    ResubmitRequest,
    Service,
    hookimpl,
    hours,
    json_object,
    minutes,
    orderdesk_cancel,
    orderdesk_check,
    refusing,
    wire_before_create,
)


@hookimpl
def orderdesk_integration() -> Integration:
    return Integration(
        slug="bay-photo",
        title="Bay Photo",
        settings=BayPhotoSettings,
        base_url="base_url",
        auth=BayPhotoSettings.auth,
        cancel=(Button(ByCheck(every=minutes(5), give_up=hours(24))),),
        unavailable=BayPhotoSettings.lacking,
        identified_by=BayPhotoSettings.identities,
        resubmit=NewNumber(),
        redact=["customer", "destination_address"],
        evidence=Evidence.CONFIGURATION,
        help_url="https://help.orderdesk.com/article/287-cancel-an-order",
    )


@hookimpl
def orderdesk_resubmit(request: ResubmitRequest, service: Service[BayPhotoSettings]) -> Flow[Answer | Placement]:
    order, settings = request.order, service.settings
    with refusing():
        path, body = api.new_order(order, settings, service.now)
    if (known := (yield from wire_before_create(settings.wire, request, service))) is not None:
        return known
    made = yield service.post(path, operation="create", json=body)
    if made.is_success and json_object(made):  # Raises where the page is no JSON; what stands in it is not documented.
        return service.placement(order.number)
    return api.not_created(made, order.number)
