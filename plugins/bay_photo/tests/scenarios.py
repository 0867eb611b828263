"""What is said between us and Bay Photo, for cassettes; see orderdesk_devkit.testing.scenarios.

Credentials and new orders are Bay Photo's; cancel and read go over the simulator-defined API, or live over that of the
account.
"""

from __future__ import annotations

from attrs import evolve

from orderdesk_bay_photo.simulator import BayPhotoSimulator
from orderdesk_devkit.testing.api_scenarios import api_profile_scenarios
from orderdesk_devkit.testing.harness import LINES
from orderdesk_devkit.testing.scenarios import Scenario, Scenarios, cancel_and_resubmit, with_order

V2 = {"api": "v2"}
PRINTS = [
    {
        "name": code.title(),
        "metadata": {"print_sku": f"{code}-8x10", "print_url": f"https://files.example.com/{code}.jpg"},
    }
    for code, _ in LINES
]


CANCELS = api_profile_scenarios(BayPhotoSimulator)
RESUBMIT = Scenario(
    "resubmit",
    description="a canceled order sent again over V1, after a look whether its new number is used",
    play=cancel_and_resubmit,
    simulator=with_order(BayPhotoSimulator),
    details={"order_items": PRINTS, "shipping": {"state": "IL", "country": "US"}},
    live="asks Bay Photo to cancel the order, then creates a new one with its lines, which ships and costs money; its "
    "products and images stand in print_sku and print_url, and the cassette keeps them",
)

SCENARIOS = Scenarios(
    "bay-photo",
    service_version="order APIs V1 and V2; cancel and read as configured",
    table=(
        *CANCELS,
        evolve(
            CANCELS[0],
            name="cancel-honored-v2",
            description=f"{CANCELS[0].description}, with a token of V2",
            options=V2,
        ),
        RESUBMIT,
        evolve(RESUBMIT, name="resubmit-v2", description=RESUBMIT.description.replace("V1", "V2"), options=V2),
    ),
)
