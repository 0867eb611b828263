"""A simple simulator that speaks GraphQL: one path, a mutation that cancels and a query that reads.

    POST {base}  {"query": "mutation ... cancelOrder(number: $number) ...", "variables": {"number": "1042"}}
        -> {"data": {"cancelOrder": {"order": {...}, "userErrors": [{"code": "TOO_LATE", "message": "..."}]}}}
    POST {base}  {"query": "query ... order(number: $number) ...", "variables": {"number": "1042"}}
        -> {"data": {"order": {...}}}, null for an order that it does not have

As services of this kind do, it answers 200 whatever it thinks of a request, but for one without credentials (401); what
it does not understand is told in `errors`. It is put before a simulator that lets callers in:

    class AcmeSimulator(GraphqlSimulator, TokenSimulator): ...
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from orderdesk_devkit.simulators.http_requests import parse_object_body, path_below
from orderdesk_devkit.simulators.simple import CallResult, Request, SimpleSimulator

__all__ = ["GraphqlSimulator"]


class GraphqlSimulator(SimpleSimulator):
    """Orders by the clock, asked for and canceled by queries."""

    base: ClassVar[str] = "/graphql"
    """The path of all queries."""
    cancel_field: ClassVar[str] = "cancelOrder"
    """The field of the mutation that cancels."""
    read_field: ClassVar[str] = "order"
    """The field of the query that reads."""
    number_variable: ClassVar[str] = "number"
    """The variable that holds the order's number."""
    error_codes: ClassVar[Mapping[int, str]] = {404: "NOT_FOUND", 409: "TOO_LATE", 422: "INVALID"}
    """The code of a user error, by the HTTP status that a service without GraphQL would give."""

    def order_document(self, number: str, stage: str) -> Mapping[str, object]:
        return {"number": number, "status": stage}

    def handle(self, request: Request, body: bytes) -> tuple[str, str | None, CallResult]:
        if request.method != "POST" or path_below(request, self.base) != []:
            return super().handle(request, body)
        asked = parse_object_body(body)
        query, variables = str(asked.get("query")), asked.get("variables")
        given = variables if isinstance(variables, Mapping) else {}
        number = given.get(self.number_variable)
        if not self.is_authorized(request):
            errors = [{"message": "who are you?", "extensions": {"code": "UNAUTHENTICATED"}}]
            return "query", None, CallResult(401, "refused: credentials", {"errors": errors})
        if not isinstance(number, str):
            return "query", None, _error(f"the variable {self.number_variable} is missing")
        is_cancel = query.lstrip().startswith("mutation")
        field = self.cancel_field if is_cancel else self.read_field
        if f"{field}(" not in query:
            return field, number, _error(f"{'Mutation' if is_cancel else 'Query'} has no field that is asked for here")
        return field, number, self._cancel(number, given) if is_cancel else self._read(number)

    def _read(self, number: str) -> CallResult:
        order = self.orders.get(number)
        if order is None:
            return CallResult(200, "read: unknown", {"data": {self.read_field: None}})
        result = self.read_order(order)
        return CallResult(200, result.effect, {"data": {self.read_field: result.body}})

    def _cancel(self, number: str, variables: Mapping[str, object]) -> CallResult:
        order = self.orders.get(number)
        result = self.unknown_order() if order is None else self.cancel_order(order, variables)
        code = self.error_codes.get(result.status)
        seen = None if order is None else self.order_document(number, order.stage)
        errors = [] if code is None else [{"code": code, "message": f"SIM {result.effect}"}]
        found = {"order": seen, "userErrors": errors}
        return CallResult(200, result.effect, {"data": {self.cancel_field: found}}, result.effect_kind)


def _error(message: str) -> CallResult:
    """A request that it does not understand, by which nothing was done."""
    errors = [{"message": message, "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}}]
    return CallResult(200, f"refused: {message}", {"errors": errors})
