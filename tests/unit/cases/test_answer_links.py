"""The token of a one-time link: what was signed is read again, and nothing else is."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from orderdesk_sdk.cases.answer_links import AnswerLink, LinkAnswer, read_token, sign_link, token_digest

KEY = b"k" * 32
LINK = AnswerLink("0123456789ab-1", 2, LinkAnswer.CANCELED, datetime(2026, 12, 14, 9, 30, tzinfo=UTC))
links = st.builds(
    AnswerLink,
    st.text(max_size=40),
    st.integers(0, 10**6),
    st.sampled_from(LinkAnswer),
    st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001 - hypothesis takes bounds without a zone
        lambda at: at.replace(microsecond=0, tzinfo=UTC)
    ),
)


@given(links)
def test_what_was_signed_is_read_again_in_signs_that_every_mail_program_leaves_alone(link: AnswerLink) -> None:
    token = sign_link(link, KEY)
    assert read_token(token, KEY) == link
    assert sign_link(link, KEY) == token, "the same link is the same token"
    assert token.replace("-", "").replace("_", "").replace(".", "").isalnum()


@given(st.integers(0, len(sign_link(LINK, KEY)) - 1), st.characters(max_codepoint=0x2FF))
def test_a_token_of_which_one_sign_was_changed_is_none(place: int, sign: str) -> None:
    token = sign_link(LINK, KEY)
    changed = token[:place] + sign + token[place + 1 :]
    assert read_token(changed, KEY) == (LINK if changed == token else None)


@given(st.text(max_size=600))
def test_no_text_of_a_stranger_is_a_token(text: str) -> None:
    assert read_token(text, KEY) is None


def test_a_token_of_another_key_is_none_and_a_digest_does_not_hold_it() -> None:
    token = sign_link(LINK, b"another" * 8)
    assert read_token(token, KEY) is None
    assert token not in token_digest(token)
    assert token_digest(token) != token_digest(sign_link(LINK, KEY))
