"""What holds for every page of the portal, to be asked of any."""

from page import Element


def has_nothing_inline(shown: Element) -> None:
    """A content security policy without exceptions would break what it finds."""
    for element in shown.walk():
        assert element.name != "style"
        assert "style" not in element.attributes
        assert not [name for name in element.attributes if name.startswith("on")]
        if element.name == "script":
            assert element.attributes["src"].startswith("/portal/")
            assert element.text == ""


def has_landmarks(shown: Element) -> None:
    """A language, one heading of the first rank, a main part, a title, and where one is in the navigation."""
    assert shown.one("html").attributes["lang"] == "en"
    shown.one("h1")
    shown.one("main")
    assert shown.one("title").text.endswith("· Isthmus")
    assert len([a for a in shown.one("nav", css="main").all("a") if "aria-current" in a.attributes]) == 1


def names_its_fields(shown: Element) -> None:
    """Every field has a label, every button and every link a name."""
    labelled = {id(field) for label in shown.all("label") for field in label.walk()}
    for field in shown.all("input") + shown.all("select") + shown.all("textarea"):
        if field.attributes.get("type") != "hidden":
            assert id(field) in labelled, field.attributes
    assert all(button.text for button in shown.all("button"))
    assert all(link.text for link in shown.all("a"))


def writes_times_for_machines(shown: Element) -> None:
    for time in shown.all("time"):
        assert time.attributes["datetime"].endswith("Z")
        assert time.text.endswith("UTC") or len(time.text.split()) == 3


def keys_its_forms(shown: Element) -> None:
    for form in shown.all("form", method="post"):
        assert len(form.all("input", name_="csrf_token")) == 1


def names_things_once(shown: Element) -> None:
    """No two elements share an id, and what is referred to is there."""
    ids = [element.attributes["id"] for element in shown.walk() if "id" in element.attributes]
    assert sorted(ids) == sorted(set(ids))
    for element in shown.walk():
        for name in ("aria-labelledby", "aria-describedby", "for"):
            assert set(element.attributes.get(name, "").split()) <= set(ids), element.attributes


def is_sound(shown: Element) -> Element:
    """Return the page, having asked all of it."""
    has_nothing_inline(shown)
    has_landmarks(shown)
    names_its_fields(shown)
    writes_times_for_machines(shown)
    keys_its_forms(shown)
    names_things_once(shown)
    return shown
