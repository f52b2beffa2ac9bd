"""What a parser makes of a page: its elements, what hangs on them, and the text that a reader sees."""

from __future__ import annotations

from html.parser import HTMLParser

from msgspec import Struct, field

# Elements that have no end, and those whose end may be left out.
_VOID = {"meta", "link", "input", "line", "rect", "path", "wbr"}
_OPEN = {"td", "th", "tr"}
_UNSEEN = {"script", "style"}


class Element(Struct, frozen=True):
    """An element with its attributes, its text and that of all in it, and the names of what it stands in."""

    name: str
    attributes: dict[str, str]
    within: tuple[str, ...]
    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())


class Outline(HTMLParser):
    """The elements of a page in order. A page whose elements do not close as they opened is no page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _OPEN:
            self._close_open("tr" if tag == "tr" else "td")
        element = Element(tag, {name: value or "" for name, value in attrs}, tuple(open_.name for open_ in self._open))
        assert len(element.attributes) == len(attrs), attrs
        self.elements.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        if tag not in _OPEN:
            self._close_open("tr")
        elif tag == "tr":
            self._close_open("td")
        assert self._open.pop().name == tag

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.texts.append(data)

    def find(self, name: str = "", **attributes: str) -> list[Element]:
        """The elements of a name that have attributes, of which a word of the value is given."""
        return [
            element
            for element in self.elements
            if name in ("", element.name)
            and all(word in element.attributes.get(key, "").split() for key, word in attributes.items())
        ]

    @property
    def skeleton(self) -> list[tuple[str, tuple[str, ...]]]:
        """All of the page but its texts and the values of its attributes."""
        return [(element.name, tuple(element.attributes)) for element in self.elements]

    @property
    def text(self) -> str:
        """What a reader can see."""
        (body,) = self.find("body")
        unseen = {text for element in self.elements if element.name in _UNSEEN for text in element.texts}
        return " ".join("".join(text for text in body.texts if text not in unseen).split())

    def _close_open(self, outermost: str) -> None:
        """Close the cells, or the row too, whose ends were left out."""
        names = ("td", "th", "tr") if outermost == "tr" else ("td", "th")
        while self._open and self._open[-1].name in names:
            self._open.pop()
