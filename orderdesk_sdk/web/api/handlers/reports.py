"""Rules, integrations, the matrix and health: what is the same for all orders."""

from __future__ import annotations

from orderdesk_sdk.cases.events import OrderEventKind
from orderdesk_sdk.clock import SystemClock
from orderdesk_sdk.desk.capabilities import capabilities_document
from orderdesk_sdk.desk.documents import JsonObject
from orderdesk_sdk.desk.health import health_document
from orderdesk_sdk.desk.health_checks import check_health
from orderdesk_sdk.desk.matrix import matrix_document, matrix_rows
from orderdesk_sdk.desk.rule_previews import action_targets, preview_document, preview_rules
from orderdesk_sdk.desk.rule_views import rule_view_document
from orderdesk_sdk.errors import NotFoundError, ValidationError
from orderdesk_sdk.web.api.openapi import openapi_document
from orderdesk_sdk.web.api.operation import ApiCall
from orderdesk_sdk.web.api.requests import RuleDryRunRequest
from orderdesk_sdk.web.api.scope import find_order, own_reference

__all__ = [
    "get_health",
    "get_integration",
    "get_matrix",
    "get_openapi",
    "list_integrations",
    "list_rules",
    "try_rules",
]


def list_rules(call: ApiCall) -> JsonObject:
    """The rules of the configuration, and those that were made while the desk runs."""
    targets = action_targets(call.desk)
    return {"rules": [rule_view_document(view, targets) for view in call.desk.rule_admin.list()]}


def try_rules(call: ApiCall) -> JsonObject:
    """What each rule would do on an event. Changes nothing."""
    request, order = call.body_as(RuleDryRunRequest), find_order(call, call.body_as(RuleDryRunRequest).order)
    if (request.folder is not None) != (request.event is OrderEventKind.ORDER_MOVED):
        raise ValidationError(
            "`folder` goes with the event `order moved`, and with no other", location="$.folder", hint="mend it"
        )
    tried = preview_rules(call.desk, own_reference(order), request.event.value, request.folder, request.fields)
    return {
        "order_number": order.number,
        "event": request.event.value,
        "evaluations": [preview_document(one) for one in tried],
    }


def get_matrix(call: ApiCall) -> JsonObject:
    """How each integration cancels."""
    return matrix_document(*matrix_rows(call.desk.registry))


def list_integrations(call: ApiCall) -> JsonObject:
    """The installed integrations; none is imported for it."""
    registry = call.desk.registry
    rows = [(slug, *registry.distribution(slug).rpartition(" ")[::2]) for slug in registry.slugs()]
    return {
        "checked": False,
        "integrations": [
            {
                "slug": slug,
                "distribution": name,
                "version": version,
                "title": None,
                "disabled": slug in registry.disabled,
                "plugin_error": None,
            }
            for slug, name, version in rows
        ],
    }


def get_integration(call: ApiCall) -> JsonObject:
    """What one integration can do."""
    slug = call.path["slug"]
    if slug not in call.desk.registry.slugs():
        raise NotFoundError("no integration of this name is installed")
    return capabilities_document(call.desk.registry.load(slug))


def get_health(call: ApiCall) -> JsonObject:
    """How the work goes."""
    checks = check_health(call.desk.ledger, call.desk.clock.now())
    return health_document(checks, SystemClock().now())


def get_openapi(call: ApiCall) -> JsonObject:
    """The API as an OpenAPI document."""
    return openapi_document(call.operations)
