"""The words of the house: an old name that LAYOUT replaced stands nowhere, in code, pages, help, keys or tables."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

OLD_WORDS = """
    wish wishes errand errands hearsay deed deeds casebook rulebook ladder ladders village placement placements
    climb climbs crosswalk remedy remedies firing firings obituary nursery
    read-back "read back" "reads back" "took note" "takes note" "hand over" "handed over" "awaiting person"
    "partly canceled" "kill point" "kill points" "canceled elsewhere" "send-again" "take-back"
"""
"""Words that no text uses any more, in any case; each had a word of the field to take its place."""

OLD_NAMES = """
    Placement LocalHost HostById LocalFile WishReceipt ProofReceipt ProofKind MailIn StatusRequest CheckRequest
    CanonicalReason ClosedList InputError NotAllowedError UnderWayError IllegalTransition UntrustedMessage PluginFault
    MalformedReply LedgerError in_words ByReply ByCheck ByPerson SinceSubmission IdRule NoResubmit WireProfile WireCall
    WireRead WireSettings UndocumentedSettings PostbackProfile LocalFolder wire_cancel wire_check wire_before_create
    hook_problem ladder_problem ladder_of demand_signature message_text_at turned_away nothing_done words_of
    one_or_many ConnectionClient CallLimits MailConfig read_mail CaseAdvancer ErrandRunner StatusChanger Resubmitter
    InlineEngine GroupJournal WorkJournal PluginHung OccurrenceKind facts_of expect_move expect_imports not_yet_asked
    leaves_nothing latest_of name_of_wish SimulatedStage StageOpener CassetteSuite WireSuite NotConformant KillPoints
    LawJudge kill_nursery open_stage village_desk asked_by asked_at asked_before heard_from waits_since give_up_at
    opened_at orderdesk_check orderdesk_receive AWAITING_PERSON PARTLY_CANCELED HAND_OVER TOOK_NOTE NO_ROUTE
    CHECK_FAILED READ_BACK CANCELED_ELSEWHERE open_cases wanted_placements wish_content proof_by_reply proof_by_reading
    after_heard after_watching no_later canceled_words lets_in count_from case_shape
"""
"""Names in code that are gone."""

FOR_OLD_LEDGERS = (
    "tests/unit/stores/test_ledger_migration.py",
    "tests/unit/stores/test_stored_names.py",
    "stores/sqlite/case_migration.py",
    "stores/stored_names.py",
    "stores/sqlite/version_0_1",
    "stores/sqlite/ledger_schema.py",
    "stores/sqlite/order_database.py",
)
"""What reads files that version 0.1 wrote has to know their names."""

KEPT = (*FOR_OLD_LEDGERS, "tests/data/", "tests/docs/test_words.py", "CHANGELOG.md", "/cassettes/")


def words(text: str) -> list[str]:
    return [quoted or plain for quoted, plain in re.findall(r'"([^"]+)"|(\S+)', text)]


def searched_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split(
        "\n"
    )
    ends = (".py", ".pyi", ".md", ".toml", ".jinja", ".json")
    return [ROOT / name for name in listed if name.endswith(ends) and not any(kept in name for kept in KEPT)]


WORDS, NAMES = words(OLD_WORDS), words(OLD_NAMES)
PATTERN = re.compile(
    rf"(?<![\w-])(?P<word>{'|'.join(map(re.escape, sorted(WORDS, key=len, reverse=True)))})(?![\w-])", re.IGNORECASE
)
NAME_PATTERN = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, NAMES))})(?!\w)")


def found_places() -> dict[str, list[str]]:
    """By old word or name: each line that has it, as `path:line: text`."""
    found: dict[str, list[str]] = {}
    for path in searched_files():
        text = path.read_text(encoding="utf-8")
        if not (PATTERN.search(text) or NAME_PATTERN.search(text)):
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            old = {match[0].lower() for match in PATTERN.finditer(line)} | {*NAME_PATTERN.findall(line)}
            for word in old:
                found.setdefault(word, []).append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}")
    return found


@pytest.fixture(scope="module")
def places() -> dict[str, list[str]]:
    return found_places()


def test_files_are_searched() -> None:
    assert len(searched_files()) > 500


@pytest.mark.parametrize("word", [*WORDS, *NAMES])
def test_an_old_word_stands_nowhere(word: str, places: dict[str, list[str]]) -> None:
    assert places.get(word, []) == []
