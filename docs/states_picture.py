"""The picture of the states of a case, drawn as SVG from the transition table.

The open states stand in the middle, the settled ones on the right. A change leads from its state to a line that all
changes to one state share, and along that into it: to open states on the left, to settled ones on the right. What
leaves a state as it is stands in its box.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from textwrap import wrap
from xml.sax.saxutils import escape, quoteattr

from attrs import evolve, field, frozen

from orderdesk_sdk.cases.case import OPEN, State
from orderdesk_sdk.cases.state_machine import TRANSITIONS, EventKind

__all__ = ["INITIAL_STATES", "THEMES", "Theme", "states_svg"]

INITIAL_STATES = (State.PENDING, State.REPORTED)


@frozen
class Theme:
    """The colors of a picture. targets: of the lines into each state."""

    ink: str
    faint: str
    paper: str
    box: str
    targets: Mapping[State, str] = field(factory=dict)


THEMES: Mapping[str, Theme] = {
    "light": Theme(
        ink="#1b1f24",
        faint="#57606a",
        paper="#ffffff",
        box="#f6f8fa",
        targets={
            State.PENDING: "#5b6675",
            State.REPORTED: "#0b7285",
            State.SENDING: "#1c5fd4",
            State.ACKNOWLEDGED: "#7a3fd1",
            State.ACTION_REQUIRED: "#a65a00",
            State.UNKNOWN: "#b5257f",
            State.CANCELED: "#18794e",
            State.DONE: "#0f766e",
            State.PARTIALLY_CANCELED: "#5c7a00",
            State.REJECTED: "#c62a2f",
            State.UNSUPPORTED: "#7a5c48",
            State.WITHDRAWN: "#5b6675",
            State.EXPIRED: "#8f3d0a",
            State.SHIPPED_ANYWAY: "#c2410c",
        },
    ),
    "dark": Theme(
        ink="#e6e8eb",
        faint="#9aa4b0",
        paper="#131416",
        box="#1e2126",
        targets={
            State.PENDING: "#a3adba",
            State.REPORTED: "#4cc3d9",
            State.SENDING: "#6ea8ff",
            State.ACKNOWLEDGED: "#b794ff",
            State.ACTION_REQUIRED: "#f0a83c",
            State.UNKNOWN: "#f27fc0",
            State.CANCELED: "#4cc38a",
            State.DONE: "#3fc6b8",
            State.PARTIALLY_CANCELED: "#a8c545",
            State.REJECTED: "#ff7b7f",
            State.UNSUPPORTED: "#c6a58d",
            State.WITHDRAWN: "#a3adba",
            State.EXPIRED: "#ffb38a",
            State.SHIPPED_ANYWAY: "#ff8a4c",
        },
    ),
}

MARGIN = 12
LANE = 26
"""Between two lines that run beside each other."""
PORT = 22
"""Between two lines at one side of a box."""
LABEL = 136
"""For the names of what happens, left of the open states."""
OPEN_WIDTH, SETTLED_WIDTH = 240, 210
APART = 7
"""Between two lines that would else lie upon each other, at least."""
GAP = 28
"""Between two open states."""
NAME, SMALL, LINE = 19, 15.5, 20
"""Sizes of the text, and the height of a line of the smaller one."""
FONT = "system-ui, Segoe UI, Roboto, Helvetica, Arial, sans-serif"
CHARACTER = 7.6
"""The width of a character of the smaller text, at most."""

Change = tuple[State, EventKind, State]


class Side(enum.Enum):
    """Where a change is drawn: beside which states."""

    LEFT = "left of the open states"
    MIDDLE = "between open and settled states"
    RIGHT = "right of the settled states"


@frozen
class Box:
    """A state as it is drawn. staying: the lines of the names of what leaves it as it is."""

    state: State
    x: float
    y: float
    width: float
    height: float
    staying: tuple[tuple[EventKind, ...], ...]


def _side(change: Change) -> Side:
    before, _, after = change
    if before in OPEN:
        return Side.LEFT if after in OPEN else Side.MIDDLE
    if after in OPEN:
        raise ValueError(f"{before.value} is settled, so nothing leads from it to {after.value}")
    return Side.RIGHT


class _Picture:
    """Where everything stands."""

    def __init__(self) -> None:
        every = [(before, kind, after) for (before, kind), after in TRANSITIONS.items()]
        self.staying = [change for change in every if change[0] is change[2]]
        self.changes = [change for change in every if change[0] is not change[2]]
        self.rows = {
            state: row for row, state in enumerate((*self._states(is_open=True), *self._states(is_open=False)))
        }
        self.lanes = {side: self._lanes(side) for side in Side}
        self.boxes: dict[State, Box] = {}
        x = MARGIN + LANE * len(self.lanes[Side.LEFT]) + LABEL
        y = float(MARGIN + GAP)
        for state in self._states(is_open=True):
            self.boxes[state] = self._box(state, x, y, OPEN_WIDTH)
            y += self.boxes[state].height + GAP
        self.height = y - GAP + MARGIN
        self.edges = {Side.LEFT: x, Side.MIDDLE: x + OPEN_WIDTH}
        x += OPEN_WIDTH + LANE * (len(self.lanes[Side.MIDDLE]) + 1)
        settled = self._states(is_open=False)
        for row, state in enumerate(settled):
            box = self._box(state, x, 0, SETTLED_WIDTH)
            middle = MARGIN + GAP + (self.height - 2 * MARGIN - GAP) * (row + 0.5) / len(settled)
            self.boxes[state] = self._beside_others(evolve(box, y=middle - box.height / 2))
        self.edges[Side.RIGHT] = x + SETTLED_WIDTH
        self.width = x + SETTLED_WIDTH + LANE * len(self.lanes[Side.RIGHT]) + MARGIN

    def _beside_others(self, box: Box) -> Box:
        """A settled state, moved until the line into it runs beside those that leave the open states."""
        leaving = [
            self.port_y(change[0], Side.MIDDLE, change) for change in self.changes if _side(change) is Side.MIDDLE
        ]
        self.boxes[box.state] = box
        while any(abs(self.port_y(box.state, Side.MIDDLE, None) - y) < APART for y in leaving):
            box = self.boxes[box.state] = evolve(box, y=box.y - 1)
        return box

    @staticmethod
    def _states(*, is_open: bool) -> list[State]:
        return [state for state in State if (state in OPEN) is is_open]

    def _lanes(self, side: Side) -> list[State]:
        """The states that lines at a side lead to: those with the longest way come last."""
        found = {change[2] for change in self.changes if _side(change) is side}

        def reach(state: State) -> tuple[int, int]:
            rows = [self.rows[change[0]] for change in self.changes if change[2] is state and _side(change) is side]
            rows.append(self.rows[state])
            return (max(rows) - min(rows), self.rows[state])

        return sorted(found, key=reach if side is not Side.MIDDLE else lambda state: -self.rows[state])

    def _box(self, state: State, x: float, y: float, width: float) -> Box:
        names = [kind.value for before, kind, _ in self.staying if before is state]
        # A blank between two names may be broken, and one within a name may not.
        text = wrap(", ".join(name.replace(" ", "_") for name in names), int((width - 16) / CHARACTER))
        kinds = {kind.value.replace(" ", "_"): kind for kind in EventKind}
        staying = tuple(tuple(kinds[word.strip(",")] for word in line.split()) for line in text)
        ports = max(len(self.ports(state, side)) for side in Side)
        return Box(state, x, y, width, max(PORT * (ports + 1), 46 + LINE * len(staying)), staying)

    def ports(self, state: State, side: Side) -> list[Change | None]:
        """The lines that leave a state at a side, from top to bottom; None is the one that leads into it."""
        here: list[Change | None] = [one for one in self.changes if one[0] is state and _side(one) is side]
        if any(one[2] is state and _side(one) is side for one in self.changes):
            here.append(None)
        return sorted(here, key=lambda one: self.rows[state] if one is None else self.rows[one[2]])

    def port_y(self, state: State, side: Side, change: Change | None) -> float:
        """The height at which a line meets the side of a state."""
        box, ports = self.boxes[state], self.ports(state, side)
        return round(box.y + box.height * (ports.index(change) + 1) / (len(ports) + 1))

    def lane_x(self, state: State, side: Side) -> float:
        """Where the line runs that leads to a state."""
        number = self.lanes[side].index(state)
        if side is Side.LEFT:
            return round(self.edges[side] - LABEL - LANE * (number + 0.5))
        return round(self.edges[side] + LANE * (number + 0.8))

    def path(self, change: Change) -> list[tuple[float, float]]:
        """The corners of a change's line, from the state that it leaves to the one that it leads to."""
        before, _, after = change
        side = _side(change)
        x, end = self.lane_x(after, side), self.boxes[after]
        start_y, end_y = self.port_y(before, side, change), self.port_y(after, side, None)
        end_x = end.x + end.width if side is Side.RIGHT else end.x
        return [(self.edges[side], start_y), (x, start_y), (x, end_y), (end_x, end_y)]


