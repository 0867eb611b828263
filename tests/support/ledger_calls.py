"""Every method of a ledger, called with everything that narrows."""

from __future__ import annotations

from attrs import evolve

from orderdesk_sdk.cases.answer_links import AnswerLink, LinkAnswer, StoredLink
from orderdesk_sdk.cases.bulk_lists import BulkList
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import OPEN, Case, State
from orderdesk_sdk.cases.eligibility import EligibilityReading
from orderdesk_sdk.cases.events import OrderEvent, OrderEventKind, RuleExecution
from orderdesk_sdk.cases.inbox import SeenAlarm
from orderdesk_sdk.cases.kept_replies import KeptReply, KeyedRequest
from orderdesk_sdk.cases.ledger import CaseUpdate
from orderdesk_sdk.cases.messages import InboundMessage, MessageSource, MessageState, OwnMove
from orderdesk_sdk.cases.order_watch import SeenOrder
from orderdesk_sdk.cases.receipt_links import ReceiptLink
from orderdesk_sdk.cases.registration import Registration
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.status_change import StatusCase
from orderdesk_sdk.cases.workers import WorkerHeartbeat
from orderdesk_sdk.clock import hours
from orderdesk_sdk.orders.order import ConnectionRole, RemoteOrder
from orderdesk_sdk.plugin.eligibility import Eligibility
from orderdesk_sdk.stores.store_records import ServiceStatus
from tests.support.access_calls import read_access, write_access
from tests.support.builders import LATER, NOW, make_cancellation, make_resubmission, open_case
from tests.support.event_webhook_calls import read_event_webhooks, write_event_webhooks
from tests.support.ledgers import SqlLedger
from tests.support.stored_configuration import stored_connection, stored_rule

__all__ = ["read_everything", "write_everything"]


def write_everything(ledger: SqlLedger) -> None:
    """Every method that writes. Afterwards nothing is open."""
    ledger.on_due(None)
    case = open_case(ledger)
    ledger.alias_key("another key", "content", make_cancellation())
    registration = Registration("r", "1", "shop", NOW)
    ledger.begin_registration(registration)
    version = ledger.order_version("1")
    ledger.append(case, ["a note"], if_unchanged=True)
    after = evolve(case, state=State.CANCELED, due_at=None, version=case.version + 1)
    event = OrderEvent("e", OrderEventKind.CASE_SETTLED, "1", NOW)
    ledger.write(CaseUpdate(case, after, ["settled"], order_version=version, order_events=[event]))
    ledger.discard_registration(registration)
    again, _ = ledger.open_case(make_resubmission(), "key", lambda _: None)
    ledger.open_case(make_resubmission("r2"), "another key", lambda earlier: earlier[0])
    ledger.write(CaseUpdate(again, evolve(again, state=State.DONE, due_at=None, version=again.version + 1)))
    ledger.add_events([evolve(event, id="e2"), evolve(event, id="e3")])
    ledger.complete_event(event, [RuleExecution("rule", "action", "done")], [], NOW)
    ledger.discard_event(evolve(event, id="e2"))
    ledger.record_heartbeat(WorkerHeartbeat("w", "host", 1, NOW, NOW))
    ledger.remove_heartbeat("w")
    link = AnswerLink(case.id, 1, LinkAnswer.CANCELED, LATER)
    ledger.record_links([StoredLink("digest", link)], NOW)
    ledger.mark_links_used(case.id, 1, NOW)
    ledger.mark_alarm_seen(SeenAlarm(case.id, "Ann", NOW))
    ledger.add_bulk_list(BulkList(key="b", requested_by="Ann", reason=None, requested_at=NOW, order_ids=("1",)))
    ledger.finish_bulk_list("b", {1: "no"}, NOW)
    ledger.add_receipt_link(ReceiptLink("l1", "1", "Ann", NOW, LATER), "digest")
    ledger.revoke_receipt_link("l1", by="Ann", at=NOW)
    ledger.record_eligibility(EligibilityReading("1", "shop", "1", NOW, "Ann", Eligibility(None)))
    request = KeyedRequest("token 1", "key", "cancel", "digest", "1")
    ledger.begin_request(request, NOW)
    ledger.begin_request(request, LATER)
    ledger.abandon_request(request, 1)
    ledger.finish_request(request, 2, KeptReply(202, "{}"))
    ledger.begin_request(KeyedRequest("token 1", "another", "cancel", "digest"), NOW + hours(25))
    write_event_webhooks(ledger)
    ledger.begin_look(NOW, hours(1))
    seen = [SeenOrder("1", is_in=True)]
    ledger.finish_look(NOW, seen, NOW, max_waiting=100, is_first=True)
    ledger.finish_look(LATER, [SeenOrder("1", is_in=False)], NOW, max_waiting=100, is_first=False)
    ledger.finish_look(LATER, seen, NOW, max_waiting=100, is_first=True)
    write_access(ledger)
    ledger.claim_notifications("shop", ["one", "two"], NOW)
    ledger.complete_notifications("shop", ["one"], ["two"])
    write_messages(ledger)
    ledger.save_stored_connection(stored_connection())
    ledger.save_stored_rule(stored_rule())
    ledger.keep_events(wanted=True)
    records = ledger.store_records("order-desk 1")
    records.keep_numbers("1", [RemoteOrder("shop", "R-1", NOW, ConnectionRole.CART)])
    records.keep_status("1", "shop", ServiceStatus("open", NOW), believed_until=LATER)
    ledger.correct_clock_skew(NOW - hours(1000))


