"""The switches of the simulated store: what Order Desk's texts leave open, and the traps that its clients met."""

from __future__ import annotations

from orderdesk_devkit.simulators.simulator import BehaviorOption

__all__ = ["OPTIONS"]


def _option(name: str, *choices: str, of: str) -> BehaviorOption:
    return BehaviorOption(name, choices, description=of)


OPTIONS = (
    _option(
        "timezone",
        "America/Los_Angeles",
        "America/New_York",
        "Europe/Berlin",
        "Asia/Kolkata",
        "Australia/Lord_Howe",
        "UTC",
        of="the store's zone, in which the dates of a search are read; every date in a reply is UTC",
    ),
    _option("empty_objects", "list", "object", of="whether an object without keys comes as [] or as {}"),
    _option("numbers", "mixed", "texts", "numbers", of="which JSON type numbers have; mixed is that of the reference"),
    _option(
        "refused_as",
        "4xx",
        "200",
        of='the HTTP status of a refusal, which says `"status": "error"` in its body whatever it is',
    ),
    _option(
        "move_fate",
        "moved",
        "refused",
        "missing",
        of="of an order in a move: moved, not moved with a row that says so, or not moved without any row",
    ),
    _option(
        "folder_renamed",
        "never",
        "after the next GET /store",
        of="whether somebody renames each folder after a client has read them: `Canceled` becomes `Canceled (old)`",
    ),
    _option(
        "present_folder",
        "runs no rule",
        "runs rules",
        of="what a move does to an order that is in the folder already",
    ),
    _option("put_folder", "kept", "moved", of="what a PUT with another `folder_id` does; moved runs rules as well"),
    _option("put_items", "removed", "kept", of="what a PUT does to the items that it leaves out"),
    _option("put_conflict", "accepted", "409", of="what a PUT meets whose `date_updated` is not the stored one"),
    _option(
        "edit_meanwhile",
        "never",
        "after the next read",
        "before the next write",
        "after each read",
        of="when somebody else edits the order in the middle of a client's read, merge and PUT",
    ),
    _option("rate_limit", "on", "off", of="the bucket of 20 requests, filled by 3 in a second"),
    _option(
        "rate_headers",
        "both",
        "X-Retry-After only",
        "none",
        of="which headers a 429 has: X-Tokens-Remaining and X-Retry-After, or less",
    ),
    _option("history_full", "4xx", "200", of="the HTTP status of the note that is refused after 250"),
    _option("history_note_over", "cut", "refused", of="what becomes of a history note of more than 1,800 characters"),
    _option("single_history", "absent", "given", of="whether GET /orders/{id} knows get_order_history as well"),
    _option("history_touches", "yes", "no", of="whether a history note moves the order's `date_updated`"),
    _option("notes_limit", "each", "all", of="whether the 2,000 characters are for each order note or for all of them"),
    _option(
        "metadata_over",
        "cut",
        "refused",
        of="what becomes of `order_metadata` over 2,000 characters as JSON; cut JSON is none, so it reads as []",
    ),
    _option("duplicates", "refused", "created", of="what POST /orders does with a source_name and source_id it has"),
    _option("created_as", "201", "200", of="the HTTP status of a POST that adds an order, item or shipment"),
    _option("store_secrets", "shown", "hidden", of="whether GET /store answers the store's keys and passwords"),
    _option(
        "rule_posts",
        "after the reply",
        "before the reply",
        "by hand",
        of="when what a rule posts is sent: beside the reply to the move, while the client waits, or only when asked",
    ),
    _option("post_text", "escaped", "raw", of="how PHP writes what is not ASCII in Post Order JSON: \\u00fc, or ü"),
    _option("post_content", "as queued", "as sent", of="whether a retry posts the order of then or of now"),
    _option("appointment_header", "absent", "given", of="whether a post has X-ORDER-DESK-APPOINTMENT-ID"),
)
"""Every switch; those of an order (`set_option(..., remote_id=id)`) are move_fate and edit_meanwhile."""