def states_svg(theme: Theme) -> str:
    """The picture in one theme's colors."""
    picture = _Picture()
    title = "The states of a case, and every change from one to another"
    size = f'viewBox="0 0 {picture.width:.0f} {picture.height:.0f}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="{FONT}">',
        "<!-- Generated by `python3 tools/dev.py docs` from cases.state_machine.TRANSITIONS. -->",
        f"<title>{title}</title>",
        f'<rect width="100%" height="100%" fill="{theme.paper}"/>',
    ]
    for side in Side:
        for state in picture.lanes[side]:
            lines += _lane(picture, state, side, theme)
    for box in picture.boxes.values():
        lines += _box_lines(box, theme)
    return "\n".join([*lines, "</svg>", ""])


def _lane(picture: _Picture, state: State, side: Side, theme: Theme) -> Iterator[str]:
    """All lines at a side that lead to one state. A dot is where one joins the others; elsewhere lines only cross."""
    color = theme.targets.get(state, theme.ink)
    changes = [change for change in picture.changes if change[2] is state and _side(change) is side]
    paths = [picture.path(change) for change in changes]
    heights = [path[0][1] for path in paths]
    end_x, end_y = paths[0][-1]
    low, high = min(*heights, end_y), max(*heights, end_y)
    for change, path in zip(changes, paths, strict=True):
        data = " ".join(f"{'L' if number else 'M'} {at:g} {y:g}" for number, (at, y) in enumerate(path))
        stroke = f'fill="none" stroke="{color}" stroke-width="2" stroke-linejoin="round"'
        yield f'<path {_data(change)} d="{data}" {stroke}/>'
        start_x, start_y = path[0]
        if low < start_y < high:
            yield f'<circle cx="{path[1][0]:g}" cy="{start_y:g}" r="3.5" fill="{color}"/>'
        if change[1].value not in state.value:
            anchor, at = ("end", start_x - 8) if side is Side.LEFT else ("start", start_x + 8)
            yield (
                f'<text x="{at:g}" y="{start_y - 6.5:g}" text-anchor="{anchor}" font-size="{SMALL}" fill="{color}" '
                f'stroke="{theme.paper}" stroke-width="3" paint-order="stroke">{escape(change[1].value)}</text>'
            )
    if low < end_y < high:
        yield f'<circle cx="{paths[0][1][0]:g}" cy="{end_y:g}" r="3.5" fill="{color}"/>'
    away = 11 if side is Side.RIGHT else -11
    yield (
        f'<path d="M {end_x:g} {end_y:g} l {away} -6 v 12 z" fill="{color}" stroke="{theme.paper}" stroke-width="1"/>'
    )


