"""What is read of an order in one look is what several looks give."""

from __future__ import annotations

import pytest
from attrs import evolve

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.ledger import OrderRecord
from orderdesk_sdk.cases.registration import Registration
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.errors import AmbiguousError, NotFoundError
from orderdesk_sdk.orders.order import ConnectionRole, Order, RemoteOrder
from orderdesk_sdk.orders.store import RegisteredOrder
from orderdesk_sdk.stores.sql.order_store import SqlOrderStore
from tests.support.builders import NOW, make_cancellation, make_case_of, make_resubmission, open_case
from tests.support.ledgers import SqlLedger


def test_a_record_has_all_that_there_is_of_an_order_oldest_first(ledger: SqlLedger) -> None:
    cancellations = [evolve(make_cancellation(number), order_id="1") for number in ("3", "1", "2")]
    cases = [make_case_of(cancellation, int(cancellation.id[1:])) for cancellation in cancellations]
    for cancellation, case in zip(cancellations, cases, strict=True):
        ledger.open_cancellation(cancellation, "content", [case])
    registrations = [Registration(name, "1", "mill", NOW) for name in ("second", "first")]
    for registration in registrations:
        ledger.begin_registration(registration)
    resubmission, _ = ledger.open_case(make_resubmission())
    open_case(ledger, "2000")
    record = ledger.order_record("1", original_id=resubmission.order_id)
    assert record == OrderRecord(
        ledger.cancellations("1"),
        ledger.cases(CancelCase, order_id="1"),
        ledger.cases(ResubmitCase, order_id=resubmission.order_id),
        ledger.registrations(order_id="1"),
    )
    assert (record.cancellations, record.cases) == (tuple(cancellations), tuple(cases))
    assert record.registrations == tuple(registrations)
    assert record.resubmissions == (resubmission,)
    assert ledger.order_record("unknown") == OrderRecord((), (), (), ())


@pytest.mark.parametrize("ref", ["id:1", "number:A", "1", "A"])
def test_an_order_comes_with_where_it_was_submitted_and_what_it_was_made_of(
    order_store: SqlOrderStore, ref: str
) -> None:
    order_store.import_orders([Order("1", "A")], by="Ann")
    for name, at in (("later", NOW.replace(year=2031)), ("shop", NOW)):
        order_store.add_remote_order("A", RemoteOrder(name, "R-1", at, ConnectionRole.FULFILLMENT), by="Ann")
    found = order_store.registered_order(ref)
    assert found == RegisteredOrder(order_store.get_order("id:1"), None, order_store.remote_orders("1"))
    assert [remote.connection for remote in found.remote_orders] == ["shop", "later"]
    copy = order_store.duplicate("A", by="Ann")
    assert order_store.registered_order(copy.number) == RegisteredOrder(copy, "1", ())


def test_a_name_that_is_no_orders_or_several_ones_says_so_as_before(order_store: SqlOrderStore) -> None:
    order_store.import_orders([Order("1", "A"), Order("2", "A"), Order("3", "2")], by="Ann")
    for ref, kind in (("A", AmbiguousError), ("number:A", AmbiguousError), ("2", AmbiguousError), ("B", NotFoundError)):
        with pytest.raises(kind) as plainly:
            order_store.get_order(ref)
        with pytest.raises(kind) as registered:
            order_store.registered_order(ref)
        assert str(registered.value) == str(plainly.value)
