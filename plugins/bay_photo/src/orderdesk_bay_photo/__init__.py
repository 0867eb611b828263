"""Bay Photo: the button only asks, over a call that its customer configures; what is polled is the answer.

Documented and built in: credentials and new orders of both order APIs. The public part of their documents shows no call
that cancels or reads an order, no status word and no response, so these are configuration or not relied on.
"""

from __future__ import annotations

from orderdesk_bay_photo import api
from orderdesk_bay_photo.settings import BayPhotoSettings
from orderdesk_sdk.plugin import (  # noqa: F401 - hooks of this module too
    Answer,
    Button,
    Flow,
    Integration,
    NewNumber,
    Polling,
    RemoteOrder,
    ResubmitRequest,
    Service,
    Verification,
    check_before_create,
    hookimpl,
    hours,
    json_object,
    minutes,
    orderdesk_cancel,
    orderdesk_poll,
    reject_invalid_order,
)


@hookimpl
def orderdesk_integration() -> Integration:
    return Integration(
        slug="bay-photo",
        title="Bay Photo",
        settings=BayPhotoSettings,
        base_url="base_url",
        auth=BayPhotoSettings.auth,
        cancel=(Button(Polling(every=minutes(5), give_up=hours(24))),),
        unavailable_reason=BayPhotoSettings.missing,
        identified_by=BayPhotoSettings.identities,
        resubmission=NewNumber(),
        redact_fields=["customer", "destination_address"],
        verified_by=Verification.CONFIGURATION,
        help_url="https://help.orderdesk.com/article/287-cancel-an-order",
    )


@hookimpl
def orderdesk_resubmit(request: ResubmitRequest, service: Service[BayPhotoSettings]) -> Flow[Answer | RemoteOrder]:
    order, settings = request.order, service.settings
    with reject_invalid_order():
        path, body = api.new_order(order, settings, service.now)
    if (known := (yield from check_before_create(settings.api, request, service))) is not None:
        return known
    made = yield service.post(path, operation="create", json=body)
    if made.is_success and json_object(made):  # Raises where the page is no JSON; what stands in it is not documented.
        return service.remote_order(order.number)
    return api.not_created(made, order.number)
