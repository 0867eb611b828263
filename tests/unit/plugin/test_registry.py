"""The registry: nothing is imported before its first use, and a broken plugin breaks only itself."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import EntryPoint, distributions
from pathlib import Path
from types import ModuleType

import pytest

from orderdesk_sdk.errors import NotFoundError, PluginError
from orderdesk_sdk.plugin.hookspecs import INTEGRATIONS
from orderdesk_sdk.plugin.registry import PluginRegistry

GOOD = """
from orderdesk_sdk.plugin.routes import Button, Polling, FinalResponse
from orderdesk_sdk.plugin.integration import Integration, NewNumber
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.connection_settings import settings, url

@settings
class AcmeSettings:
    endpoint: str = url(help="Acme", default="https://api.acme.example")

ROUTES = (Button(FinalResponse()),)
DECLARED = dict(slug="acme", title="Acme", settings=AcmeSettings, base_url="endpoint", cancel=ROUTES)

@hookimpl
def orderdesk_integration():
    return Integration(**DECLARED)

@hookimpl
def orderdesk_cancel(request, service):
    yield
"""
CHECKED = "from orderdesk_sdk.clock import hours\nDECLARED['cancel'] = (Button(Polling(hours(1), hours(2))),)\n"

Install = Callable[..., None]


class Site:
    """A folder of distributions that exist only in a test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def install(self, source: str, *, slug: str = "acme", module: str = "", distribution: str = "") -> None:
        module = module or f"od_fake_{slug.replace('-', '_')}"
        name = distribution or f"orderdesk-{slug}"
        (self.folder / f"{module}.py").write_text(source, encoding="utf-8")
        info = self.folder / f"{name.replace('-', '_')}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n", encoding="utf-8")
        (info / "entry_points.txt").write_text(f"[{INTEGRATIONS}]\n{slug} = {module}\n", encoding="utf-8")

    def find(self, *, group: str) -> Iterable[EntryPoint]:
        found = [point for dist in distributions(path=[str(self.folder)]) for point in dist.entry_points]
        return sorted((point for point in found if point.group == group), key=lambda point: point.value)

    def registry(self, timeout: float = 20.0) -> PluginRegistry:
        return PluginRegistry(find=self.find, timeout=timeout)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.syspath_prepend(tmp_path)
    yield Site(tmp_path)
    for name in [name for name in sys.modules if name.startswith("od_fake_")]:
        del sys.modules[name]


def fault_of(registry: PluginRegistry, slug: str = "acme") -> PluginError:
    with pytest.raises(PluginError) as raised:
        registry.load(slug)
    return raised.value


def test_listing_imports_nothing_and_first_use_imports_one(site: Site) -> None:
    site.install(GOOD)
    site.install("raise RuntimeError('imported too early')", slug="zebra")
    registry = site.registry()
    assert registry.slugs() == ("acme", "zebra")
    assert registry.distribution("zebra") == "orderdesk-zebra 1.2"
    assert not [name for name in sys.modules if name.startswith("od_fake_")]
    loaded = registry.load("acme")
    assert [name for name in sys.modules if name.startswith("od_fake_")] == ["od_fake_acme"]
    assert (loaded.integration.title, loaded.distribution, loaded.version) == ("Acme", "orderdesk-acme", "1.2")
    assert registry.load("acme") is loaded


def test_every_integration_has_a_manager_of_its_own(site: Site) -> None:
    site.install(GOOD)
    site.install(GOOD.replace('"acme"', '"other"'), slug="other")
    registry = site.registry()
    acme, other = registry.load("acme"), registry.load("other")
    assert acme.manager is not other.manager
    for loaded in (acme, other):
        names = [found.plugin_name for found in loaded.manager.hook.orderdesk_cancel.get_hookimpls()]
        assert names == [loaded.integration.slug]


