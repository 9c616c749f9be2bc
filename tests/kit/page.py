"""An HTML page as tests read it: elements by name, class and text, links, and forms ready to be sent."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}

INLINE = {"a", "b", "code", "i", "label", "span", "text", "time"}


@dataclass
class Element:
    """An element with its attributes, children and, within them, text."""

    name: str
    attributes: dict[str, str]
    children: "list[Element | str]" = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text below, with white space made single."""
        return " ".join(self._text().split())

    def _text(self) -> str:
        inside = "".join(child if isinstance(child, str) else child._text() for child in self.children)
        return inside if self.name in INLINE else f" {inside} "

    @property
    def classes(self) -> set[str]:
        return set(self.attributes.get("class", "").split())

    def walk(self) -> "Iterator[Element]":
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child.walk()

    def all(self, name: str = "*", css: str | None = None, **attributes: str) -> "list[Element]":
        """Return the elements below of this name, class and attributes (``name_`` for ``name``), in order."""
        return [
            element
            for element in self.walk()
            if name in ("*", element.name)
            and (css is None or css in element.classes)
            and all(element.attributes.get(key.rstrip("_")) == value for key, value in attributes.items())
        ]

    def one(self, name: str = "*", css: str | None = None, **attributes: str) -> "Element":
        """Return the only such element."""
        found = self.all(name, css, **attributes)
        assert len(found) == 1, f"{len(found)} elements {name}.{css} {attributes}"
        return found[0]

    def section(self, title: str) -> "Element":
        """Return the section whose heading is ``title``."""
        found = [each for each in self.all("section") if any(h.text == title for h in each.all("h2"))]
        assert len(found) == 1, f"{len(found)} sections {title}"
        return found[0]

    def link(self, text: str) -> str:
        """Return where the only link with this text leads."""
        found = {each.attributes["href"] for each in self.all("a") if each.text == text}
        assert len(found) == 1, f"links {text}: {found}"
        return found.pop()

    def form(self, button: str) -> "tuple[str, dict[str, str]]":
        """Return the address and the present values of the only form with such a button."""
        forms = [form for form in self.all("form") if any(b.text == button for b in form.all("button"))]
        assert len(forms) == 1, f"{len(forms)} forms with a button {button}"
        return forms[0].attributes["action"], {
            field.attributes["name"]: field.value
            for field in forms[0].walk()
            if field.name in ("input", "select", "textarea") and field.counts
        }

    @property
    def value(self) -> str:
        """What a field of a form holds as it is shown."""
        if self.name == "textarea":
            return "".join(child for child in self.children if isinstance(child, str))
        if self.name == "select":
            options = self.all("option")
            chosen = next((it for it in options if "selected" in it.attributes), options[0])
            return chosen.attributes.get("value", chosen.text)
        return self.attributes.get("value", "")

    @property
    def counts(self) -> bool:
        """Whether a field is sent: one with a name, and a box or a choice only where it is taken."""
        taken = self.attributes.get("type") not in ("checkbox", "radio") or "checked" in self.attributes
        return taken and "name" in self.attributes


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        opened = self.open.pop().name
        assert opened == tag, f"<{opened}> is closed by </{tag}>"

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def page(text: str) -> Element:
    """Read a page; elements that are not closed in their order fail the test."""
    builder = _Builder()
    builder.feed(text)
    builder.close()
    assert [each.name for each in builder.open] == [""], "not every element is closed"
    return builder.root
