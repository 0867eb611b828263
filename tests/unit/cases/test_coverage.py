"""Where an order is canceled, where it is still active, and what that allows: carts, resubmissions, another cancel."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from attrs import evolve

from orderdesk_sdk.cases.cancellation import CancelCase, Cancellation
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.coverage import (
    ActiveAt,
    CancellationCoverage,
    CartBlock,
    ResubmissionBlock,
    ResubmissionBlockKind,
    latest_cases,
)
from orderdesk_sdk.cases.registration import Registration
from orderdesk_sdk.cases.validation import open_cancel_cases
from orderdesk_sdk.errors import InvalidStateError
from orderdesk_sdk.orders.order import ConnectionRole, Order, OrderLine, RemoteOrder
from orderdesk_sdk.plugin.answer import LineAnswer

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
ORDER = Order("id-1042", "1042", lines=(OrderLine(2, code="MUG"), OrderLine(1, code="CAP")))
MILL, DEPOT, CART = (
    RemoteOrder(name, "1042", AT, ConnectionRole.CART if name == "cart" else ConnectionRole.FULFILLMENT)
    for name in ("mill", "depot", "cart")
)
CANCELLATION = Cancellation("cancellation", "key", ORDER.id, ORDER.number, "Ann", None, AT)
PART = evolve(CANCELLATION, id="part", idempotency_key="another", lines={"MUG": 1})
REGISTRATION = Registration("r1", ORDER.id, "depot", AT)
OPEN = [State.PENDING, State.REPORTED, State.SENDING, State.ACKNOWLEDGED, State.ACTION_REQUIRED, State.UNKNOWN]
SETTLED_OTHERWISE = [
    State.PARTIALLY_CANCELED,
    State.REJECTED,
    State.UNSUPPORTED,
    State.WITHDRAWN,
    State.SHIPPED_ANYWAY,
]

Lines = Mapping[str, int]


def case_at(
    remote: RemoteOrder, state: State = State.CANCELED, cancellation: Cancellation = CANCELLATION, **fields: object
) -> CancelCase:
    (case,) = open_cancel_cases(cancellation, [remote], str)
    due = AT if state in OPEN else None
    made = evolve(case, id=f"{cancellation.id}-{remote.connection}", state=state, due_at=due)
    return evolve(made, **fields)  # type: ignore[arg-type]  # what a test wants else of it


def coverage(
    *cases: CancelCase, at: tuple[RemoteOrder, ...] = (MILL,), coming: tuple[Registration, ...] = ()
) -> CancellationCoverage:
    return CancellationCoverage.of(ORDER, at, (CANCELLATION, PART), cases, coming)


class TestLatestCases:
    def test_newest_case_of_each_connection_counts(self) -> None:
        first, second = case_at(MILL, State.REJECTED), case_at(MILL, cancellation=PART)
        assert latest_cases([first, case_at(CART), second], [MILL, CART]) == {"mill": second, "cart": case_at(CART)}

    def test_withdrawn_where_the_order_is_not_registered_is_left_out(self) -> None:
        withdrawn = case_at(MILL, State.WITHDRAWN)
        assert latest_cases([withdrawn], [CART]) == {}
        assert latest_cases([withdrawn], [MILL]) == {"mill": withdrawn}
        assert latest_cases([case_at(MILL, State.REJECTED)], [CART]) == {"mill": case_at(MILL, State.REJECTED)}

    def test_denied_report_leaves_what_was_known_before(self) -> None:
        denied = case_at(MILL, State.WITHDRAWN, PART, is_reported=True)
        refused = case_at(MILL, State.REJECTED)
        assert latest_cases([denied], [MILL]) == {}
        assert latest_cases([refused, denied], [MILL]) == {"mill": refused}


class TestCanceledAllLines:
    @pytest.mark.parametrize(
        ("state", "answered", "lines", "all_lines"),
        [
            (State.CANCELED, (), {}, True),
            (State.REJECTED, (), {}, False),
            (State.PARTIALLY_CANCELED, (), {}, False),
            (State.CANCELED, (), {"MUG": 2}, False),
            (State.CANCELED, (), {"MUG": 1, "CAP": 1}, False),
            (State.CANCELED, (), {"MUG": 2, "CAP": 1}, True),
            (State.CANCELED, (LineAnswer("MUG", 2, 2), LineAnswer("CAP", 1, 1)), {"MUG": 2}, True),
            (State.CANCELED, (LineAnswer("MUG", 2, 2), LineAnswer("CAP", 1, 0)), {"MUG": 2, "CAP": 1}, False),
            (State.CANCELED, (LineAnswer("MUG", 2, 2),), {"MUG": 2}, False),
            (State.CANCELED, (LineAnswer("shipment 5001", 1, 1),), {"MUG": 2, "CAP": 1}, True),
            (State.CANCELED, (LineAnswer("shipment 5001", 1, 1),), {"MUG": 2}, False),
        ],
    )
    def test_only_what_canceled_everything(
        self, state: State, answered: tuple[LineAnswer, ...], lines: Lines, all_lines: bool
    ) -> None:
        cancellation = evolve(CANCELLATION, lines=lines)
        case = case_at(MILL, state, cancellation, lines=answered)
        found = CancellationCoverage.of(ORDER, [MILL], [cancellation], [case])
        assert found.canceled_all_lines(case) is all_lines
        assert found.is_fully_canceled() is all_lines

    def test_case_whose_cancellation_is_unknown_proves_nothing(self) -> None:
        case = case_at(MILL)
        found = CancellationCoverage.of(ORDER, [MILL], [], [case])
        assert (found.lines_of(case), found.canceled_all_lines(case), found.requests_all_lines(case)) == (
            None,
            False,
            False,
        )
        assert found.not_covered({}) == (), "and is not requested a second time"


class TestIsFullyCanceled:
    def test_every_connection_counts_carts_too(self) -> None:
        assert not coverage().is_fully_canceled()
        assert not coverage(case_at(MILL), at=(MILL, CART)).is_fully_canceled()
        assert coverage(case_at(MILL), case_at(CART), at=(MILL, CART)).is_fully_canceled()

    def test_unrequested_connection_counts_while_the_order_is_registered_there_once_more(self) -> None:
        assert not coverage(case_at(MILL), at=(MILL, DEPOT), coming=(REGISTRATION,)).is_fully_canceled()

    @pytest.mark.parametrize("state", [*OPEN, *SETTLED_OTHERWISE])
    def test_nothing_but_canceled_is_canceled(self, state: State) -> None:
        assert not coverage(case_at(MILL, state)).is_fully_canceled()


class TestIsCanceledOrOpen:
    @pytest.mark.parametrize("state", OPEN)
    def test_open_case(self, state: State) -> None:
        assert coverage(case_at(MILL, state, PART)).is_canceled_or_open("mill")

    def test_all_lines_canceled(self) -> None:
        assert coverage(case_at(MILL)).is_canceled_or_open("mill")
        assert not coverage(case_at(MILL, cancellation=PART)).is_canceled_or_open("mill")
        assert not coverage(case_at(MILL, State.REJECTED)).is_canceled_or_open("mill")
        assert not coverage(case_at(MILL)).is_canceled_or_open("depot")


class TestNotCovered:
    @pytest.mark.parametrize(
        ("state", "lines", "is_left"),
        [
            (State.PENDING, {}, False),
            (State.PENDING, {"MUG": 1}, False),
            (State.CANCELED, {}, False),
            (State.CANCELED, {"MUG": 1}, False),
            (State.PARTIALLY_CANCELED, {}, False),
            (State.PARTIALLY_CANCELED, {"MUG": 1}, True),
            (State.REJECTED, {}, True),
            (State.UNSUPPORTED, {"MUG": 1}, True),
            (State.WITHDRAWN, {}, True),
        ],
    )
    def test_after_the_whole_order_only_what_ended_without_a_cancel(
        self, state: State, lines: Lines, is_left: bool
    ) -> None:
        assert coverage(case_at(MILL, state)).not_covered(lines) == ((MILL,) if is_left else ())

    def test_part_covers_the_same_part_only(self) -> None:
        canceled = coverage(case_at(MILL, cancellation=PART))
        assert canceled.not_covered({"MUG": 1}) == ()
        assert canceled.not_covered({"CAP": 1}) == (MILL,)
        assert canceled.not_covered({}) == (MILL,)

    @pytest.mark.parametrize("lines", [{}, {"CAP": 1}, {"MUG": 2}])
    def test_another_part_waits_while_one_is_being_canceled(self, lines: Lines) -> None:
        found = coverage(case_at(MILL, State.PENDING, PART), at=(MILL, DEPOT))
        with pytest.raises(InvalidStateError, match="order 1042: another part of the order is being canceled at mill"):
            found.not_covered(lines)
        assert found.not_covered(lines, [DEPOT]) == (DEPOT,), "of the others nothing is known"

    def test_earlier_case_covers_although_a_later_one_was_refused(self) -> None:
        cases = (case_at(MILL), case_at(MILL, State.REJECTED, PART))
        assert coverage(*cases).not_covered({"MUG": 1}) == ()

    def test_what_a_part_left_may_be_reported_canceled(self) -> None:
        found = coverage(case_at(MILL, State.PARTIALLY_CANCELED))
        assert (found.not_covered({}), found.not_covered({}, reported=True)) == ((), (MILL,))

    def test_lines_named_by_code_in_an_early_ledger_are_the_same_lines(self) -> None:
        order = evolve(ORDER, lines=(OrderLine(2, id="7", code="MUG"), OrderLine(1, id="8", code="CAP")))
        early = evolve(CANCELLATION, lines={"MUG": 1})
        found = CancellationCoverage.of(order, [MILL], [early], [case_at(MILL)])
        assert found.not_covered({"7": 1}) == ()


class TestStillActive:
    @pytest.mark.parametrize("state", SETTLED_OTHERWISE)
    def test_settled_without_a_cancel(self, state: State) -> None:
        assert coverage(case_at(MILL, state)).still_active() == (ActiveAt("mill", ConnectionRole.FULFILLMENT, state),)

    @pytest.mark.parametrize("state", OPEN)
    def test_open_is_not_decided(self, state: State) -> None:
        assert coverage(case_at(MILL, state)).still_active() == ()

    def test_part_and_unrequested_with_why(self) -> None:
        found = coverage(case_at(MILL, cancellation=PART), at=(MILL, CART))
        assert list(map(str, found.still_active())) == [
            "mill (only a part was canceled)",
            "cart (cancellation never requested)",
        ]

    def test_what_is_being_registered_is_being_found_out(self) -> None:
        assert coverage(case_at(MILL), at=(MILL, DEPOT), coming=(REGISTRATION,)).still_active() == ()

    def test_denied_report_is_no_request(self) -> None:
        denied = case_at(MILL, State.WITHDRAWN, is_reported=True)
        assert coverage(denied).still_active() == (ActiveAt("mill", ConnectionRole.FULFILLMENT, None),)
        assert coverage(denied).never_requested() == (MILL,)

    @pytest.mark.parametrize("state", [None, *State])
    def test_each_is_said_with_its_connection(self, state: State | None) -> None:
        where = ActiveAt("mill", ConnectionRole.FULFILLMENT, state)
        assert "mill" in where.sentence
        assert str(where).startswith("mill (")


class TestBlocksCart:
    def block(
        self,
        *cases: CancelCase,
        at: tuple[RemoteOrder, ...] = (MILL, CART),
        cancellation: Cancellation = CANCELLATION,
        coming: tuple[Registration, ...] = (),
    ) -> CartBlock | None:
        cart = case_at(CART, State.PENDING, cancellation)
        return coverage(*cases, cart, at=at, coming=coming).blocks_cart(cart)

    def test_never_a_service(self) -> None:
        mill = case_at(MILL, State.PENDING)
        assert coverage(mill, at=(MILL, DEPOT)).blocks_cart(mill) is None

    def test_told_when_all_services_have_canceled(self) -> None:
        assert self.block(case_at(MILL)) is None
        assert self.block(at=(CART,)) is None

    @pytest.mark.parametrize("state", OPEN)
    def test_waits_for_open_cases(self, state: State) -> None:
        assert self.block(case_at(MILL, state)) == CartBlock("waits for the fulfillment services", waits=True)

    @pytest.mark.parametrize(
        ("state", "why"),
        [
            (State.REJECTED, "the cancellation at mill was rejected"),
            (State.WITHDRAWN, "the cancellation at mill was withdrawn"),
            (State.UNSUPPORTED, "mill has no route for cancellations"),
            (State.SHIPPED_ANYWAY, "mill shipped the order anyway"),
            (State.PARTIALLY_CANCELED, "only a part was canceled at mill"),
        ],
    )
    def test_left_alone_where_a_service_has_not_canceled(self, state: State, why: str) -> None:
        assert self.block(case_at(MILL, state)) == CartBlock(f"Cart not canceled: {why}", waits=False)

    def test_left_alone_although_another_service_is_open(self) -> None:
        found = self.block(case_at(MILL, State.REJECTED), case_at(DEPOT, State.ACKNOWLEDGED), at=(MILL, DEPOT, CART))
        assert found is not None
        assert not found.waits

    def test_left_alone_where_no_cancellation_was_requested(self) -> None:
        found = self.block(case_at(MILL, State.REJECTED), at=(MILL, DEPOT, CART))
        assert found == CartBlock(
            "Cart not canceled: the cancellation at mill was rejected; no cancellation was requested at depot",
            waits=False,
        )

    def test_waits_for_a_registration(self) -> None:
        found = self.block(case_at(MILL), at=(MILL, DEPOT, CART), coming=(REGISTRATION,))
        assert found == CartBlock("waits for the registration at depot", waits=True)

    def test_other_cart_is_not_waited_for(self) -> None:
        other = evolve(CART, connection="shop")
        assert self.block(case_at(MILL), case_at(other, State.REJECTED), at=(MILL, CART, other)) is None

    def test_part_canceled_at_a_service_allows_the_same_part_only(self) -> None:
        assert self.block(case_at(MILL, cancellation=PART), cancellation=PART) is None
        assert self.block(case_at(MILL, cancellation=PART)) == CartBlock(
            "Cart not canceled: only a part was canceled at mill", waits=False
        )
        same = evolve(PART, id="same", idempotency_key="same")
        cart = case_at(CART, State.PENDING, same)
        mill = case_at(MILL, cancellation=PART)
        assert CancellationCoverage.of(ORDER, [MILL, CART], [PART, same], [mill, cart]).blocks_cart(cart) is None

    def test_part_may_go_where_all_is_canceled(self) -> None:
        assert self.block(case_at(MILL), cancellation=PART) is None


class TestBlocksResubmission:
    def kind(self, block: ResubmissionBlock | None) -> ResubmissionBlockKind | None:
        return block.kind if block is not None else None

    def test_allowed_when_canceled(self) -> None:
        assert coverage(case_at(MILL)).blocks_resubmission() is None

    def test_not_before_it_was_canceled(self) -> None:
        assert self.kind(coverage().blocks_resubmission()) is ResubmissionBlockKind.NOT_CANCELED
        withdrawn = case_at(DEPOT, State.WITHDRAWN)
        assert self.kind(coverage(withdrawn).blocks_resubmission()) is ResubmissionBlockKind.NOT_CANCELED

    @pytest.mark.parametrize("remote", [MILL, CART])
    @pytest.mark.parametrize("state", OPEN)
    def test_not_while_a_case_is_open(self, state: State, remote: RemoteOrder) -> None:
        block = coverage(case_at(remote, state), case_at(DEPOT), at=(remote, DEPOT)).blocks_resubmission()
        assert block is not None
        assert block.kind is ResubmissionBlockKind.UNSETTLED
        assert block.message == f"the cancellation is not settled at {remote.connection} ({state.value})"

    @pytest.mark.parametrize("state", SETTLED_OTHERWISE)
    def test_not_while_a_service_has_the_order(self, state: State) -> None:
        block = coverage(case_at(MILL, state), case_at(DEPOT), at=(MILL, DEPOT)).blocks_resubmission()
        assert block is not None
        assert block.kind is ResubmissionBlockKind.STILL_ACTIVE
        assert block.message == f"the original is still active at mill ({state.value})"

    def test_not_while_a_part_goes_on_or_nothing_was_requested(self) -> None:
        block = coverage(case_at(MILL, cancellation=PART), at=(MILL, DEPOT)).blocks_resubmission()
        assert block is not None
        assert block.message == (
            "the original is still active at mill (only a part was canceled), depot (cancellation never requested)"
        )

    @pytest.mark.parametrize(
        ("state", "blocks"),
        [
            (None, False),
            (State.CANCELED, False),
            (State.PARTIALLY_CANCELED, False),
            (State.UNSUPPORTED, False),
            (State.WITHDRAWN, False),
            (State.REJECTED, True),
            (State.SHIPPED_ANYWAY, True),
        ],
    )
    def test_cart_makes_nothing_and_blocks_only_where_it_said_no(self, state: State | None, blocks: bool) -> None:
        carts = (case_at(CART, state),) if state is not None else ()
        block = coverage(case_at(MILL), *carts, at=(MILL, CART)).blocks_resubmission()
        assert (self.kind(block) is ResubmissionBlockKind.STILL_ACTIVE) is blocks

    def test_waits_for_a_registration(self) -> None:
        block = coverage(case_at(MILL), at=(MILL, DEPOT), coming=(REGISTRATION,)).blocks_resubmission()
        assert self.kind(block) is ResubmissionBlockKind.BEING_REGISTERED
        block = coverage(case_at(MILL, State.REJECTED), coming=(REGISTRATION,)).blocks_resubmission()
        assert self.kind(block) is ResubmissionBlockKind.STILL_ACTIVE


class TestEnsureSubmittable:
    @pytest.mark.parametrize("state", [None, State.REJECTED, State.UNSUPPORTED, State.WITHDRAWN])
    def test_allowed_where_nothing_is_canceled(self, state: State | None) -> None:
        coverage(*((case_at(MILL, state),) if state is not None else ())).ensure_submittable()

    @pytest.mark.parametrize("state", [*OPEN, State.CANCELED, State.PARTIALLY_CANCELED, State.SHIPPED_ANYWAY])
    def test_refused_where_it_is_canceled_or_being_so(self, state: State) -> None:
        with pytest.raises(InvalidStateError, match=rf"canceled, or being canceled, at mill \({state.value}\)"):
            coverage(case_at(MILL, state)).ensure_submittable()
