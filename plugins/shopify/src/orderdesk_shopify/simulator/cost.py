"""The calculated cost of calls: a leaky bucket of points that is refilled by the clock."""

from __future__ import annotations

from graphql import DocumentNode, FieldNode, OperationDefinitionNode, OperationType, Visitor, visit

from orderdesk_sdk.plugin import Clock

__all__ = ["CostBucket", "cost_of"]


class _Objects(Visitor):
    """Counts the fields that give objects: each costs a point, those of scalars and enums nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def enter_field(self, node: FieldNode, *_: object) -> None:
        self.count += node.selection_set is not None


def cost_of(document: DocumentNode) -> int:
    """Points that a document is said to cost; 10 for a mutation is the simulator's choice."""
    if any(
        isinstance(one, OperationDefinitionNode) and one.operation is OperationType.MUTATION
        for one in document.definitions
    ):
        return 10
    counted = _Objects()
    visit(document, counted)
    return counted.count


class CostBucket:
    """Points: at most `maximum`, `rate` more each second. Guarded by its caller's lock."""

    def __init__(self, clock: Clock, maximum: float = 2000.0, rate: float = 100.0) -> None:
        self._clock = clock
        self._maximum = maximum
        self._rate = rate
        self._left = maximum
        self._seen = clock.monotonic()

    def drain(self, left: float = 0.0) -> None:
        """Leave `left` points, as if others had spent the rest."""
        self._refill()
        self._left = left

    def take(self, cost: float) -> bool:
        """Spend points; False, and nothing is spent, where they are not there."""
        self._refill()
        if cost > self._left:
            return False
        self._left -= cost
        return True

    def cost_report(self, cost: float, *, spent: bool) -> dict[str, object]:
        """`extensions.cost` of a response."""
        return {
            "requestedQueryCost": cost,
            "actualQueryCost": cost if spent else None,
            "throttleStatus": {
                "maximumAvailable": self._maximum,
                "currentlyAvailable": round(self._left, 3),
                "restoreRate": self._rate,
            },
        }

    def _refill(self) -> None:
        now = self._clock.monotonic()
        self._left = min(self._maximum, self._left + (now - self._seen) * self._rate)
        self._seen = now
