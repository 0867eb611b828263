"""Run within the environment of schemathesis: bodies that the shop can take, in place of some that merely fit."""

from __future__ import annotations

from typing import Any

import schemathesis

BODIES: dict[str, list[dict[str, Any]]] = {
    "cancel_order": [{"without_plan": True}, {"without_plan": True, "reason": "customer asked"}],
    "cancel_bulk": [{"without_plan": True, "orders": [{"order": "72001"}, {"order": "72002"}, {"order": "none"}]}],
    "set_status": [{"status": "canceled"}],
    "resubmit_order": [{}],
    "try_rules": [{"order": "72001", "event": "order imported"}],
    "confirm_case": [{"note": "Kim on the phone"}],
    "answer_request": [{"answer": "accept"}, {"answer": "reject", "rejection": "shipped"}],
}
"""By operation. Every other request that fits the schema gets one of these."""
_calls = {"count": 0}


def before_call(context: Any, case: Any, _: dict[str, Any]) -> None:
    """Put one of `BODIES` into every other request that is meant to be right."""
    bodies = BODIES.get(case.operation.definition.raw.get("operationId", ""))
    if bodies is None or case.meta is None or not case.meta.generation.mode.is_positive:
        return
    _calls["count"] += 1
    if _calls["count"] % 2:
        case.body = bodies[_calls["count"] // 2 % len(bodies)]


schemathesis.hook(before_call)
