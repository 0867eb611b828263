"""The promises of an order store, each with what mends a store that breaks it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from orderdesk_devkit.testing.promise_text import promise_text

__all__ = ["BrokenRule", "StoreRule"]


class StoreRule(Enum):
    """A promise of `orderdesk_sdk.OrderStore`, with the usual hint."""

    FOUND_AS_WRITTEN = (
        "an order is found by its id or number, exactly as they are written",
        "compare both as texts; read the orders that could be meant, and let `pick_order` choose",
    )
    NEVER_GUESSED = (
        "a name of two orders is never guessed: AmbiguousError tells their ids, OrderId and OrderNumber say which",
        "read every order that has the name as id or number, and let `pick_order` choose",
    )
    UNKNOWN_IS_SAID = (
        "an order that does not exist is NotFoundError, in every method that takes one",
        "look the order up first in each method, with `pick_order`",
    )
    IDS_ARE_IDS = (
        "what takes an `order_id` takes no number",
        "look it up by the id alone: `OrderId(order_id)`",
    )
    LINES_ARE_KEPT = (
        "an order has all its lines, with codes, whole quantities and ids that stay the same",
        "give each OrderLine the id of its row, its code, and its quantity as an int",
    )
    TEXTS_ARE_KEPT = (
        "texts come back as they were given, whatever the script and the length",
        "store text as Unicode, in columns that cut nothing; split a long history text into several entries",
    )
    TIMES_ARE_AWARE = (
        "times are aware and mean the same moment when they are read",
        "write them in UTC and give them back with their zone; a database that keeps none needs `replace(tzinfo=UTC)`",
    )
    REGISTERED_ONCE = (
        "what was registered first stays, and a repeat changes nothing",
        "let `is_registered` decide in the transaction that writes; keep (order, connection) unique in the database",
    )
    REMOTE_ID_IS_ONE_ORDERS = (
        "a number at a connection belongs to one order, and leads to its id",
        "keep (connection, remote id) unique in the database, as texts, and give the order's id, not its number",
    )
    OLDEST_FIRST = (
        "remote orders come by `submitted_at`, oldest first",
        "sort them by that time, not by when they were registered",
    )
    NEWEST_STATUS = (
        "an older status never replaces a newer one",
        "write it only where the kept time is none or not later, in one transaction with the comparison",
    )
    STATUS_STAYS_IN_PLACE = (
        "a status is that of one order at one connection, and is not told in the history",
        "update the one remote order; polls would fill the history",
    )
    HISTORY_GROWS = (
        "history only grows: every text is appended, and none is changed or lost",
        "insert a row for each text; never read the whole history and write it back",
    )
    CHANGES_NAME_WHO = (
        "the history says who changed an order: it is submitted, moved, duplicated `by` somebody",
        "append a text with `by` in the transaction that makes the change",
    )
    MOVED_ONCE = (
        "a move puts the order into the folder, tells source and destination, and is safe to repeat",
        "read the folder in the transaction that writes it; where it is the same, write nothing and tell it twice",
    )
    FOLDERS_BY_NAME = (
        "a folder is found in whatever case and told as it is spelled; an unknown one is NotFoundError with the known",
        "let `pick_folder` choose among the names, before anything is written",
    )
    NOTHING_ELSE_CHANGES = (
        "a change of one thing changes nothing else of the order, and nothing of others",
        "write only what the method is about, for the one order",
    )
    DUPLICATE_IS_NEW = (
        "a duplicate has the lines, an id and number of its own, and is submitted nowhere",
        "make a new order with copies of the lines, and without remote orders, shipments and fulfillment",
    )
    LINKED_BOTH_WAYS = (
        "a duplicate names its original, and the history of each names the other",
        "write the link and both history texts in the transaction that makes the duplicate",
    )
    NUMBER_GIVEN_ONCE = (
        "a number is given to one order only: one that is blank or taken is ValidationError, and nothing is made",
        "keep the number unique in the database, or take a lock; pick a free one with `next_free_number` under it",
    )
    DURABLE = (
        "what a call wrote is there when it returns, for every process",
        "commit before you return, and read nothing from a cache that others do not share",
    )
    THREAD_SAFE = (
        "threads may call at once: each change is made whole, and none is lost",
        "make each call a transaction of its own (`OrderStoreInTransactions`), with the order's row locked by a write",
    )
    AS_DECLARED = (
        "what a store declares that it cannot do, it says when it is asked",
        "raise what `Ability` says, with a hint, or take the declaration away",
    )


class BrokenRule(AssertionError):
    """An order store broke a promise."""

    def __init__(self, rule: StoreRule, seen: Iterable[str]) -> None:
        super().__init__(promise_text(rule.value, seen))
        self.rule = rule
