"""The conformance suite bites: a plugin that breaks a law fails, and is told which law and what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from orderdesk_devkit.testing.conformance import Requirement
from orderdesk_devkit.testing.conformance.declaration import MAX_MODULES, imported_by
from orderdesk_sdk.plugin.hookspecs import INTEGRATIONS

pytest_plugins = ("pytester",)

SUPPORT = Path(__file__).parent.parent.parent / "tests" / "support"
TOY = (SUPPORT / "toy_plugin.py").read_text(encoding="utf-8")
SHOPS = (SUPPORT / "toy_simulators.py").read_text(encoding="utf-8")

UNREAD = 'settings_not_tried = dict.fromkeys({}, "this toy has no use for it")'

Judge = Callable[..., pytest.RunResult]


@pytest.fixture
def judge(pytester: pytest.Pytester) -> Judge:
    """Runs the suite on one of the toys; `body` is put into its test class, `arguments` go to pytest."""

    def run(
        toy: str, *arguments: str, body: str = "", shop: str = "ToyShop", plugin: str = "toy.{}()", more: str = ""
    ) -> pytest.RunResult:
        test = f"""
            import pytest
            import toy
            import toy_shops
            from orderdesk_devkit.testing.conformance import PluginConformance

            class TestToy(PluginConformance):
                integration = "toy"
                plugin = {plugin.format(toy)}
                simulator = toy_shops.{shop}
                {body}
        """
        pytester.makepyfile(toy=TOY + more, toy_shops=SHOPS)
        pytester.makepyfile(test)
        return pytester.runpytest_inprocess("-q", "-rs", *arguments)

    return run


def require_passed(result: pytest.RunResult, *, at_least: int) -> None:
    """Nothing failed, and so many tests were not skipped."""
    outcomes = result.parseoutcomes()
    assert outcomes.keys() <= {"passed", "skipped"}
    assert outcomes["passed"] >= at_least


@pytest.mark.slow
def test_a_plugin_that_keeps_the_laws_passes(judge: Judge) -> None:
    result = judge("Toy", body=UNREAD.format(("folder", "mailbox", "words")))
    require_passed(result, at_least=26)
    result.stdout.fnmatch_lines(
        ["*conformance: toy: * canaries, * 3 responses about another order, * doubled keys, * forged exchanges, 500 *"]
    )


@pytest.mark.slow
def test_a_plugin_whose_response_is_declared_final_passes(judge: Judge) -> None:
    """Not repeatable: what never reached the service goes to a person, what did is found by polling."""
    result = judge("Final", shop="QuickShop", body=UNREAD.format(("folder", "mailbox", "words")))
    require_passed(result, at_least=21)


@pytest.mark.slow
def test_a_plugin_that_computes_another_request_after_a_lost_response_is_told(judge: Judge) -> None:
    result = judge("SetsWhatIsLeft", "-k", "faults_of_the_cancel_call", shop="CountingShop")
    judged(result, Requirement.NOTHING_TWICE, "lost_response: the flow would now make another request: PUT *")


@pytest.mark.slow
def test_a_plugin_that_believes_a_final_response_whatever_it_says_is_told(judge: Judge) -> None:
    result = judge("BelievesEveryReply", "-k", "ships_anyway", shop="QuickShop")
    judged(result, Requirement.EVIDENCE, "no fault: it is called canceled, and the service ships it")


def test_a_simulator_that_does_not_tell_what_canceled_is_judges_nothing(judge: Judge) -> None:
    result = judge("Toy", "-k", "as_the_declaration_says", shop="DumbShop")
    result.stdout.fnmatch_lines(["*DumbShop names no `canceled_statuses`*", "*hint: let the Simulator name its *"])


def test_a_simulator_whose_canceled_word_is_another_is_told_before_the_plugin_is_blamed(judge: Judge) -> None:
    result = judge("Toy", "-k", "as_the_declaration_says", shop="MisnamedShop")
    told = "after a cancel its actual_status is 'canceled', and its canceled_statuses are 'CANCELLED'"
    result.stdout.fnmatch_lines([f"*MisnamedShop: {told}*"])


@pytest.mark.slow
def test_what_does_not_apply_is_told_with_its_reason(judge: Judge) -> None:
    result = judge("Writes", body=UNREAD.format(("endpoint", "api_key", "folder")))
    require_passed(result, at_least=5)
    result.stdout.fnmatch_lines(["*toy is canceled by no call: its first route is e-mail"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("toy", "test", "law", "told"),
    [
        (
            "SaysCanceledAtOnce",
            "as_the_declaration_says",
            Requirement.ENDS_AS_DECLARED,
            "answered with canceled after a bare 200",
        ),
        (
            "LooksAndGuesses",
            "before_the_cancel",
            Requirement.NOT_GUESSED,
            "GET /orders/1042, ok_html: it was canceled blindly",
        ),
        (
            "TakesAnyOrder",
            "about_another",
            Requirement.ABOUT_THIS_ORDER,
            "the poll: all responses are about 2153, and it is taken for",
        ),
        (
            "ReadsNothing",
            "ships_anyway",
            Requirement.EVIDENCE,
            "no fault: it is called canceled, and the service ships",
        ),
        ("ReadsNothing", "malformed", Requirement.EVIDENCE, "it is called canceled, and the service has not said so"),
        ("TooManyCalls", "echoes_the_request", Requirement.NO_SECRET, "a piece of api_key stands in the receipt"),
        ("LeaksItsToken", "under_faults", Requirement.NO_SECRET, "no fault: the access token 0 stands in the log"),
        ("Raises", "malformed", Requirement.MALFORMED_RESPONSES, "KeyError: 'status'"),
        (
            "CreatesBlindly",
            "faults_of_the_create_call",
            Requirement.NOTHING_TWICE,
            "lost_response: it ended action required",
        ),
        (
            "GuessesNumbers",
            "same_responses",
            Requirement.DETERMINISTIC,
            "the cancel: call 1 was PUT *, and PUT * when it was played again",
        ),
        (
            "LooksAtTheClock",
            "same_responses",
            Requirement.DETERMINISTIC,
            "the poll: call 1 was GET *, and GET * when it was played",
        ),
        (
            "CallsAway",
            "declared_hosts",
            Requirement.OWN_HOSTS,
            "https://collect.example/1042' was stopped: it is none of the",
        ),
        ("OpensSockets", "declared_hosts", Requirement.OWN_HOSTS, "a connection to ('127.0.0.1', 9) was tried"),
        ("ForgetsTheNumber", "fallback_route", Requirement.ROUTES, "e-mail: its mail does not name the order 1042"),
        (
            "HasAGap",
            "declaration_is_consistent",
            Requirement.DECLARATION,
            "its reasons have a gap: no code stands for 'fraud' - let each",
        ),
        (
            "NeverReachesItsMail",
            "declaration_is_consistent",
            Requirement.DECLARATION,
            "no order ever leaves it for the next route",
        ),
        (
            "TrustsItsSettings",
            "wrong_settings",
            Requirement.SETTINGS,
            "size as 1.5: ValueError: * is no ConfigurationError",
        ),
    ],
)
def test_a_plugin_that_breaks_a_law_is_told_the_rule_and_the_hint(
    judge: Judge, toy: str, test: str, law: Requirement, told: str
) -> None:
    result = judge(toy, "-k", test, shop="TokenShop" if toy == "LeaksItsToken" else "ToyShop")
    judged(result, law, told)


@pytest.fixture
def judge_installed(judge: Judge, pytester: pytest.Pytester) -> Judge:
    """Runs the suite on one of the toys as it is found by its entry point, in this process and in others."""

    def run(toy: str, *arguments: str, more: str = "") -> pytest.RunResult:
        info = pytester.mkdir("orderdesk_toy-1.0.dist-info")
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: orderdesk-toy\nVersion: 1.0\n", encoding="utf-8")
        points = f"[{INTEGRATIONS}]\ntoy = toy:installed\n"
        (info / "entry_points.txt").write_text(points, encoding="utf-8")
        return judge(toy, *arguments, plugin="None", more=f"\n\ninstalled = {toy}()\n{more}")

    return run


@pytest.mark.slow
@pytest.mark.parametrize(
    ("toy", "told"),
    [
        ("SendsASet", "the cancel: call 1 was PUT *, and PUT * in another process"),
        ("TellsLocalTime", "the poll: call 1 was GET *, and GET *%2B11%3A17* in another process"),
    ],
)
def test_a_flow_that_depends_on_its_process_is_found_out_by_another(
    judge_installed: Judge, toy: str, told: str
) -> None:
    """In one process it is the same at every play."""
    result = judge_installed(toy, "-k", "same_calls")
    judged(result, Requirement.DETERMINISTIC, told)
    assert result.parseoutcomes()["passed"] == 1


@pytest.mark.slow
def test_a_plugin_that_another_process_cannot_load_is_told_why(judge_installed: Judge) -> None:
    zoned = "import os\nif os.environ.get('TZ', '').startswith('OTHER'): raise KeyError('zone')\n"
    result = judge_installed("Toy", "-k", "another_process_makes", more=zoned)
    judged(result, Requirement.DETERMINISTIC, "in another process it could not be played: *KeyError: 'zone'")


@pytest.mark.slow
def test_a_plugin_that_keeps_the_laws_is_the_same_in_another_process(judge_installed: Judge) -> None:
    assert judge_installed("Toy", "-k", "another_process_makes").parseoutcomes()["passed"] == 1


def judged(result: pytest.RunResult, law: Requirement, told: str) -> None:
    """One test has failed, and its message names what was seen, the rule, and what to do."""
    rule, hint = law.value
    assert result.parseoutcomes()["failed"] == 1
    result.stdout.fnmatch_lines([f"*rule: {rule}", f"*{told}*", f"*hint: {hint}"])


@pytest.mark.parametrize("mark", ["", "@pytest.mark.xfail", "@pytest.mark.skip(reason='later')"])
def test_a_standard_test_is_not_replaced(judge: Judge, mark: str) -> None:
    body = f"""
                {mark}
                def test_a_cancel_survives_every_crash(self):
                    pass
    """
    result = judge("Toy", body=body)
    result.stdout.fnmatch_lines(["*TestToy.test_a_cancel_survives_every_crash is a standard test*xfail(reason=*"])
    assert result.parseoutcomes() == {"errors": 1}


def test_a_standard_test_is_not_dropped(judge: Judge) -> None:
    assert judge("Toy", body="test_a_cancel_survives_every_crash = None").parseoutcomes() == {"errors": 1}


@pytest.mark.slow
def test_what_a_plugin_cannot_pass_yet_is_excused_with_a_reason(judge: Judge) -> None:
    name = "test_malformed_responses_neither_raise_nor_decide"
    body = f"""
                @pytest.mark.xfail(reason="it reads nothing", strict=True)
                def {name}(self, plugin_under_test, baseline, tmp_path, fuzz, count):
                    super().{name}(plugin_under_test, baseline, tmp_path, fuzz, count)
    """
    assert judge("ReadsNothing", "-k", "malformed", body=body).parseoutcomes()["xfailed"] == 1


def test_an_attribute_that_the_suite_does_not_know_is_a_mistake(judge: Judge) -> None:
    result = judge("Toy", body='setings = {"speed": "fast"}')
    result.stdout.fnmatch_lines(["*TestToy.setings: the suite knows no such attribute; it knows integration, *"])


@pytest.mark.slow
def test_fuzz_raises_the_number(judge: Judge) -> None:
    judge("Toy", "-k", "malformed", "--fuzz", "1234").stdout.fnmatch_lines(["*toy: 1,234 malformed responses*"])


@pytest.mark.slow
def test_what_a_plugin_imports_is_counted_but_for_what_it_stands_on() -> None:
    assert imported_by("orderdesk_bdlinx") == ()
    heavy = imported_by("orderdesk_bdlinx.simulator")
    assert "starlette" in heavy
    assert len(heavy) > MAX_MODULES


@pytest.mark.slow
def test_a_simulator_that_lets_nobody_in_is_told_with_what_was_called(judge: Judge) -> None:
    result = judge("Toy", "-k", "faults_of_the_cancel_call", shop="ClosedShop")
    judged(
        result,
        Requirement.INSTALLED,
        "no record CANCEL_ACCEPTED in the simulator's log; it was called PUT /orders/1042/cancel 401",
    )
