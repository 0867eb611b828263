"""The page of the reference about the simulated Order Desk store: its traps, switches, control calls and misuses."""

from __future__ import annotations

import inspect

from docs.prose import object_section, table
from orderdesk_devkit.simulators.orderdesk import control_calls
from orderdesk_devkit.simulators.orderdesk.options import OPTIONS
from orderdesk_devkit.simulators.orderdesk.store_simulator import SimulatedStore

__all__ = ["order_desk_page"]

HEAD = """\
# The simulated Order Desk store

`orderdesk sandbox --order-desk` serves a simulator of Order Desk's API v2 beside those of the services, with the sample
orders in its folders, submitted to what is simulated; the configuration's `[orders]` leads to it. In a test it is a
simulator as any other, of `orderdesk_devkit.simulators.orderdesk.service`:

```python
import httpx

from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_devkit.simulators.orderdesk.service import OrderDeskSimulator
from orderdesk_devkit.simulators.server import serve
from orderdesk_sdk import VirtualClock

store = OrderDeskSimulator(VirtualClock())
store.import_orders(SAMPLE_ORDERS)
store.set_option("numbers", "texts")
with serve(store.app) as served:
    settings = store.settings(served.url)
    headers = {"ORDERDESK-STORE-ID": settings["store_id"], "ORDERDESK-API-KEY": settings["api_key"]}
    with httpx.Client(base_url=settings["url"], headers=headers) as client:
        order = client.get("/orders/58101").json()["order"]
        print(repr(order["quantity_total"]))
        client.post("/move-orders", json={"order_id_list": [58101], "destination_folder_name": "Canceled"})
        client.delete("/orders/58102")
print(store.actual_status("1042"))
print([misuse.effect for misuse in store.misuses if misuse.remote_id])
```

```text
'3'
Canceled
['an order deleted, with all that is known of it']
```

It is written from Order Desk's own reference (the source of its API pages, 2018) and from its help pages about rate
limits, Post Order JSON and rules; some limits are told by third parties only. What they leave open is a switch, what
nobody tells is invented, and marked `SIM` in its texts. No call was ever compared with a real store: **not verified
against production**.
"""
TRAPS = (
    ("Dates of a search are in the store's zone, those of orders in UTC", "`timezone`"),
    ("An empty object is `[]`", "`empty_objects`"),
    ("Numbers are texts", "`numbers`"),
    (
        "A PUT blanks what it leaves out, but for shipments; others write in between",
        "`put_items`, `put_folder`, `put_conflict`, `edit_meanwhile`",
    ),
    ("One of two orders is not moved; a folder is renamed after it was read", "`move_fate`, `folder_renamed`"),
    ("A rule on the folder posts to us while we move", "`rule_posts`, `present_folder`, and the control call `rules`"),
    ("A 429 with both headers, one or none", "`rate_limit`, `rate_headers`"),
    ("The history is full after 250 entries", "`history_full`, and the control call `history`"),
    ('`"status": "error"` with HTTP status 200', "`refused_as`"),
    ("The reply to a move, a note or a create is lost", "the faults of every simulator, `duplicates`"),
    ("`GET /store` tells keys and passwords", "`store_secrets`"),
    ("A note longer than its column is cut", "`history_note_over`, `notes_limit`"),
    ("Metadata over 2,000 characters is lost or refused", "`metadata_over`"),
)
MISUSES = """\
`misuses` are what no client should do, whatever the store answers; a test of a client asks for none. They are: an order
deleted; a partial record in a PUT, whose missing fields are blanked; another's edit overwritten; a note in
`order_notes`; a list without a start date; a request before X-Retry-After was over; no User-Agent of its own.
"""


def order_desk_page() -> str:
    """What a test or a person may choose and change at the simulated store."""
    options = (
        (f"`{one.name}`", ", ".join(f"`{choice}`" for choice in one.choices), one.description) for one in OPTIONS
    )
    calls = inspect.getdoc(control_calls.answer_control_call) or ""
    rows = [line for line in calls.splitlines() if line.startswith("|")]
    return "\n".join(
        [
            HEAD,
            "## The traps",
            "",
            *table(("what a client meets", "switches"), TRAPS),
            "## Switches",
            "",
            "The first choice is the default. `move_fate` and `edit_meanwhile` may be chosen for one order, by its id.",
            "",
            *table(("switch", "choices", "of"), options),
            "## Misuses",
            "",
            MISUSES,
            "## Control calls",
            "",
            "Below `/_simulator/`, beside those that every simulator has; `order` is an order's id or number.",
            "",
            *rows,
            "",
            *object_section(SimulatedStore),
        ]
    )
