"""The conformance suite bites: a plugin that breaks a law fails, and is told which law and what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

# Before a run within the run: what is imported in one is thrown away after it, and would be there twice.
import orderdesk_sdk.testing.conformance  # noqa: F401 - for its being loaded
from orderdesk_sdk.testing.conformance.declared import MOST_MODULES, imported_by

pytest_plugins = ("pytester",)

TOY = Path(__file__).with_name("toy.py").read_text(encoding="utf-8")

Judge = Callable[..., pytest.RunResult]


@pytest.fixture
def judge(pytester: pytest.Pytester) -> Judge:
    """Runs the suite on one of the toys; `body` is put into its test class, `arguments` go to pytest."""

    def run(toy: str, *arguments: str, body: str = "", shop: str = "ToyShop") -> pytest.RunResult:
        test = f"""
            import pytest
            import toy
            from orderdesk_sdk.testing.conformance import PluginConformance

            class TestToy(PluginConformance):
                integration = "toy"
                plugin = toy.{toy}()
                simulator = toy.{shop}
                {body}
        """
        pytester.makepyfile(toy=TOY)
        pytester.makepyfile(test)
        return pytester.runpytest_inprocess("-q", "-rs", *arguments)

    return run


def test_a_plugin_that_keeps_the_laws_stands_it(judge: Judge) -> None:
    result = judge("Toy")
    assert result.parseoutcomes() == {"passed": 13, "skipped": 9}
    result.stdout.fnmatch_lines(
        ["*conformance: toy: * canaries, 500 malformed replies, * faults, 4 flows replayed, 16 wrong settings"]
    )


def test_a_plugin_whose_reply_is_declared_final_stands_it(judge: Judge) -> None:
    """Not repeatable: what never reached the service goes to a person, what did is found by reading back."""
    assert judge("Final", shop="QuickShop").parseoutcomes() == {"passed": 9, "skipped": 13}


def test_a_simulator_that_does_not_tell_what_canceled_is_judges_nothing(judge: Judge) -> None:
    result = judge("Toy", "-k", "as_the_declaration_says", shop="DumbShop")
    result.stdout.fnmatch_lines(["*DumbShop names no `canceled_words`*", "*remedy: let the Simulator name its *"])


def test_what_does_not_apply_is_told_with_its_reason(judge: Judge) -> None:
    result = judge("Writes")
    assert result.parseoutcomes() == {"passed": 3, "skipped": 19}
    result.stdout.fnmatch_lines(["*toy is asked by no call: its first way to cancel is e-mail"])


@pytest.mark.parametrize(
    ("toy", "test", "told"),
    [
        ("SaysCanceledAtOnce", "trouble_with_the_cancel", "ok_html: it is asked, and the service took note of nothing"),
        (
            "LooksAndGuesses",
            "before_the_cancel",
            "GET /orders/1042, server_error_html: it is asked, and the service took",
        ),
        ("ReadsNothing", "ships_all_the_same", "no fault: it is called canceled, and the service ships it"),
        ("ReadsNothing", "malformed", "it is called canceled, and the service has not said so"),
        ("Chatters", "says_what_it_was_told", "a piece of api_key stands in the receipt"),
        ("Raises", "malformed", "KeyError: 'status'"),
        ("CreatesBlindly", "trouble_with_the_create", "server_error_html_after: it ended done"),
        ("GuessesNumbers", "same_replies", "the cancel: call 1 was PUT *, and PUT * when it was played again"),
        ("LooksAtTheClock", "same_replies", "the read-back: call 1 was GET *, and GET * when it was played again"),
        ("CallsAway", "declared_hosts", "https://collect.example/1042' was stopped: it is none of the connection's"),
        ("OpensSockets", "declared_hosts", "a connection to ('127.0.0.1', 9) was tried"),
        ("HasAGap", "holds_in_itself", "its reasons have a gap: no code stands for 'fraud' - let each canonical"),
        ("NeverReachesItsMail", "holds_in_itself", "no order ever leaves it for the next route"),
        ("TrustsItsSettings", "wrong_settings", "size as 1.5: ValueError: * is no ConfigurationError"),
    ],
)
def test_a_plugin_that_breaks_a_law_is_told_the_rule_and_the_remedy(
    judge: Judge, toy: str, test: str, told: str
) -> None:
    result = judge(toy, "-k", test)
    assert result.parseoutcomes()["failed"] == 1
    result.stdout.fnmatch_lines(["*rule: *", f"*{told}*", "*remedy: *"])


def test_what_a_plugin_says_at_once_is_not_believed_where_it_declares_to_read_back(judge: Judge) -> None:
    """Law 5 is kept by the core, whatever the plugin says."""
    assert judge("SaysCanceledAtOnce", "-k", "as_the_declaration_says").parseoutcomes()["passed"] == 1


@pytest.mark.parametrize("mark", ["", "@pytest.mark.xfail", "@pytest.mark.skip(reason='later')"])
def test_a_standard_test_is_not_replaced(judge: Judge, mark: str) -> None:
    body = f"""
                {mark}
                def test_a_cancel_survives_every_death(self):
                    pass
    """
    result = judge("Toy", body=body)
    result.stdout.fnmatch_lines(["*TestToy.test_a_cancel_survives_every_death is a standard test*xfail(reason=*"])
    assert result.parseoutcomes() == {"errors": 1}


def test_a_standard_test_is_not_dropped(judge: Judge) -> None:
    assert judge("Toy", body="test_a_cancel_survives_every_death = None").parseoutcomes() == {"errors": 1}


def test_what_a_plugin_cannot_stand_yet_is_excused_with_a_reason(judge: Judge) -> None:
    name = "test_malformed_replies_are_neither_raised_on_nor_believed"
    body = f"""
                @pytest.mark.xfail(reason="it reads nothing", strict=True)
                def {name}(self, subject, rehearsal, tmp_path, fuzz, count):
                    super().{name}(subject, rehearsal, tmp_path, fuzz, count)
    """
    assert judge("ReadsNothing", "-k", "malformed", body=body).parseoutcomes()["xfailed"] == 1


def test_an_attribute_that_the_suite_does_not_know_is_a_mistake(judge: Judge) -> None:
    result = judge("Toy", body='setings = {"speed": "fast"}')
    result.stdout.fnmatch_lines(["*TestToy.setings: the suite knows no such attribute; it knows integration, *"])


def test_fuzz_raises_the_number(judge: Judge) -> None:
    judge("Toy", "-k", "malformed", "--fuzz", "1234").stdout.fnmatch_lines(["*toy: 1,234 malformed replies*"])


def test_what_a_plugin_imports_is_counted_but_for_what_it_stands_on() -> None:
    assert imported_by("orderdesk_bdlinx") == ()
    heavy = imported_by("orderdesk_bdlinx.simulator")
    assert "starlette" in heavy
    assert len(heavy) > MOST_MODULES
