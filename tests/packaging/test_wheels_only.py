"""Somebody who has only our wheels: an empty environment, an empty folder, and the pages to the letter.

One environment for all of it, because to make one is what takes long.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.how_to.conftest import blocks_of
from tests.support.distributions import ROOT, built_distributions
from tests.support.newcomer import briefly
from tests.support.page_session import play
from tests.support.wheel_session import WheelSession, wheel_environment

pytestmark = pytest.mark.slow

README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCS = ROOT / "docs"
STARTED = [DOCS / "how-to" / name for name in ("fastapi.md", "django.md")]
"""The pages whose programs start from an empty folder."""
RULE = "[[rules]]\nname = 'r'\nevent = 'order moved'\nwhen = 'folder == 1'\ndo = ['Cancel Order']\n"
SIGN_ON = (
    "[web]\nurl = 'https://desk.example.com'\n[single_sign_on]\nissuer = 'https://login.example.com'\n"
    "client_id = 'desk'\nclient_secret = { text = 'a client secret' }\n"
)
POSTGRES = "[ledger]\nurl = 'postgresql://nobody@127.0.0.1:1/none'\n"
LACKING = [
    ("orderdesk serve", "", "orderdesk-sdk[web]"),
    ("echo a good password | orderdesk users add ann --role admin --password-stdin", "", "orderdesk-sdk[web]"),
    ("orderdesk serve", SIGN_ON, "orderdesk-sdk[web,oidc]"),
    ("orderdesk rules list", RULE, "orderdesk-sdk[rules]"),
    ("orderdesk serve", RULE + POSTGRES, "orderdesk-sdk[web,rules,postgres]' 'psycopg[binary]"),
    ("orderdesk orders", POSTGRES, "orderdesk-sdk[postgres]' 'psycopg[binary]"),
    (
        "orderdesk work",
        f"{POSTGRES}engine = 'procrastinate'\n",
        "orderdesk-sdk[postgres,procrastinate]' 'psycopg[binary]",
    ),
    ("orderdesk work --telemetry", "", "orderdesk-sdk[otel]"),
    ("python -c 'import orderdesk_sdk.desk.open_telemetry'", "", "orderdesk-sdk[otel]"),
    ("orderdesk sandbox", "", "orderdesk-devkit[demo]"),
    ("orderdesk new my-3pl", "", "orderdesk-devkit[authoring]"),
    ("orderdesk check-plugin my-3pl", "", "orderdesk-devkit[testing]"),
    ("orderdesk demo", "", "orderdesk-devkit[demo]"),
]
"""What is asked with nothing but the extra `cli`, with which configuration, and what is to be installed then."""


def test_what_the_pages_say_can_be_done_with_wheels_alone(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    environment = wheel_environment(tmp_path / "environment", built_distributions(tmp_path_factory))
    with WheelSession(tmp_path / "bare", environment) as session:
        session.shell("pip install orderdesk-sdk")
        session.shell(session.advice("orderdesk"))
        session.shell(_advice_of_each(session)[-1])
    with WheelSession(tmp_path / "readme", environment) as session:
        session.page(README)
        _run_python_of_the_readme(session)
    for page in STARTED:
        with WheelSession(tmp_path / page.stem, environment) as session:
            play(session, blocks_of(str(page)))
    with WheelSession(tmp_path / "author", environment) as session:
        session.page((DOCS / "reference" / "installation.md").read_text(encoding="utf-8"), done=README)
        _begin_a_plugin(session)


def _advice_of_each(session: WheelSession) -> list[str]:
    advised = []
    for line, configuration, wanted in LACKING:
        (session.folder / "orderdesk.toml").write_text(configuration, encoding="utf-8")
        advised.append(session.advice(line))
        assert advised[-1] == f"pip install '{wanted}'", line
    return advised


def _run_python_of_the_readme(session: WheelSession) -> None:
    """It runs beside the sandbox of the commands before, and proves what they did."""
    (program,) = re.findall(r"^```python\n(from orderdesk_sdk .*?)^```$", README, re.MULTILINE | re.DOTALL)
    session.write(f"# host.py\n{program}print(receipt.is_canceled)\n", more=False)
    assert session.shell("python host.py") == "True\n"


def _begin_a_plugin(session: WheelSession) -> None:
    """What `orderdesk new` writes is installed, tested and judged as it says itself.

    The tests that take longest are left to devkit/tests/test_scaffold.py.
    """
    session.folder /= "orderdesk-my-3pl"
    session.shell('python -m pip install -e ".[test]"')
    suite = "tests/test_conformance.py::TestMy3PL"
    session.shell(
        f"python -m pytest -q -p no:cacheprovider --fuzz 10 -k 'not ends_whatever' {' '.join(briefly(suite))}"
    )
    session.shell("PYTEST_ADDOPTS='-k ends_as_declared' orderdesk check-plugin .")
