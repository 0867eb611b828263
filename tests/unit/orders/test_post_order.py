"""Orders that Order Desk posts: the hash is over the field as it came, and what is wrong with one is told apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderdesk_sdk.errors import SignatureVerificationError, ValidationError
from orderdesk_sdk.orders.post_order import PostedOrder, read_posted_order
from orderdesk_sdk.plugin.webhooks import WebhookRequest
from orderdesk_sdk.secret import Secret
from tests.support.posted_orders import API_KEY, STORE_ID, Posted, php_order, posted_order


def read(posted: Posted, *keys: str, body: bytes | None = None) -> PostedOrder:
    request = WebhookRequest(posted.headers, posted.body if body is None else body)
    secrets = [Secret(key) for key in keys or (API_KEY,)]
    return read_posted_order(request.headers, request.body, store_id=STORE_ID, keys=secrets)


class TestSigned:
    def test_escaped_slashes_key_order_and_text_beyond_ascii_are_hashed_as_they_came(self) -> None:
        order = read(posted_order(php_order("77", "1042/A"), appointment="9001"))
        assert (order.order_id, order.number, order.store_id, order.appointment_id) == (
            "77",
            "1042/A",
            STORE_ID,
            "9001",
        )

    @given(st.text().filter(lambda text: not any("\ud800" <= char <= "\udfff" for char in text)))
    def test_any_text_that_was_signed_is_verified(self, text: str) -> None:
        try:
            read(posted_order(text))
        except SignatureVerificationError:
            raise AssertionError("it was signed") from None
        except ValidationError:
            pass  # It is no order.

    def test_a_key_that_is_being_changed_is_good_and_an_empty_one_never(self) -> None:
        posted = posted_order(php_order("77"), key="the old key")
        assert read(posted, "the new key", "the old key").order_id == "77"
        for keys in (["the new key", ""], [""]):
            with pytest.raises(SignatureVerificationError):
                read(posted, *keys)
        with pytest.raises(SignatureVerificationError):
            read(posted_order(php_order("77"), key=""), "")

    @pytest.mark.parametrize(
        "posted",
        [
            posted_order(php_order("77"), key="another"),
            posted_order(php_order("77"), store_id="20118"),
            posted_order(php_order("77"), X_ORDER_DESK_HASH=""),
            posted_order(php_order("77"), X_ORDER_DESK_HASH="é" * 64),
            Posted({}, posted_order(php_order("77")).body),
        ],
        ids=["another key", "another store", "no hash", "no hex", "no headers"],
    )
    def test_what_is_not_signed_by_our_store_is_forged(self, posted: Posted) -> None:
        with pytest.raises(SignatureVerificationError):
            read(posted)

    def test_one_changed_byte_is_forged(self) -> None:
        posted = posted_order(php_order("77"))
        for changed in (posted.body.replace(b"77", b"78"), posted.body[:-1], posted.body + b"+"):
            with pytest.raises(SignatureVerificationError):
                read(posted, body=changed)

    def test_a_hash_in_upper_case_is_a_hash(self) -> None:
        posted = posted_order(php_order("77"))
        upper = {**posted.headers, "X-ORDER-DESK-HASH": posted.headers["X-ORDER-DESK-HASH"].upper()}
        assert read(Posted(upper, posted.body)).order_id == "77"

    def test_a_hash_that_is_given_twice_fits_nothing(self) -> None:
        posted = posted_order(php_order("77"))
        twice = [*posted.headers.items(), ("x-order-desk-hash", posted.headers["X-ORDER-DESK-HASH"])]
        request = WebhookRequest(twice, posted.body)
        with pytest.raises(SignatureVerificationError):
            read_posted_order(request.headers, request.body, store_id=STORE_ID, keys=[Secret(API_KEY)])


class TestUnreadable:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"order",
            b"other=1",
            b"&" * 1000,
            b"\x00\xff\xfe" * 100,
            posted_order(php_order("77")).body + b"&" + posted_order(php_order("77")).body,
            b"&order=%7B%7D&or%64er=%7B%7D",
        ],
        ids=["empty", "no value", "no order", "many fields", "binary", "twice", "twice, one name escaped"],
    )
    def test_a_form_without_exactly_one_order_is_refused(self, body: bytes) -> None:
        with pytest.raises(ValidationError) as refused:
            read(posted_order(php_order("77")), body=body)
        assert not isinstance(refused.value, SignatureVerificationError)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "[]",
            '{"id": "77"',
            '{"id": "77", "id": "78"}',
            '{"id": NaN}',
            '{"id": true}',
            '{"id": 7.5}',
            '{"id": ""}',
            '{"id": "7 7"}',
            '{"id": "../77"}',
            f'{{"id": {"9" * 5000}}}',
            f'{{"id": "{"9" * 200}"}}',
            '{"id": 1e999999999999999999999}',
            '{"id": "77", "x": ' + "[" * 100_000 + "]" * 100_000 + "}",
            '{"id": "77", "x": "\\ud800"}',
        ],
        ids=lambda text: text[:30],
    )
    def test_what_is_signed_and_no_order_is_refused_and_never_an_error_of_ours(self, text: str) -> None:
        with pytest.raises(ValidationError) as refused:
            read(posted_order(text))
        assert not isinstance(refused.value, SignatureVerificationError)

    def test_bytes_that_are_no_utf_8_are_refused(self) -> None:
        with pytest.raises(ValidationError):
            read(posted_order('{"id": "77"}'), body=b"order=%FF%FE")

    @pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "application/json", "text/plain"])
    def test_another_kind_of_body_is_refused(self, kind: str) -> None:
        with pytest.raises(ValidationError, match="a form was expected"):
            read(posted_order(php_order("77"), Content_Type=kind))


class TestNames:
    def test_an_id_may_be_a_number_and_without_a_cart_number_it_is_the_number(self) -> None:
        order = read(posted_order('{"id": 77, "source_id": ""}'))
        assert (order.order_id, order.number) == ("77", "77")

    @pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\x01b"])
    def test_an_appointment_without_a_usable_name_has_none(self, name: str) -> None:
        assert read(posted_order(php_order("77"), appointment=name)).appointment_id is None

    def test_the_digest_is_of_the_whole_text(self) -> None:
        first, second = (read(posted_order(php_order("77", updated=at))).digest for at in ("a", "b"))
        assert first != second