def test_the_hint_for_an_unknown_slug_says_how_to_find_a_package_and_names_none_that_may_not_exist(site: Site) -> None:
    site.install(GOOD)
    with pytest.raises(NotFoundError, match="begin with orderdesk-, and your package index lists them") as unknown:
        site.registry().load("nowhere")
    assert "orderdesk-nowhere" not in str(unknown.value)


@pytest.mark.parametrize("slug", ["acmee", "acme-europe-and-asia"])
def test_the_hint_for_a_slug_that_is_nearly_right_names_the_installed_one(site: Site, slug: str) -> None:
    site.install(GOOD)
    with pytest.raises(NotFoundError, match="write acme if you mean that"):
        site.registry().load(slug)


BROKEN = {
    "raises on import": ("raise RuntimeError('no license')", "RuntimeError: no license"),
    "exits on import": ("raise SystemExit(3)", "SystemExit: 3"),
    "is interrupted on import": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "is no Python": ("def (", "SyntaxError"),
    "needs a package that is absent": ("import od_absent_package", "od_absent_package"),
    "raises in its declaration": (GOOD + "DECLARED = 1 / 0\n", "ZeroDivisionError"),
    "raises when asked for it": (
        GOOD.replace("return Integration(**DECLARED)", "raise LookupError('x')"),
        "LookupError: x",
    ),
    "declares another slug": (GOOD + "DECLARED['slug'] = 'acne'\n", "declares the slug 'acne'"),
    "declares nothing": (GOOD.replace("return Integration(**DECLARED)", "return None"), "gave NoneType"),
    "declares junk": (GOOD.replace("return Integration(**DECLARED)", "return DECLARED"), "gave dict"),
    "declares a junk route": (GOOD + "DECLARED['cancel'] = ('button',)\n", "must be an instance of one of Button"),
    "has no hooks": ("", "gave NoneType"),
    "lacks the cancel hook": (GOOD + "del orderdesk_cancel\n", "needs orderdesk_cancel"),
    "lacks the check hook": (GOOD + CHECKED, "needs orderdesk_poll"),
    "lacks the resubmit hook": (GOOD + "DECLARED['resubmission'] = NewNumber()\n", "needs orderdesk_resubmit"),
    "has a hook that is no generator": (GOOD.replace("    yield\n", "    return None\n"), "not a generator function"),
    "has an unneeded hook that is no generator": (
        GOOD + "@hookimpl\ndef orderdesk_poll(request, service):\n    return None\n",
        "not a generator function",
    ),
    "has a hook that nobody specified": (
        GOOD + "@hookimpl\ndef orderdesk_cancle(request):\n    yield\n",
        "orderdesk_cancle",
    ),
    "takes an argument that nobody gives": (GOOD.replace("(request, service)", "(request, store)"), "store"),
    "has settings that are none": (GOOD + "DECLARED['settings'] = int\n", "make it with @settings"),
    "has no such host setting": (GOOD + "DECLARED['base_url'] = 'url'\n", "base_url names 'url'"),
    "makes calls to nowhere": (
        GOOD + "DECLARED['base_url'] = None\n",
        "makes calls (orderdesk_cancel), so base_url must name one of its url() settings ['endpoint']",
    ),
    "polls from nowhere": (
        GOOD.replace("orderdesk_cancel", "orderdesk_poll") + "DECLARED.update(base_url=None, cancel=())\n",
        "makes calls (orderdesk_poll)",
    ),
    "expects a header of no such setting": (
        GOOD + "DECLARED['expected_headers'] = {'x-version': 'version'}\n",
        "expected_headers names 'version'",
    ),
}


@pytest.mark.parametrize(("source", "reason"), BROKEN.values(), ids=BROKEN)
def test_a_plugin_that_is_broken_is_named_with_its_distribution_and_others_go_on(
    site: Site, source: str, reason: str
) -> None:
    site.install(source)
    site.install(GOOD.replace('"acme"', '"other"'), slug="other")
    registry = site.registry()
    assert registry.slugs() == ("acme", "other")
    fault = fault_of(registry)
    assert reason in fault.message
    assert fault.location == "integration acme (orderdesk-acme 1.2)"
    assert "update or uninstall" in str(fault.hint)
    assert fault_of(registry) is fault, "the same fault each time; the import is not repeated"
    assert registry.load("other").integration.slug == "other"


