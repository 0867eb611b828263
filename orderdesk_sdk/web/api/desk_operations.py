"""The operations that are about no order: rules, integrations, health, events, this document."""

from __future__ import annotations

from http import HTTPStatus

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.desk.capabilities import SCHEMA_FILE
from orderdesk_sdk.web.api import requests
from orderdesk_sdk.web.api.handlers import reports
from orderdesk_sdk.web.api.operation import Method, Operation
from orderdesk_sdk.web.api.replies.events import EventStream
from orderdesk_sdk.web.api.replies.reports import (
    HealthReply,
    IntegrationListReply,
    MatrixReply,
    OpenApiReply,
    RuleDryRunReply,
    RuleListReply,
)
from orderdesk_sdk.web.api.schemas import SchemaFile

__all__ = ["DESK_OPERATIONS"]

_GET, _POST = Method.GET, Method.POST

DESK_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "list_rules",
        _GET,
        "/rules",
        Role.VIEWER,
        reports.list_rules,
        RuleListReply,
        "The rules, what each does, and whether its actions exist.",
        "rules list",
        about_whole_desk=True,
    ),
    Operation(
        "try_rules",
        _POST,
        "/rules/dry-run",
        Role.OPERATOR,
        reports.try_rules,
        RuleDryRunReply,
        "What each rule would do on an event of an order, and why. Changes nothing.",
        "rules test",
        request=requests.RuleDryRunRequest,
        errors=(HTTPStatus.NOT_FOUND,),
        about_whole_desk=True,
    ),
    Operation(
        "get_matrix",
        _GET,
        "/matrix",
        Role.VIEWER,
        reports.get_matrix,
        MatrixReply,
        "How the installed integrations cancel, compared.",
        "matrix",
    ),
    Operation(
        "list_integrations",
        _GET,
        "/integrations",
        Role.VIEWER,
        reports.list_integrations,
        IntegrationListReply,
        "The installed integrations.",
        "integrations",
    ),
    Operation(
        "get_integration",
        _GET,
        "/integrations/{slug}",
        Role.VIEWER,
        reports.get_integration,
        SchemaFile("Capabilities", SCHEMA_FILE),
        "What one integration can do: routes, windows, reasons, limits, settings.",
        "show",
        errors=(HTTPStatus.BAD_GATEWAY,),
    ),
    Operation(
        "get_health",
        _GET,
        "/health",
        Role.VIEWER,
        reports.get_health,
        HealthReply,
        "How the work goes, with what to do.",
        "doctor",
        about_whole_desk=True,
    ),
    Operation(
        "stream_events",
        _GET,
        "/events",
        Role.VIEWER,
        None,
        EventStream,
        "What happens to cases, as server-sent events; `Last-Event-ID` goes on where a stream broke.",
        "events",
        query=requests.EventsQuery,
        media_type="text/event-stream",
    ),
    Operation(
        "get_openapi",
        _GET,
        "/openapi.json",
        Role.VIEWER,
        reports.get_openapi,
        OpenApiReply,
        "This API as an OpenAPI 3.1 document.",
        None,
    ),
)
