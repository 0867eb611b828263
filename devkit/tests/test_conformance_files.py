"""Plugins whose service is spoken to by files, and that each break a promise about them."""

from __future__ import annotations

import pytest

from orderdesk_devkit.testing.conformance import Requirement
from orderdesk_devkit.testing.scrubbing import recorded_host
from orderdesk_sdk.plugin.connection_settings import settings_fields
from orderdesk_sdk.plugin.urls import read_folder_url
from tests.support import filing_toy

pytest_plugins = ("pytester",)

pytestmark = pytest.mark.slow


def judge(pytester: pytest.Pytester, plugin: type, tests: str) -> pytest.RunResult:
    """What the tests of the suite that are named so say of a toy."""
    pytester.makepyfile(f"""
        from tests.support import filing_toy
        from orderdesk_devkit.testing.conformance import PluginConformance

        class TestFiling(PluginConformance):
            integration = "filing"
            plugin = filing_toy.{plugin.__name__}()
            simulator = filing_toy.FilingShop
    """)
    return pytester.runpytest_inprocess("-q", "-rs", "-k", tests)


@pytest.mark.parametrize(
    ("liar", "test", "law", "told"),
    [
        (
            filing_toy.ReadsAnyAnswer,
            "answer_to_another_order",
            Requirement.FILES,
            "it ended action required, not canceled",
        ),
        (
            filing_toy.AcknowledgesEveryDrop,
            "a_drop_that_breaks_off",
            Requirement.FILES,
            "permission_denied: it is acknowledged, and nothing was dropped",
        ),
        (
            filing_toy.AcknowledgesEverySuccess,
            "faults_of_the_cancel",
            Requirement.NOT_GUESSED,
            "ok_html: it is asked, and the service acknowledged it of nothing",
        ),
        (
            filing_toy.LogsInByItself,
            "by_sftp_and_in_a_folder",
            Requirement.FILES,
            "OwnLogin is not based on SftpSettings, so nobody can log in by SFTP",
        ),
    ],
)
def test_a_liar_is_told_its_promise(
    pytester: pytest.Pytester, liar: type, test: str, law: Requirement, told: str
) -> None:
    result = judge(pytester, liar, test)
    result.stdout.fnmatch_lines([f"*rule: {law.value[0]}*".replace("[", "[[]"), f"*{told}*"])


def test_a_plugin_of_an_api_skips_them(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        from tests.support import toy_plugin, toy_simulators
        from orderdesk_devkit.testing.conformance import PluginConformance

        class TestToy(PluginConformance):
            integration = "toy"
            plugin = toy_plugin.Toy()
            simulator = toy_simulators.ToyShop
    """)
    result = pytester.runpytest_inprocess("-q", "-rs", "-k", "by_sftp_and_in_a_folder")
    result.stdout.fnmatch_lines(["*toy is called by HTTP: its base_url is no folder_url setting*"])


def test_the_cassette_of_a_folder_is_played_over_http() -> None:
    """A recorded URL is one that the setting takes, and that leads nowhere else."""
    (folder,) = (one for one in settings_fields(filing_toy.FilingSettings) if one.of_files)
    assert read_folder_url(recorded_host(folder), "folder") == "http://localhost"