@pytest.mark.parametrize("where", ["import", "declaration"])
def test_a_plugin_that_hangs_holds_up_only_its_own(site: Site, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    gate = ModuleType("od_fake_gate")
    gate.__dict__["release"] = release
    monkeypatch.setitem(sys.modules, "od_fake_gate", gate)
    wait = "import od_fake_gate\nod_fake_gate.release.wait(60)"
    inside = GOOD.replace("    return Integration", f"    {wait.replace(chr(10), '; ')}\n    return Integration")
    site.install(wait if where == "import" else inside)
    site.install(GOOD.replace('"acme"', '"other"'), slug="other")
    registry = site.registry(timeout=0.05)
    try:
        assert "did not end within 0.05 s" in fault_of(registry).message
        calm = PluginRegistry(find=site.find)
        assert calm.load("other").integration.slug == "other"
    finally:
        release.set()
        for thread in threading.enumerate():
            if thread.name == "load acme":
                thread.join(120)


def test_two_distributions_with_one_slug_are_both_named_and_neither_is_used(site: Site) -> None:
    site.install(GOOD, module="od_fake_one", distribution="acme-one")
    site.install(GOOD, module="od_fake_two", distribution="acme-two")
    registry = site.registry()
    assert registry.slugs() == ("acme",)
    fault = fault_of(registry)
    assert "od_fake_one" in fault.message
    assert "od_fake_two" in fault.message
    assert fault.hint == "uninstall one of them"
    assert not {"od_fake_one", "od_fake_two"} & set(sys.modules)


def good_module(slug: str = "acme", source: str = GOOD) -> ModuleType:
    module = ModuleType(f"od_made_{slug}")
    exec(compile(source.replace('"acme"', f'"{slug}"'), module.__name__, "exec"), module.__dict__)  # noqa: S102 - our own text
    return module


def test_an_integration_registered_in_code_comes_before_an_installed_one(
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site.install("raise RuntimeError('never imported')")
    registry = site.registry()
    module = good_module()
    monkeypatch.setitem(sys.modules, module.__name__, module)
    registry.register(module, "acme")
    loaded = registry.load("acme")
    assert (loaded.integration.slug, loaded.distribution, loaded.version) == ("acme", "", "")
    assert registry.slugs() == ("acme",)


def test_registering_again_replaces_what_was_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = PluginRegistry(find=lambda *, group: ())
    registry.register(ModuleType("od_made_empty"), "acme")
    fault = fault_of(registry)
    assert fault.location == "integration acme (registered in code)"
    module = good_module()
    monkeypatch.setitem(sys.modules, module.__name__, module)
    registry.register(module, "acme")
    assert registry.load("acme").integration.slug == "acme"


def test_many_threads_load_an_integration_once(site: Site) -> None:
    site.install("import od_fake_count\nod_fake_count.seen.append(1)\n" + GOOD)
    (site.folder / "od_fake_count.py").write_text("seen = []\n", encoding="utf-8")
    registry = site.registry()
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(registry.load("acme"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len({id(loaded) for loaded in found}) == 1
    assert sys.modules["od_fake_count"].__dict__["seen"] == [1]


def test_an_integration_that_makes_no_call_needs_no_address(site: Site) -> None:
    portal = "from orderdesk_sdk.plugin.routes import Portal\n"
    no_call = f"{portal}DECLARED.update(base_url=None, cancel=(Portal('Call them.'),))\n"
    site.install(GOOD + no_call + "del orderdesk_cancel\n")
    assert site.registry().load("acme").integration.base_url is None