def _data(change: Change) -> str:
    before, kind, after = (quoteattr(one.name.lower()) for one in change)
    return f"data-from={before} data-event={kind} data-to={after}"


def _box_lines(box: Box, theme: Theme) -> Iterator[str]:
    """A state with its name and what leaves it as it is."""
    color = theme.targets.get(box.state, theme.ink)
    middle, y = box.x + box.width / 2, box.y + box.height / 2 - LINE * len(box.staying) / 2 + 6
    dashed = "" if box.state in OPEN else ' stroke-width="3"'
    yield (
        f'<rect data-state="{box.state.name.lower()}" x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" '
        f'height="{box.height:g}" rx="10" fill="{theme.box}" stroke="{color}"{dashed}/>'
    )
    if box.state in INITIAL_STATES:
        yield f'<circle cx="{middle:g}" cy="{box.y - 20:g}" r="6" fill="{theme.ink}"/>'
        yield f'<path d="M {middle:g} {box.y - 14:g} v 8" stroke="{theme.ink}" stroke-width="2"/>'
        yield f'<path d="M {middle:g} {box.y:g} l -5 -9 h 10 z" fill="{theme.ink}"/>'
    text = f'text-anchor="middle" x="{middle:g}"'
    yield f'<text {text} y="{y:g}" font-size="{NAME}" font-weight="600" fill="{theme.ink}">{box.state.value}</text>'
    for number, kinds in enumerate(box.staying, start=1):
        is_last = number == len(box.staying)
        names = " ".join(
            f"<tspan {_data((box.state, kind, box.state))}>{escape(kind.value)}</tspan>"
            + ("" if is_last and kind is kinds[-1] else ",")
            for kind in kinds
        )
        yield f'<text {text} y="{y + LINE * number:g}" font-size="{SMALL}" fill="{theme.faint}">{names}</text>'
