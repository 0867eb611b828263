"""What leads from one operation to the next: plan, cancel, case, receipt."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from orderdesk_sdk.desk.documents import JsonObject

__all__ = ["LINKS", "Link"]


@frozen
class Link:
    """A link of OpenAPI.

    Args:
        operation: where it leads to.
        parameters: what of the reply each parameter there is, as a runtime expression.
        body: the same for keys of the body there.
    """

    name: str
    operation: str
    parameters: Mapping[str, str]
    body: Mapping[str, str] = field(factory=dict)

    def document(self) -> JsonObject:
        """As OpenAPI has it."""
        found: JsonObject = {"operationId": self.operation, "parameters": dict(self.parameters)}
        return found | {"requestBody": dict(self.body)} if self.body else found


_FIRST_ORDER = {"order": "$response.body#/orders/0/id"}
_FIRST_CASE = {"case": "$response.body#/cases/0/id"}
_SAME_ORDER = {"order": "$request.path.order"}
_SAME_CASE = {"case": "$request.path.case"}

LINKS: Mapping[str, tuple[Link, ...]] = {
    "list_orders": (
        Link("order", "get_order", _FIRST_ORDER),
        Link("plan", "get_plan", _FIRST_ORDER),
        Link("receipt", "get_receipt", _FIRST_ORDER),
    ),
    "get_plan": (Link("cancel", "cancel_order", _SAME_ORDER, {"plan": "$response.body#/token"}),),
    "cancel_order": (
        Link("case", "get_case", _FIRST_CASE),
        Link("withdrawCase", "withdraw_case", _FIRST_CASE),
        Link("poll", "poll_case", _FIRST_CASE),
        Link("confirm", "confirm_case", _FIRST_CASE),
        Link("receipt", "get_receipt", _SAME_ORDER),
        Link("withdraw", "withdraw_order", _SAME_ORDER),
    ),
    "list_cases": (
        Link("case", "get_case", _FIRST_CASE),
        Link("reject", "reject_case", _FIRST_CASE),
        Link("retry", "retry_case", _FIRST_CASE),
    ),
    "get_case": (Link("poll", "poll_case", _SAME_CASE), Link("confirm", "confirm_case", _SAME_CASE)),
    "make_receipt_link": (Link("revoke", "revoke_receipt_link", {**_SAME_ORDER, "link": "$response.body#/link/id"}),),
    "cancel_bulk": (Link("summary", "get_bulk", {"bulk": "$response.body#/bulk"}),),
    "list_integrations": (Link("integration", "get_integration", {"slug": "$response.body#/integrations/0/slug"}),),
}
"""The links of each operation."""
