"""What the tests of the plugin share: a simulated Bay Photo on a virtual clock, and a desk before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from orderdesk_bay_photo.simulator import BayPhotoSimulator
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.config import Config
from orderdesk_sdk.desk import Desk
from orderdesk_sdk.hosts.local import LocalHost
from orderdesk_sdk.order import Address, Line, Order
from orderdesk_sdk.registry import Registry
from orderdesk_sdk.testing.serving import serve
from orderdesk_sdk.testing.stage import configured
from orderdesk_sdk.testing.tap import Tap

PERSON = Address(first_name="Robin", last_name="Understudy", address1="12 Prompter Lane", address2="Rear", state="IL",
                 city="Springfield", postal_code="62701", country="US", phone="217-555-0175")  # fmt: skip
PRINT = {"print_sku": "8x10", "print_url": "https://files.example.com/photos/sea%20side.jpg?v=2"}


@pytest.fixture
def lab() -> BayPhotoSimulator:
    """A lab with order 1042 in its queue."""
    made = BayPhotoSimulator(VirtualClock())
    made.add_order("1042")
    return made


@pytest.fixture
def tap(lab: BayPhotoSimulator) -> Tap:
    """What reaches the lab."""
    return Tap(lab.app)


@pytest.fixture
def open_desk(lab: BayPhotoSimulator, tap: Tap, tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Opens a desk whose order 1042 is at the lab; keywords change the settings, None leaves one out."""
    with ExitStack() as stack:
        url = stack.enter_context(serve(tap)).url

        def open_(
            metadata: Mapping[str, object] = PRINT, variations: Mapping[str, str] | None = None, **changed: object
        ) -> Desk:
            settings = {**lab.settings(url), **changed}
            table = {name: value for name, value in settings.items() if value is not None}
            connection = configured("bay-photo", table, Registry())
            desk = stack.enter_context(
                Desk(Config(tmp_path / "orderdesk.db", {"bay-photo": connection}), clock=lab.clock)
            )
            assert isinstance(desk.host, LocalHost)
            line = Line(2, code="SEA", name="Sea side", metadata=metadata, variations=variations or {})
            order = Order("id-1042", "1042", email="robin@example.com", shipping=PERSON, lines=(line,))
            desk.host.import_orders([order], by="Ann")
            desk.place("1042", at="bay-photo", by="Ann")
            return desk

        yield open_
