"""What an answer may rest on: a response of this attempt, received whole, about this order, covering what was asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import repeat

import httpx
import pytest

from orderdesk_sdk.cases.answer_verification import AnswerVerifier, ExpectedOrder, ReceivedResponse
from orderdesk_sdk.errors import PluginError
from orderdesk_sdk.orders.order import ConnectionRole, Order, OrderLine, RemoteOrder
from orderdesk_sdk.plugin.answer import EXCHANGE_NUMBER, Answer, Answers, LineAnswer, Outcome, Rejection
from orderdesk_sdk.plugin.order_numbers import AnyOf, Identity, NotStated, StatedAt
from orderdesk_sdk.plugin.requests import CancelRequest, PollRequest, ResubmitRequest, StatusChangeRequest
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
ORDER = Order("id-1", "1042", lines=(OrderLine(2, code="MUG", id="l1"), OrderLine(1, code="CAP", id="l2")))
REMOTE_ORDER = RemoteOrder("mill", "R-7", NOW, ConnectionRole.FULFILLMENT)
WHOLE = ExpectedOrder("R-7", "1042", "ref-1", order=ORDER)
STATED: Mapping[str, Identity] = {"get": StatedAt("order", "number")}


def received(body: object, status: int = 200, operation: str = "get", number: int = 1) -> dict[int, ReceivedResponse]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = httpx.Response(status, content=content, extensions={EXCHANGE_NUMBER: number})
    return {
        number: ReceivedResponse(operation, response, request=httpx.Request("GET", "https://acme.example/orders/R-7"))
    }


def held(
    outcome: Outcome,
    got: Mapping[int, ReceivedResponse],
    *,
    declared: Mapping[str, Identity] = STATED,
    about: ExpectedOrder = WHOLE,
    exchange: int | None = 1,
    lines: tuple[LineAnswer, ...] = (),
    status: str | None = "word",
) -> Answer:
    rejection = Rejection.TOO_LATE if outcome is Outcome.REJECTED else None
    given = Answer(outcome, rejection, status=status, exchange=exchange, lines=lines)
    found = AnswerVerifier(declared, (about,)).verify(given, got)
    assert isinstance(found, Answer)
    return found


MINE = {"order": {"number": "R-7"}}
VERDICTS = [Outcome.CANCELED, Outcome.PARTIALLY_CANCELED, Outcome.CHANGED]


class TestTheExchange:
    @pytest.mark.parametrize(
        "outcome", [*VERDICTS, Outcome.PENDING, Outcome.ACKNOWLEDGED, Outcome.REJECTED, Outcome.NOT_PROCESSED]
    )
    def test_an_exchange_that_this_attempt_has_not_received_says_nothing(self, outcome: Outcome) -> None:
        with pytest.raises(PluginError, match="by exchange 99, which this attempt has not received"):
            held(outcome, received(MINE), exchange=99)

    @pytest.mark.parametrize("outcome", [*VERDICTS, Outcome.PENDING, Outcome.ACKNOWLEDGED])
    def test_a_verdict_of_no_exchange_is_the_plugins_own_word(self, outcome: Outcome) -> None:
        with pytest.raises(PluginError, match="named no response that says so"):
            held(outcome, {}, exchange=None)

    def test_a_refusal_needs_no_exchange_only_where_no_call_was_made(self) -> None:
        assert held(Outcome.REJECTED, {}, exchange=None).outcome is Outcome.REJECTED
        with pytest.raises(PluginError, match="named no response"):
            held(Outcome.REJECTED, received(MINE), exchange=None)

    @pytest.mark.parametrize("status", [400, 404, 409, 429, 500, 503])
    @pytest.mark.parametrize("outcome", [*VERDICTS, Outcome.PENDING])
    def test_only_a_success_shows_where_an_order_stands(self, outcome: Outcome, status: int) -> None:
        with pytest.raises(PluginError, match=f"by a response of {status}, which cannot say so"):
            held(outcome, received(MINE, status))

    @pytest.mark.parametrize("status", [301, 302, 304, 408, 425, 429, 500, 502, 503])
    @pytest.mark.parametrize("outcome", [Outcome.ACKNOWLEDGED, Outcome.REJECTED])
    def test_neither_a_redirect_nor_a_server_error_speaks_of_the_order(self, outcome: Outcome, status: int) -> None:
        with pytest.raises(PluginError, match="cannot say so"):
            held(outcome, received(MINE, status))

    @pytest.mark.parametrize("status", [200, 202, 400, 404, 409, 422])
    def test_a_client_error_may_refuse(self, status: int) -> None:
        assert held(Outcome.REJECTED, received(MINE, status)).outcome is Outcome.REJECTED


class TestTheNumber:
    @pytest.mark.parametrize("outcome", VERDICTS)
    def test_an_operation_that_is_not_declared_proves_nothing(self, outcome: Outcome) -> None:
        with pytest.raises(PluginError, match="'list', of which identified_by does not tell") as caught:
            held(outcome, received(MINE, operation="list"))
        assert "add 'list' to Integration.identified_by" in (caught.value.hint or "")

    @pytest.mark.parametrize("outcome", [*VERDICTS, Outcome.PENDING, Outcome.ACKNOWLEDGED, Outcome.REJECTED])
    def test_a_response_about_another_order_makes_the_answer_unclear(self, outcome: Outcome) -> None:
        found = held(outcome, received({"order": {"number": "R-70"}}))
        assert (found.outcome, found.rejection) == (Outcome.UNKNOWN, None)
        assert found.message == "the response is about R-70, not about R-7"

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"order": {}},
            {"order": []},
            {"order": {"number": None}},
            {"order": {"number": ""}},
            {"order": 7},
            {"order": {"number": True}},
            {"order": {"number": ["R-7"]}},
        ],
    )
    def test_a_verdict_needs_the_number_and_a_refusal_can_do_without(self, body: object) -> None:
        assert held(Outcome.CANCELED, received(body)).message == "the response does not state which order it is about"
        assert held(Outcome.REJECTED, received(body)).outcome is Outcome.REJECTED

    @pytest.mark.parametrize("status", [400, 409, 422])
    @pytest.mark.parametrize("outcome", [Outcome.ACKNOWLEDGED, Outcome.REJECTED])
    def test_an_error_about_another_order_says_nothing_of_this_one(self, outcome: Outcome, status: int) -> None:
        assert held(outcome, received({"order": {"number": "R-70"}}, status)).outcome is Outcome.UNKNOWN
        assert held(outcome, received({"message": "no"}, status)).outcome is outcome

    @pytest.mark.parametrize("outcome", [*VERDICTS, Outcome.PENDING])
    def test_a_part_of_a_response_says_nothing_and_is_no_fault_of_the_plugin(self, outcome: Outcome) -> None:
        found = held(outcome, received(MINE, 206))
        assert found.outcome is Outcome.UNKNOWN
        assert "only a part of its response (206)" in str(found.message)

    @pytest.mark.parametrize("told", ["11", b"11", None, 1, "1", repeat("1")])
    def test_a_callable_that_gives_no_list_of_numbers_is_at_fault(self, told: object) -> None:
        def declared(_: httpx.Response) -> list[str]:
            return told  # type: ignore[return-value]  # a careless plugin

        with pytest.raises(PluginError, match="not a list of at most 10000 numbers"):
            held(Outcome.CANCELED, received({}), declared={"get": declared}, about=ExpectedOrder("1", "1042"))

    @pytest.mark.parametrize(
        ("ours", "stated", "normalize"),
        [
            ("1042", "9999", lambda _: ""),
            ("1042", "9999", lambda _: "same"),
            ("1042", "10420", lambda number: number[:4]),
            ("1042", "91042", lambda number: number[-4:]),
            ("1042-1", "1042-2", lambda number: number.partition("-")[0]),
            ("AB", "ABX", lambda number: number[:2]),
        ],
    )
    def test_a_normalize_that_makes_two_numbers_equal_is_at_fault(
        self,
        ours: str,
        stated: str,
        normalize: Callable[[str], str],
    ) -> None:
        declared = {"get": StatedAt("n", normalize=normalize)}
        with pytest.raises(PluginError, match=r"its normalize makes '.*' equal to the other number '.*'"):
            held(Outcome.CANCELED, received({"n": stated}), declared=declared, about=ExpectedOrder(ours, "1"))

    @pytest.mark.parametrize(
        ("ours", "stated", "normalize"),
        [
            ("R-7", "r-7", str.lower),
            ("R-7", "r-7", str.upper),
            ("7", "0007", lambda number: number.lstrip("0")),
            ("#1018", "1018", lambda number: number.lstrip("#")),
            ("7", "gid://shop/Order/7", lambda number: number.rpartition("/")[2]),
            ("AB", "ab", str.casefold),
        ],
    )
    def test_one_that_changes_the_spelling_is_none(
        self,
        ours: str,
        stated: str,
        normalize: Callable[[str], str],
    ) -> None:
        declared = {"get": StatedAt("n", normalize=normalize)}
        found = held(Outcome.CANCELED, received({"n": stated}), declared=declared, about=ExpectedOrder(ours, "1"))
        assert found.outcome is Outcome.CANCELED

    def test_a_whole_number_is_a_number_too(self) -> None:
        about = ExpectedOrder("7", "1042")
        assert held(Outcome.CANCELED, received({"order": {"number": 7}}), about=about).outcome is Outcome.CANCELED

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"<html>",
            b'{"order": {"number": "R-8"}, "order": {"number": "R-7"}}',
            b'{"order": NaN}',
            b'{"order": {"number": "R-7"}} {"order": 1}',
            b'["R-7"]',
        ],
    )
    def test_a_verdict_of_a_body_that_is_not_json_is_malformed(self, body: bytes) -> None:
        with pytest.raises(MalformedResponseError):
            held(Outcome.CANCELED, received(body))
        assert held(Outcome.ACKNOWLEDGED, received(body)).outcome is Outcome.ACKNOWLEDGED

    @pytest.mark.parametrize(
        ("numbers", "outcome"),
        [
            (["R-7", "R-7"], Outcome.CANCELED),
            (["R-7", "R-8"], Outcome.UNKNOWN),
            (["R-7", None], Outcome.UNKNOWN),
            ([], Outcome.UNKNOWN),
        ],
    )
    def test_every_entry_of_a_list_must_be_of_the_order(self, numbers: list[str | None], outcome: Outcome) -> None:
        listed = {"orders": [{"number": number} for number in numbers]}
        declared = {"get": StatedAt("orders", "*", "number")}
        assert held(Outcome.CANCELED, received(listed), declared=declared).outcome is outcome

    def test_a_step_may_name_an_entry(self) -> None:
        listed = {"orders": [{"number": "R-70"}, {"number": "R-7"}]}
        assert (
            held(Outcome.CANCELED, received(listed), declared={"get": StatedAt("orders", "1", "number")}).message
            is None
        )
        first = held(Outcome.CANCELED, received(listed), declared={"get": StatedAt("orders", "0", "number")})
        assert first.outcome is Outcome.UNKNOWN

    @pytest.mark.parametrize(
        ("kind", "number"), [("remote_id", "R-7"), ("order_number", "1042"), ("reference", "ref-1")]
    )
    def test_a_service_may_state_another_of_its_numbers(self, kind: str, number: str) -> None:
        declared = {"*": StatedAt("n", number=kind)}
        assert held(Outcome.CANCELED, received({"n": number}), declared=declared).outcome is Outcome.CANCELED
        assert held(Outcome.CANCELED, received({"n": "other"}), declared=declared).outcome is Outcome.UNKNOWN

    def test_a_reference_that_was_never_given_is_stated_by_nobody(self) -> None:
        declared = {"*": StatedAt("n", number="reference")}
        found = held(Outcome.CANCELED, received({"n": "None"}), declared=declared, about=ExpectedOrder("R-7", "1042"))
        assert found.outcome is Outcome.UNKNOWN

    def test_a_number_may_be_spelled_in_another_way(self) -> None:
        declared = {"*": StatedAt("id", normalize=lambda number: number.rpartition("/")[2])}
        assert held(Outcome.CANCELED, received({"id": "gid://x/R-7"}), declared=declared).outcome is Outcome.CANCELED

    def test_of_several_numbers_one_is_enough(self) -> None:
        declared = {"*": AnyOf(StatedAt("id"), StatedAt("po"))}
        assert (
            held(Outcome.CANCELED, received({"id": "88", "po": "R-7"}), declared=declared).outcome is Outcome.CANCELED
        )
        assert held(Outcome.CANCELED, received({"id": "88", "po": "R-9"}), declared=declared).outcome is Outcome.UNKNOWN
        assert held(Outcome.ACKNOWLEDGED, received({}), declared=declared).outcome is Outcome.ACKNOWLEDGED
        assert held(Outcome.ACKNOWLEDGED, received({"po": "R-9"}), declared=declared).outcome is Outcome.UNKNOWN

    def test_a_callable_reads_what_is_no_json(self) -> None:
        declared: Mapping[str, Identity] = {"*": lambda response: response.text.split()}
        assert held(Outcome.CANCELED, received(b"R-7 R-7"), declared=declared).outcome is Outcome.CANCELED
        assert held(Outcome.CANCELED, received(b"R-7 R-8"), declared=declared).outcome is Outcome.UNKNOWN
        assert held(Outcome.CANCELED, received(b""), declared=declared).outcome is Outcome.UNKNOWN

    def test_where_none_is_stated_the_answer_says_so(self) -> None:
        found = held(Outcome.CANCELED, received(b"ok"), declared={"*": NotStated("its pages show none")})
        assert (found.outcome, found.unidentified_reason) == (Outcome.CANCELED, "its pages show none")


class TestTheLines:
    @pytest.mark.parametrize(
        ("lines", "outcome"),
        [
            ((LineAnswer("MUG", 2, 2), LineAnswer("CAP", 1, 1)), Outcome.CANCELED),
            ((LineAnswer("MUG", 2, 2),), Outcome.UNKNOWN),
            ((LineAnswer("MUG", 2, 2), LineAnswer("CAP", 1, 0)), Outcome.UNKNOWN),
            ((), Outcome.CANCELED),
        ],
    )
    def test_numbers_that_prove_a_cancel_cover_the_whole_order(
        self, lines: tuple[LineAnswer, ...], outcome: Outcome
    ) -> None:
        assert held(Outcome.CANCELED, received(MINE), lines=lines, status=None).outcome is outcome

    @pytest.mark.parametrize("mug", [LineAnswer("MUG", 0, 2), LineAnswer("MUG", -2, 2), LineAnswer("MUG", 1, 2)])
    def test_more_canceled_than_was_ordered_proves_nothing(self, mug: LineAnswer) -> None:
        lines = (mug, LineAnswer("CAP", 1, 1))
        found = held(Outcome.CANCELED, received(MINE), lines=lines, status=None)
        assert (found.outcome, found.message) == (
            Outcome.UNKNOWN,
            f"the service says that 2 of {mug.ordered} of MUG are canceled",
        )

    def test_where_the_service_has_a_word_for_it_its_numbers_prove_nothing(self) -> None:
        lines = (LineAnswer("MUG", 2, 0),)
        assert held(Outcome.CANCELED, received(MINE), lines=lines, status="Unfulfillable").outcome is Outcome.CANCELED

    @pytest.mark.parametrize("status", [None, "Cancelled"])
    @pytest.mark.parametrize(
        ("lines", "outcome"),
        [
            ((LineAnswer("MUG", 2, 1),), Outcome.CANCELED),
            ((LineAnswer("MUG", 1, 1), LineAnswer("MUG", 1, 0)), Outcome.CANCELED),
            ((LineAnswer("MUG", 2, 0),), Outcome.UNKNOWN),
            ((LineAnswer("CAP", 1, 1),), Outcome.UNKNOWN),
            ((), Outcome.UNKNOWN),
        ],
    )
    def test_of_a_part_the_lines_that_were_asked_for_must_be_shown(
        self, lines: tuple[LineAnswer, ...], outcome: Outcome, status: str | None
    ) -> None:
        about = ExpectedOrder("R-7", "1042", lines={"l1": 1}, order=ORDER)
        assert held(Outcome.CANCELED, received(MINE), about=about, lines=lines, status=status).outcome is outcome


class TestSeveralOrders:
    def test_each_answer_is_held_against_its_own_order(self) -> None:
        got = received({"order": {"number": "R-7"}}) | received({"order": {"number": "R-8"}}, number=2)
        mine = tuple(Answer(Outcome.CANCELED, status="gone", exchange=number) for number in (1, 1))
        found = AnswerVerifier(STATED, (WHOLE, ExpectedOrder("R-8", "1043"))).verify(Answers(mine), got)
        assert isinstance(found, Answers)
        assert [one.outcome for one in found.answers] == [Outcome.CANCELED, Outcome.UNKNOWN]

    def test_one_answer_for_all_of_them_must_be_about_each(self) -> None:
        grounds = AnswerVerifier(STATED, (WHOLE, ExpectedOrder("R-8", "1043")))
        found = grounds.verify(Answer(Outcome.CANCELED, status="gone", exchange=1), received(MINE))
        assert isinstance(found, Answers)
        assert [answer.outcome for answer in found.answers] == [Outcome.CANCELED, Outcome.UNKNOWN]

    def test_one_answer_for_all_of_them_must_cover_the_lines_of_each(self) -> None:
        part = ExpectedOrder("R-7", "1043", lines={"l1": 1}, order=ORDER)
        grounds = AnswerVerifier({"*": NotStated("it names none")}, (WHOLE, part))
        found = grounds.verify(Answer(Outcome.CANCELED, status="gone", exchange=1), received(MINE))
        assert isinstance(found, Answers)
        assert [answer.outcome for answer in found.answers] == [Outcome.CANCELED, Outcome.UNKNOWN]


class TestAResubmission:
    MADE = RemoteOrder("mill", "1042-1", NOW, ConnectionRole.FULFILLMENT)
    ABOUT = ExpectedOrder("1042-1", "1042-1")

    def held(self, got: Mapping[int, ReceivedResponse]) -> object:
        return AnswerVerifier(STATED, (self.ABOUT,)).verify(self.MADE, got)

    def test_it_rests_on_the_last_response(self) -> None:
        got = received({}, 404) | received({"order": {"number": "1042-1"}}, 201, number=2)
        assert self.held(got) == self.MADE

    def test_another_number_is_no_proof(self) -> None:
        found = self.held(received({"order": {"number": "1042"}}))
        assert isinstance(found, Answer)
        assert found.outcome is Outcome.UNKNOWN

    @pytest.mark.parametrize("got", [{}, received({"order": {"number": "1042-1"}}, 500)])
    def test_without_a_success_it_is_the_plugins_own_word(self, got: Mapping[int, ReceivedResponse]) -> None:
        with pytest.raises(PluginError, match="its last response does not say so"):
            self.held(got)


def test_a_request_tells_what_its_flow_is_about() -> None:
    wanted = {"l1": 1}
    part = ExpectedOrder("R-7", "1042", "ref", wanted, ORDER)
    assert ExpectedOrder.from_request(PollRequest(ORDER, REMOTE_ORDER, NOW, wanted, "ref")) == part
    assert ExpectedOrder.from_request(CancelRequest(ORDER, REMOTE_ORDER, "w", lines=wanted)) == ExpectedOrder(
        "R-7", "1042", None, wanted, ORDER
    )
    assert ExpectedOrder.from_request(StatusChangeRequest(ORDER, REMOTE_ORDER, "held")) == ExpectedOrder("R-7", "1042")
    assert ExpectedOrder.from_request(ResubmitRequest(ORDER)) == ExpectedOrder("1042", "1042")