def write_messages(ledger: SqlLedger) -> None:
    """Every method that writes of messages. Afterwards none waits."""
    source = MessageSource.webhook("shop")
    made = InboundMessage(
        id="m1", source=source, subject="1", digest="one", received_at=NOW, order_id="1", next_try_at=NOW
    )
    ledger.store_messages([made, evolve(made, id="m2", digest="two")], 10)
    (first,) = ledger.claim_messages(NOW, NOW + hours(1), 10, without=["other"])
    ledger.update_message(evolve(first, state=MessageState.FAILED, next_try_at=None))
    ledger.restart_message("m1", NOW, by="Ann")
    (first,) = ledger.claim_messages(NOW, NOW + hours(1), 10)
    ledger.update_message(evolve(first, state=MessageState.HANDLED, next_try_at=None))
    (second,) = ledger.claim_messages(NOW, NOW + hours(1), 10)
    ledger.discard_message(second)
    ledger.remove_old_messages(NOW)
    ledger.record_own_move(OwnMove("1", "Canceled", NOW))


def read_everything(ledger: SqlLedger) -> None:
    """Every method that reads, with everything that narrows."""
    kinds: tuple[type[Case], ...] = (Case, CancelCase, ResubmitCase, StatusCase)
    for kind in kinds:
        for states in ((), (State.PENDING,), tuple(OPEN)):
            first = ledger.cases(kind, states=states, limit=1)
            ledger.cases(kind, states=states, limit=1, after=first[0] if first else None)
            ledger.cases(kind, order_id="1", states=states)
            ledger.cases(kind, order_id="1", connection="shop", states=states)
            ledger.cases(kind, cancellation_id="c1", states=states)
        ledger.cases(kind, connection="shop", states=[State.PENDING], limit=1)
    ledger.find_by_key("key 1", "content")
    ledger.cancellations_by_key("key ", after="key 0")
    ledger.registrations()
    ledger.registrations(order_id="1")
    ledger.eligibility_readings("1", until=NOW)
    case = ledger.case("c1-1", CancelCase)
    ledger.cancellations("1")
    ledger.order_record("1", original_id="0")
    ledger.due_connections(NOW)
    ledger.due(NOW, 10)
    ledger.due(NOW, 10, connection="shop", after=evolve(case, due_at=NOW))
    ledger.release_due(ledger.reserve_due(NOW, 10, connection="shop"))
    ledger.next_due()
    ledger.damaged()
    ledger.look_for_damage()
    ledger.history(case.id)
    ledger.history(case.id, limit=1, after=ledger.history(case.id)[0])
    ledger.read_feed(0, 100)
    ledger.read_feed(1, 2)
    read_event_webhooks(ledger)
    ledger.count_open()
    ledger.heartbeats()
    ledger.find_link("digest")
    ledger.find_receipt_link("digest")
    ledger.case_marks(["1", "2"])
    ledger.newest_marks([State.CANCELED, State.PENDING], 10)
    ledger.newest_marks([State.CANCELED], 10, before=1)
    ledger.receipt_links("1")
    ledger.database_condition()
    ledger.cases_by_prefix("c", 10)
    ledger.newest_notes(case.id, 10)
    ledger.verify(case)
    assert list(ledger.find_flaws(ledger.head())) == []
    ledger.pending_events(10)
    ledger.pending_events(10, after=OrderEvent("e", OrderEventKind.CASE_SETTLED, "1", NOW))
    ledger.rule_executions("1")
    ledger.latest_rule_executions(10)
    ledger.known_digests(MessageSource.webhook("shop"), ["one"])
    ledger.message("m1")
    ledger.messages(MessageState, 10)
    ledger.messages([MessageState.FAILED], 10, before=NOW)
    ledger.message_counts()
    ledger.next_message_due()
    ledger.own_move("1")
    ledger.count_waiting()
    ledger.unseen_alarms(10)
    ledger.seen_alarm(case.id)
    ledger.messages_about("1", 10)
    ledger.configuration_version()
    ledger.stored_connections()
    ledger.stored_rules()
    ledger.find_bulk_list("b")
    ledger.recent_bulk_lists(NOW, 10)
    ledger.stored_rule_versions("Cancel in the folder")
    read_access(ledger)
    records = ledger.store_records("order-desk 1")
    records.order_of("shop", "R-1")
    records.statuses("1")
