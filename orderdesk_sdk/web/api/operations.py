"""The one table of operations: routes, roles, the OpenAPI document, the docs and the tests are made of it."""

from __future__ import annotations

from orderdesk_sdk.web.api.case_operations import CASE_OPERATIONS
from orderdesk_sdk.web.api.desk_operations import DESK_OPERATIONS
from orderdesk_sdk.web.api.operation import Operation
from orderdesk_sdk.web.api.order_operations import ORDER_OPERATIONS

__all__ = ["OPERATIONS", "find_operation"]

OPERATIONS: tuple[Operation, ...] = (*ORDER_OPERATIONS, *CASE_OPERATIONS, *DESK_OPERATIONS)


def find_operation(name: str) -> Operation:
    """The operation of this name. Raises KeyError."""
    for operation in OPERATIONS:
        if operation.name == name:
            return operation
    raise KeyError(name)
