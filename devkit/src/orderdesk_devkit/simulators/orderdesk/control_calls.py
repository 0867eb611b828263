"""The control calls of the simulated store: what people, services and rules do, for processes that call no method."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from orderdesk_devkit.simulators.control import ControlBody
from orderdesk_devkit.simulators.orderdesk.appointments import Appointment
from orderdesk_sdk.errors import NotFoundError, ValidationError

if TYPE_CHECKING:
    from orderdesk_devkit.simulators.orderdesk.access import RequestEntry
    from orderdesk_devkit.simulators.orderdesk.service import OrderDeskSimulator

__all__ = ["answer_control_call"]


def answer_control_call(simulator: OrderDeskSimulator, method: str, call: str, body: bytes) -> dict[str, object]:
    """The answer to a control call beside those of every simulator.

    | call | body | answer |
    |---|---|---|
    | GET `requests` | - | `{"requests": [{at, method, path, query, headers, body, status, tokens}]}` |
    | GET `misuses` | - | `{"misuses": [{order, what}]}` |
    | GET `history/{order}` | - | `{"history": [{source_name, note, date_added}]}` |
    | GET `appointments` | - | `{"appointments": [{number, order, url, state, answers}]}` |
    | POST `rules` | `{url, folder?, name?}` | `{"rules": n}` |
    | POST `import` | a list of orders in Order Desk's JSON | `{"orders": [id]}` |
    | POST `move` | `{order, folder, by?}` | `{"folder": name}`; rules run |
    | POST `run` | `{order, rule}` | `{"order": id}`: the rule ran by hand, as by its button |
    | POST `edit` | `{order, changes}` | `{"order": id}` |
    | POST `submit` | `{order, fulfillment_name, fulfillment_id?}` | `{"order": id}` |
    | POST `method` | `{order, code, fulfillment_method}` | `{"order": id}` |
    | POST `tracking` | `{order, shipment}` | `{"shipments": n}` |
    | POST `folders` | `{add?, rename?, to?, delete?}` | `{"folders": {id: name}}` |
    | POST `history` | `{order, count}` | `{"entries": n}` |
    | POST `redeliver` | `{order, times?}` | `{"answers": [status]}` of the order's newest appointment, posted again |
    | POST `deliver` | `{}` | `{"posts": n}`: what is due is posted now |

    Raises NotFoundError for an unknown call, order or folder, ValidationError for a body that is wrong.
    """
    if method == "GET":
        return _read(simulator, call)
    if method == "POST" and call == "import":
        return {"orders": simulator.import_orders(body.decode("utf-8", "replace"))}
    done = _CALLS.get(call) if method == "POST" else None
    if done is None:
        raise NotFoundError(f"unknown control call {method} {call}")
    return done(simulator, ControlBody(call, body))


def _read(simulator: OrderDeskSimulator, call: str) -> dict[str, object]:
    if call == "requests":
        with simulator.lock:
            return {"requests": [_request_document(entry) for entry in simulator.requests]}
    if call == "misuses":
        return {"misuses": [{"order": one.remote_id, "what": one.effect} for one in simulator.misuses]}
    if call == "appointments":
        with simulator.lock:
            return {"appointments": [_appointment_document(one) for one in simulator.appointments.all]}
    if call.startswith("history/"):
        return {"history": simulator.history(unquote(call.removeprefix("history/")))}
    raise NotFoundError(f"unknown control call GET {call}")


def _rules(simulator: OrderDeskSimulator, body: ControlBody) -> dict[str, object]:
    url, folder, name = body.required_text("url"), body.text("folder"), body.text("name")
    body.require_empty()
    simulator.add_rule(url, folder=folder, name=name or "Post")
    return {"rules": len(simulator.rules)}


def _move(simulator: OrderDeskSimulator, body: ControlBody) -> dict[str, object]:
    order, folder, by = body.required_text("order"), body.required_text("folder"), body.text("by")
    body.require_empty()
    simulator.move_order(order, folder, by=by or "mara")
    return {"folder": simulator.actual_status(order)}


def _run(simulator: OrderDeskSimulator, body: ControlBody) -> dict[str, object]:
    order, rule = body.required_text("order"), body.required_text("rule")
    body.require_empty()
    simulator.run_rule(order, rule)
    return {"order": order}


def _edit(simulator: OrderDeskSimulator, body: ControlBody) -> dict[str, object]:
    order, changes = body.required_text("order"), body.object("changes")
    body.require_empty()
    simulator.edit_order(order, changes)
    return {"order": order}


def _submit(simulator: OrderDeskSimulator, body: ControlBody) -> dict[str, object]:
    order, name = body.required_text("order"), body.required_text("fulfillment_name")
    number = body.text("fulfillment_id")
    body.require_empty()
    simulator.submit_order(order, name, number or "")
    return {"order": order}


def _method(simulator: OrderDeskSimulator, body: ControlBody) -> dict[str, object]:
    order, code, name = (body.required_text(key) for key in ("order", "code", "fulfillment_method"))
    body.require_empty()
    simulator.set_fulfillment_method(order, code, name)
    return {"order": order}


def _tracking(simulator: OrderDeskSimulator, body: ControlBody) -> dict[str, object]:
    order, shipment = body.required_text("order"), body.object("shipment")
    body.require_empty()
    simulator.add_tracking(order, shipment)
    with simulator.lock:
        return {"shipments": len(simulator.state.find(order).shipments)}


def _folders(simulator: OrderDeskSimulator, body: ControlBody) -> dict[str, object]:
    add, rename, new_name, delete = (body.text(key) for key in ("add", "rename", "to", "delete"))
    body.require_empty()
    if (rename is None) != (new_name is None):
        raise ValidationError("a rename needs both names", location="rename", hint="give `rename` and `to`")
    if add is not None:
        simulator.add_folder(add)
    if rename is not None and new_name is not None:
        simulator.rename_folder(rename, new_name)
    if delete is not None:
        simulator.delete_folder(delete)
    with simulator.lock:
        return {"folders": {str(folder): name for folder, name in simulator.state.folders.items()}}


def _fill_history(simulator: OrderDeskSimulator, body: ControlBody) -> dict[str, object]:
    order, count = body.required_text("order"), body.number("count")
    body.require_empty()
    simulator.fill_history(order, int(count or 0))
    return {"entries": len(simulator.history(order))}


def _redeliver(simulator: OrderDeskSimulator, body: ControlBody) -> dict[str, object]:
    order, times = body.required_text("order"), body.number("times")
    body.require_empty()
    return {"answers": simulator.redeliver(order, times=int(times or 1))}


def _deliver(simulator: OrderDeskSimulator, body: ControlBody) -> dict[str, object]:
    body.require_empty()
    return {"posts": simulator.deliver_due()}


_CALLS: Final[Mapping[str, Callable[[OrderDeskSimulator, ControlBody], dict[str, object]]]] = {
    "rules": _rules,
    "move": _move,
    "run": _run,
    "edit": _edit,
    "submit": _submit,
    "method": _method,
    "tracking": _tracking,
    "folders": _folders,
    "history": _fill_history,
    "redeliver": _redeliver,
    "deliver": _deliver,
}


def _request_document(entry: RequestEntry) -> dict[str, object]:
    return {
        "at": entry.at.isoformat(),
        "method": entry.method,
        "path": entry.path,
        "query": dict(entry.query),
        "headers": dict(entry.headers),
        "body": entry.body.decode("utf-8", "replace"),
        "status": entry.status,
        "tokens": entry.tokens,
    }


def _appointment_document(one: Appointment) -> dict[str, object]:
    return {
        "number": one.number,
        "order": one.order_id,
        "url": one.rule.url,
        "state": one.state.value,
        "answers": list(one.answers),
    }
