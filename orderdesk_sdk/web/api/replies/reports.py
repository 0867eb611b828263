"""Rules, integrations, the matrix and health."""

from __future__ import annotations

from typing import Annotated, TypedDict

from orderdesk_sdk.cases.events import OrderEventKind
from orderdesk_sdk.desk.health import HealthCode, HealthStatus
from orderdesk_sdk.orders.order import ConnectionRole
from orderdesk_sdk.plugin.integration import Verification
from orderdesk_sdk.web.api.replies.values import ErrorDocument, Moment

__all__ = ["HealthReply", "IntegrationListReply", "MatrixReply", "OpenApiReply", "RuleDryRunReply", "RuleListReply"]


class ActionFields(TypedDict):
    """One thing that a rule does."""

    action: str
    reason: str | None
    folder: str | None
    connections: list[str]


class RuleActionDocument(ActionFields):
    """An action of a rule, and whether there is one of this name."""

    is_known: bool
    provided_by: list[str]


class RuleDocument(TypedDict):
    """A rule."""

    name: str
    event: OrderEventKind
    filter: Annotated[str | None, "Null: always."]
    actions: list[RuleActionDocument]
    location: str
    enabled: bool
    explanation: Annotated[str, "What it does, in words."]
    problem: Annotated[str | None, "What is wrong with its filter or an action of it."]
    stored: Annotated[bool, "Whether it was made while the desk runs; else it stands in orderdesk.toml."]
    tried: Annotated[bool, "Whether it may be switched on, since it was tried as it is."]
    version: int
    changed_by: str | None
    changed_at: Moment | None


class RuleListReply(TypedDict):
    """The rules, in the order in which they are asked."""

    rules: list[RuleDocument]


class TriedActionDocument(ActionFields):
    """An action, and what it would do."""

    effect: str


class RuleEvaluationDocument(TypedDict):
    """Whether a rule matches."""

    rule: str
    matches: bool
    explanation: str
    actions: list[TriedActionDocument]


class RuleDryRunReply(TypedDict):
    """What each rule would do. Nothing was changed."""

    order_number: str
    event: OrderEventKind
    evaluations: list[RuleEvaluationDocument]


class MatrixRouteDocument(TypedDict):
    """One way to cancel, in words."""

    route: str
    confirmation: str
    reason: str
    scope: str
    warning: str | None


class MatrixRowDocument(TypedDict):
    """How an integration cancels, in words."""

    slug: str
    title: str
    role: ConnectionRole
    cancel: str
    routes: list[MatrixRouteDocument]
    routes_vary: Annotated[bool, "Whether the settings of a connection may change them."]
    statuses: list[str]
    resubmission: str
    actions: list[str]
    reads_notifications: bool
    cancel_requests: str
    verified_by: Verification


class MatrixReply(TypedDict):
    """The installed integrations, compared."""

    integrations: list[MatrixRowDocument]
    errors: list[ErrorDocument]


class IntegrationDocument(TypedDict):
    """An installed integration."""

    slug: str
    distribution: str
    version: str
    title: str | None
    disabled: bool
    plugin_error: ErrorDocument | None


class IntegrationListReply(TypedDict):
    """The installed integrations."""

    checked: bool
    integrations: list[IntegrationDocument]


class HealthCheckDocument(TypedDict):
    """What one check found."""

    code: HealthCode
    status: HealthStatus
    location: str
    message: str
    hint: str | None


class HealthReply(TypedDict):
    """How the work goes; the worst of the checks."""

    status: HealthStatus
    checked_at: Moment
    checks: list[HealthCheckDocument]


class OpenApiReply(TypedDict):
    """An OpenAPI document."""

    openapi: str
    info: dict[str, str]
    paths: dict[str, object]
