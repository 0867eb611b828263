"""The routes of the API: one for each path of the table, for those who may call at least one of its operations."""

from __future__ import annotations

from starlette.routing import Route

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.web.api.endpoint import api_endpoint
from orderdesk_sdk.web.api.operation import PREFIX, Method, Operation
from orderdesk_sdk.web.api.operations import OPERATIONS
from orderdesk_sdk.web.caller import guarded
from orderdesk_sdk.web.rate_limits import RateLimits

__all__ = ["api_routes"]


def api_routes(limits: RateLimits) -> list[Route]:
    """The routes of the operations that have a handler; a method that a path does not have is answered 405."""
    paths: dict[str, dict[Method, Operation]] = {}
    for operation in OPERATIONS:
        if operation.handler is not None:
            paths.setdefault(operation.path, {})[operation.method] = operation
    return [
        Route(
            PREFIX + path,
            guarded(api_endpoint(found, limits, OPERATIONS), _least_role(found)),
            methods=[method.value for method in found],
        )
        for path, found in paths.items()
    ]


def _least_role(operations: dict[Method, Operation]) -> Role:
    return min((operation.role for operation in operations.values()), key=list(Role).index)
