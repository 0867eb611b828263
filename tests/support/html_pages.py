"""Pages as tests read them: elements with their attributes and texts, and forms as a browser would send them."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

from attrs import define, field

__all__ = ["Element", "Form", "read_page"]

VOID = frozenset(("area", "base", "br", "col", "hr", "img", "input", "link", "meta", "wbr"))


@define(eq=False)
class Element:
    """An element; `children` are elements and texts."""

    tag: str
    attributes: dict[str, str]
    children: list[Element | str] = field(factory=list)

    @property
    def text(self) -> str:
        """All of its text, with single blanks."""
        return " ".join("".join(self._texts()).split())

    def _texts(self) -> Iterator[str]:
        for child in self.children:
            yield from [child] if isinstance(child, str) else child._texts()

    def all(self, tag: str | None = None, **attributes: str) -> list[Element]:
        """The elements below with this tag and these attributes; `class_` has to be among the classes."""
        return [one for one in self._below() if one.matches(tag, attributes)]

    def one(self, tag: str | None = None, **attributes: str) -> Element:
        """The only such element."""
        found = self.all(tag, **attributes)
        assert len(found) == 1, f"{len(found)} elements {tag} {attributes}"
        return found[0]

    def matches(self, tag: str | None, attributes: dict[str, str]) -> bool:
        """Whether it has the tag and the attributes."""
        for name, value in attributes.items():
            if name == "class_":
                if value not in self.attributes.get("class", "").split():
                    return False
            elif self.attributes.get(name.replace("_", "-")) != value:
                return False
        return tag is None or self.tag == tag

    def _below(self) -> Iterator[Element]:
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child._below()

    def form(self, action: str) -> Form:
        """The form that posts to an address."""
        made = self.one("form", action=action)
        outside = [one for one in self._below() if one.attributes.get("form", "-") == made.attributes.get("id", "")]
        return Form(action, [pair for one in [*made._below(), *outside] for pair in one._pairs()])

    def _pairs(self) -> list[tuple[str, str]]:
        """What it sends with its form."""
        name, kind = self.attributes.get("name"), self.attributes.get("type", "text")
        if name is None or "disabled" in self.attributes:
            return []
        if self.tag == "textarea":
            return [(name, self.text)]
        if self.tag == "select":
            options = self.all("option")
            chosen = [one for one in options if "selected" in one.attributes] or options[:1]
            return [(name, one.attributes.get("value", one.text)) for one in chosen]
        if self.tag != "input" or (kind in ("checkbox", "radio") and "checked" not in self.attributes):
            return []
        return [(name, self.attributes.get("value", "on" if kind == "checkbox" else ""))]


@define
class Form:
    """What a browser would send of a form that nobody touched."""

    action: str
    pairs: list[tuple[str, str]]

    def sent(self, **changed: str) -> dict[str, list[str]]:
        """As httpx takes it, with some fields filled in."""
        made: dict[str, list[str]] = {}
        for name, value in self.pairs:
            made.setdefault(name, []).append(value)
        return made | {name: [value] for name, value in changed.items()}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(made)
        if tag not in VOID:
            self._open.append(made)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open[-1].tag == tag, f"</{tag}> where <{self._open[-1].tag}> is open, line {self.getpos()[0]}"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


def read_page(html: str) -> Element:
    """The root of a page, whose elements must be closed in order."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert len(reader._open) == 1, f"<{reader._open[-1].tag}> is not closed"
    return reader.root
