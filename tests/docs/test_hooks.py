"""A hook is told to the last argument, on its page, and shown in the plugin to read; a new one that is not, fails.

That each is exercised is seen to by tests/test_hooks.py of tests/distributions/reference, where an exercise must fail
where the hook does nothing; test_distributions.py runs it.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from docs.reference_pages import FLOW_OBJECTS, hooks
from orderdesk_sdk.plugin import hookspecs
from orderdesk_sdk.plugin.hookspecs import INTEGRATIONS, LISTENER_HOOKS, LISTENERS
from orderdesk_sdk.plugin.validation import CALLING_HOOKS
from orderdesk_sdk.runtime import listener_hookspecs

ROOT = Path(__file__).resolve().parent.parent.parent
REFERENCE = ROOT / "tests" / "distributions" / "reference"
PAGE = (ROOT / "docs" / "reference" / "hooks.md").read_text(encoding="utf-8")
ON_OTHER_PAGES = {"Service", "Sequence"}
"""Classes of arguments that the page of flows tells of, or Python's own."""

each_hook = pytest.mark.parametrize("hook", hooks().values(), ids=hooks())


def arguments(hook: Callable[..., object]) -> dict[str, str]:
    """What a hook is given: the type of each argument, as it is written, by name."""
    return {name: str(one.annotation) for name, one in inspect.signature(hook).parameters.items()}


def section(hook: Callable[..., object]) -> str:
    """What its page says of a hook."""
    return PAGE.partition(f"\n## `{hook.__name__}`\n")[2].partition("\n## ")[0]


def undocumented(text: str, names: dict[str, str]) -> list[str]:
    """The arguments of which a text does not say what they are, as in `request: what to cancel.`"""
    return [name for name in names if not re.search(rf"^ *(?:- )?`?{name}`?: \w", text, re.MULTILINE)]


def implementations() -> dict[str, list[ast.FunctionDef]]:
    """The functions of the reference plugin that are marked as implementations, by name."""
    found: dict[str, list[ast.FunctionDef]] = {}
    for path in (REFERENCE / "src").rglob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and "hookimpl" in map(ast.unparse, node.decorator_list):
                found.setdefault(node.name, []).append(node)
    return found


def test_every_specification_is_a_hook_and_every_hook_one() -> None:
    specified = {
        name for name, one in (vars(hookspecs) | vars(listener_hookspecs)).items() if hasattr(one, "orderdesk_spec")
    }
    assert specified == set(hooks())
    assert {*CALLING_HOOKS, *LISTENER_HOOKS} < specified


@each_hook
def test_a_docstring_says_of_each_argument_what_it_is(hook: Callable[..., object]) -> None:
    told = inspect.getdoc(hook) or ""
    assert told.partition("\n")[0].endswith((".", "`.")), "the first line is a sentence"
    assert undocumented(told, arguments(hook)) == []


@each_hook
def test_an_argument_and_what_is_given_back_have_types(hook: Callable[..., object]) -> None:
    signature = inspect.signature(hook)
    untyped = {name for name, one in signature.parameters.items() if one.annotation is inspect.Parameter.empty}
    assert untyped == set()
    assert signature.return_annotation is not inspect.Signature.empty


@each_hook
def test_its_page_has_its_exact_head_and_tells_of_each_argument(hook: Callable[..., object]) -> None:
    told, wanted = section(hook), arguments(hook)
    told = re.sub(r"\(\n    ([^)]*),\n\)", lambda broken: f"({' '.join(broken[1].split())})", told)
    (head,) = re.findall(rf"^def {hook.__name__}\((.*)\) -> (.*): \.\.\.$", told, re.MULTILINE)
    given = dict(one.split(": ", 1) for one in re.split(r", (?=\w+: )", head[0]) if one)
    assert (given, head[1]) == (wanted, str(inspect.signature(hook).return_annotation))
    assert undocumented(told, wanted) == []


@each_hook
def test_its_page_has_what_an_argument_holds(hook: Callable[..., object]) -> None:
    classes = {name for kind in arguments(hook).values() for name in re.findall(r"\b[A-Z]\w+", kind)} - ON_OTHER_PAGES
    assert classes <= {cls.__name__ for cls in FLOW_OBJECTS}
    assert [name for name in classes if f"\n### `{name}`\n" not in PAGE] == []


@each_hook
def test_the_reference_plugin_shows_it_with_all_its_arguments(hook: Callable[..., object]) -> None:
    shown = implementations().get(hook.__name__, [])
    assert shown, f"show {hook.__name__} in {REFERENCE.relative_to(ROOT)}, and exercise it in its tests/test_hooks.py"
    for one in shown:
        assert [argument.arg for argument in one.args.args] == list(arguments(hook))


def test_the_reference_plugin_shows_listeners_and_integrations_where_they_are_found() -> None:
    text = (REFERENCE / "pyproject.toml").read_text(encoding="utf-8")
    assert [f'[project.entry-points."{group}"]' in text for group in (INTEGRATIONS, LISTENERS)] == [True, True]


def test_what_is_not_told_is_found() -> None:
    """The judge itself: prose that only mentions an argument does not tell of it."""
    told = "Asks for the request.\n\nrequest: what to cancel. It holds the service: no."
    assert undocumented(told, {"request": "", "service": "", "order": ""}) == ["service", "order"]
