"""The picture of the states: every change of the table is drawn, from its state to the next one, in both themes."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from docs.states_picture import THEMES, states_svg
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.state_machine import TRANSITIONS, EventKind

SVG = "{http://www.w3.org/2000/svg}"
Box = tuple[float, float, float, float]


def drawn(theme: str) -> ET.Element:
    return ET.fromstring(states_svg(THEMES[theme]))  # noqa: S314 - our own text


def change_of(element: ET.Element) -> tuple[tuple[State, EventKind], State]:
    before, kind, after = (element.attrib[f"data-{name}"].upper() for name in ("from", "event", "to"))
    return (State[before], EventKind[kind]), State[after]


def boxes(picture: ET.Element) -> dict[State, Box]:
    return {
        State[one.attrib["data-state"].upper()]: (
            float(one.attrib["x"]),
            float(one.attrib["y"]),
            float(one.attrib["width"]),
            float(one.attrib["height"]),
        )
        for one in picture.iter(f"{SVG}rect")
        if "data-state" in one.attrib
    }


def corners(path: ET.Element) -> list[tuple[float, float]]:
    words = path.attrib["d"].replace("M", "").replace("L", "").split()
    return [(float(x), float(y)) for x, y in zip(words[::2], words[1::2], strict=True)]


def touches(point: tuple[float, float], box: Box) -> bool:
    (x, y), (left, top, width, height) = point, box
    return min(abs(x - left), abs(x - left - width)) < 1 and top < y < top + height


@pytest.mark.parametrize("theme", THEMES)
class TestPicture:
    def test_draws_every_change_of_the_table_once_and_no_other(self, theme: str) -> None:
        found = [change_of(one) for one in drawn(theme).iter() if "data-event" in one.attrib]
        assert len(found) == len(TRANSITIONS)
        assert dict(found) == dict(TRANSITIONS)

    def test_leads_each_line_from_its_state_into_the_next(self, theme: str) -> None:
        picture = drawn(theme)
        states = boxes(picture)
        assert set(states) == set(State)
        for path in picture.iter(f"{SVG}path"):
            if "data-event" in path.attrib:
                (before, _), after = change_of(path)
                assert touches(corners(path)[0], states[before])
                assert touches(corners(path)[-1], states[after])

    def test_lets_no_two_lines_into_different_states_lie_upon_each_other(self, theme: str) -> None:
        lines: dict[tuple[str, float], list[tuple[float, float, State]]] = {}
        for path in drawn(theme).iter(f"{SVG}path"):
            if "data-event" in path.attrib:
                _, after = change_of(path)
                (x, y), (lane, _), (_, end_y), (end_x, _) = corners(path)
                lines.setdefault(("across", y), []).append((min(x, lane), max(x, lane), after))
                lines.setdefault(("across", end_y), []).append((min(lane, end_x), max(lane, end_x), after))
                lines.setdefault(("down", lane), []).append((min(y, end_y), max(y, end_y), after))
        for beside in lines.values():
            for low, high, state in beside:
                assert {other for start, end, other in beside if start < high and end > low} == {state}

    def test_is_as_it_is_kept(self, theme: str) -> None:
        kept = Path(__file__).resolve().parent.parent.parent / "docs" / "_static" / f"states-{theme}.svg"
        assert kept.read_text(encoding="utf-8") == states_svg(THEMES[theme])

    def test_writes_every_state_in_words(self, theme: str) -> None:
        texts = {"".join(one.itertext()) for one in drawn(theme).iter(f"{SVG}text")}
        assert {state.value for state in State} <= texts
