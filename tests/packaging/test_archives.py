"""What a package index shows of each distribution, and what is in its wheel and its sdist.

`python -m build` makes each wheel out of the sdist: that all are there says that every sdist builds its wheel.
"""

from __future__ import annotations

import re
import tarfile
import zipfile
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from orderdesk_sdk.plugin.registry import PluginRegistry
from tests.support.distributions import ROOT, built_distributions, project_folders

pytestmark = pytest.mark.slow

LICENSE = (ROOT / "LICENSE").read_text(encoding="utf-8")
OURS = re.compile(r"orderdesk[-_]")
RELATIVE = re.compile(r"""\]\((?!https?://|#)|(?:src|srcset|href)="(?!https?://)""")
"""A link or a picture of Markdown that leads to a file beside the page."""
CODE = re.compile(r"^```\w*\n(.*?)^```$|^((?: {4}\S.*\n)+)", re.MULTILINE | re.DOTALL)
OF_THE_CHECKOUT = re.compile(r"tools/dev\.py|pip install -e|git clone")

each_project = pytest.mark.parametrize("project", project_folders(), ids=lambda project: project.name)


class Archives:
    """The wheel and the sdist of one distribution."""

    def __init__(self, project: Path, folder: Path) -> None:
        name = "orderdesk_sdk" if project == ROOT else f"orderdesk_{project.name}"
        self.package = name
        (wheel,) = folder.glob(f"{name}-*.whl")
        (sdist,) = folder.glob(f"{name}-*.tar.gz")
        with zipfile.ZipFile(wheel) as packed:
            self.wheel = {path: packed.read(path) for path in packed.namelist()}
        with tarfile.open(sdist) as packed_source:
            found = {one.name.partition("/")[2]: packed_source.extractfile(one) for one in packed_source.getmembers()}
            self.sdist = {path: file.read() for path, file in found.items() if file is not None}
        self.info = next(path for path in self.wheel if path.endswith(".dist-info/METADATA")).rpartition("/")[0]
        self.metadata: Message = HeaderParser().parsestr(self.wheel[f"{self.info}/METADATA"].decode())
        self.description = str(self.metadata.get_payload())


@pytest.fixture
def archives(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Archives:
    return Archives(project, built_distributions(tmp_path_factory))


@each_project
def test_the_license_is_named_and_its_text_is_in_both(archives: Archives, project: Path) -> None:
    assert archives.metadata["License-Expression"] == "MIT"
    assert archives.metadata.get_all("License-File") == ["LICENSE"]
    assert archives.wheel[f"{archives.info}/licenses/LICENSE"].decode() == LICENSE
    assert archives.sdist["LICENSE"].decode() == LICENSE, f"copy LICENSE to {project}"


@each_project
def test_an_index_learns_what_it_is_for(archives: Archives) -> None:
    metadata = archives.metadata
    assert metadata["Summary"]
    assert metadata["Requires-Python"] == ">=3.11"
    classifiers = metadata.get_all("Classifier", [])
    for wanted in ("Intended Audience :: Developers", "Programming Language :: Python :: 3.11", "Typing :: Typed"):
        assert wanted in classifiers
    assert [one for one in classifiers if one.startswith("License ::")] == [], "License-Expression says it"
    assert f"{archives.package}/py.typed" in archives.wheel


@each_project
def test_its_addresses_are_those_that_the_integration_names(archives: Archives) -> None:
    registry = PluginRegistry()
    addresses = dict(entry.split(", ", 1) for entry in archives.metadata.get_all("Project-URL", []))
    slug = archives.package.removeprefix("orderdesk_").replace("_", "-")
    if slug in registry.slugs():
        assert addresses["How the service cancels"] == registry.load(slug).integration.help_url
    else:
        assert set(addresses) == {"Order Desk on canceling"}
    assert [one for one in addresses.values() if not one.startswith("https://")] == []


@each_project
def test_its_page_makes_sense_without_the_checkout(archives: Archives) -> None:
    assert archives.metadata["Description-Content-Type"] == "text/markdown"
    page = archives.description
    assert page.lstrip().startswith("# orderdesk")
    assert [page[max(0, found.start() - 60) : found.end() + 40] for found in RELATIVE.finditer(page)] == []
    first = CODE.search(page)
    assert first
    assert (first[1] or first[2]).lstrip().startswith("pip install ")
    before = OF_THE_CHECKOUT.search(page)
    assert before is None or before.start() > len(page) / 2
    assert "Only in the checkout" not in page


@each_project
def test_it_says_which_versions_of_the_others_it_goes_with(archives: Archives) -> None:
    name = archives.metadata["Name"]
    requirements = [Requirement(one) for one in archives.metadata.get_all("Requires-Dist", [])]
    others = [one for one in requirements if OURS.match(one.name) and one.name != name]
    assert [str(one) for one in others if one.specifier != SpecifierSet(">=0.1,<0.2")] == []
    assert others or name == "orderdesk-sdk"


@each_project
def test_a_wheel_has_the_package_and_nothing_of_tests_or_of_this_machine(archives: Archives) -> None:
    tops = {path.partition("/")[0] for path in archives.wheel}
    assert tops == {archives.package, archives.info}
    assert [path for path in archives.wheel if re.search(r"(^|/)(tests|bench|__pycache__)/|/test_\w+\.py$", path)] == []
    for files in (archives.wheel, archives.sdist):
        assert [name for name, content in files.items() if str(ROOT).encode() in content] == []


@each_project
def test_an_sdist_has_what_its_page_promises(archives: Archives, project: Path) -> None:
    assert {"pyproject.toml", "README.md", "LICENSE", "PKG-INFO"} <= set(archives.sdist)
    pages = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/**/*.md")} if project == ROOT else set()
    assert pages <= set(archives.sdist)
    assert [path for path in archives.sdist if re.search(r"(^|/)(\.venv|build|dist|__pycache__)/", path)] == []
