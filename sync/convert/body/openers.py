"""The lines that open and close a container, in the languages of tutorials. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: Longer lines open nothing.
_MAX_LENGTH = 500
_COLONS = re.compile(r"[ \t]*:{3,}[ \t]*(?P<own>\{)?[ \t]*\.?(?P<name>[A-Za-z][\w-]*)(?P<rest>.*)")
_COLONS_END = re.compile(r"[ \t]*:{3,}[ \t]*")
_BANG = re.compile(
    r'(?P<indent>[ \t]*)(?:!!!|\?\?\?\+?)[ \t]+(?P<names>[\w -]+?)?[ \t]*(?:"(?P<title>.*)")?[ \t]*'
)
_TAB = re.compile(r'(?P<indent>[ \t]*)===[+!]?[ \t]+"(?P<title>.*)"[ \t]*')
_SHORTCODE = re.compile(
    r"[ \t]*\{(?:\{<|\{%|%)-?[ \t]*(?P<end>/|end)?(?P<name>[A-Za-z][\w/-]*)(?P<rest>.*?)"
    r"-?[>%]\}\}?[ \t]*"
)
_TAG = re.compile(
    r"[ \t]*<(?P<end>/?)(?P<name>[A-Za-z][\w.]*)(?P<rest>(?:[ \t][^<>]*(?:=>[^<>]*)*)?)>[ \t]*"
)
_ATTRIBUTE = re.compile(
    r"(title|label|header|caption|name|type|style|value|class)"
    r"""[ \t]*=[ \t]*\{?["'“]([^"'”]*)["'”]"""
)
_TITLES = ("title", "label", "header", "caption")
_QUOTED = re.compile(r"""["“]([^"”]*)["”]""")

_ADMONITIONS = frozenset(
    {"abstract", "admonition", "alert", "aside", "attention", "box", "callout", "caution",
     "danger", "error", "example", "experimental", "failure", "help", "hint", "important",
     "info", "message", "note", "notice", "prereq", "question", "quote", "seealso", "success",
     "tip", "todo", "warn", "warning"}
)  # fmt: skip
#: Their label says what they are; of the others it is the type that is given.
_GENERIC = frozenset(
    {"admonition", "alert", "aside", "box", "callout", "hint", "message", "notice"}
)
_TABS = frozenset({"tabitem", "tab", "tabpanel", "codetab"})
_PLAIN = frozenset({"tabs", "tabgroup", "tabpane", "codegroup", "steps", "step", "fragment"})
_CODE = frozenset({"highlight", "codeblock"})
_LABELS = {"positive": "Tip", "negative": "Warning", "warn": "Warning", "prereq": "Prerequisites"}


@dataclass(frozen=True, slots=True)
class Opener:
    """A line that opens a container.

    Attributes:
        kind: quote, plain, code, or own (a part for the assistant, which stays as it is).
        label: what stands above the text in bold, or the language of code.
        closer: which line closes it: `colons`, or the name of the tag or shortcode.
        indent: its lines are indented more than this; none: it has a closing line.
    """

    kind: str
    label: str
    closer: str = ""
    indent: int | None = None
    note: str = ""


def opener(text: str, *, is_mdx: bool) -> Opener | None:
    """Return what a line outside code opens, if anything."""
    stripped = text.lstrip()
    if len(text) > _MAX_LENGTH:
        return None
    if stripped.startswith(":::"):
        return _colons(text)
    if stripped.startswith(("!!!", "???")):
        return _bang(text)
    if stripped.startswith("===") and (tab := _TAB.fullmatch(text)):
        return Opener("plain", tab["title"], indent=_width(tab["indent"]))
    if stripped.startswith("{"):
        return _shortcode(text)
    if stripped.startswith("<"):
        return _tag(text, is_mdx=is_mdx)
    return None


def closes(opened: Opener, text: str) -> bool:
    """Return whether a line outside code closes what *opened* began."""
    stripped = text.lstrip()
    if opened.closer == "colons":
        return stripped.startswith(":::") and _COLONS_END.fullmatch(text) is not None
    if not opened.closer or not stripped.startswith(("{", "<")):
        return False
    found = (_TAG if stripped.startswith("<") else _SHORTCODE).fullmatch(text)
    mark = "<" if stripped.startswith("<") else "{"
    return bool(found and found["end"] and f"{mark}{found['name'].lower()}" == opened.closer)


def _colons(text: str) -> Opener | None:
    found = _COLONS.fullmatch(text)
    if found is None:
        return None
    name, rest = found["name"].lower(), found["rest"].rstrip(" \t:")
    if found["own"] and rest == "}" and name in {"agent", "verify"}:
        return Opener("own", "", "colons")
    title = rest.lstrip("} \t").removeprefix("[").removesuffix("]")
    attribute = _ATTRIBUTE.search(rest)
    if attribute:
        title = attribute[2]
    note = ""
    if name in {"agent", "verify"}:
        note = f'":::{name}" is shown to the learner; for the assistant alone, write :::{{{name}}}'
    if name in _PLAIN or name in _TABS:
        return Opener("plain", title if name in _TABS else "", "colons")
    return Opener("quote", _label(name, title), "colons", note=note)


def _bang(text: str) -> Opener | None:
    found = _BANG.fullmatch(text)
    if found is None or not (found["names"] or found["title"]):
        return None
    names = (found["names"] or "note").split()
    return Opener("quote", _label(names[0], found["title"] or ""), indent=_width(found["indent"]))


def _shortcode(text: str) -> Opener | None:
    found = _SHORTCODE.fullmatch(text)
    if found is None or found["end"] or found["rest"].rstrip().endswith("/"):
        return None
    name, rest = found["name"].lower(), found["rest"]
    attributes = dict(_ATTRIBUTE.findall(rest))
    closer = "{" + name
    if name in _CODE:
        language = re.match(r"[ \t]+\"?([\w+-]+)", rest)
        return Opener("code", language[1] if language else "", closer)
    if name in _TABS or name in _PLAIN:
        quoted = _QUOTED.search(rest)
        label = attributes.get("title") or attributes.get("name") or (quoted[1] if quoted else "")
        return Opener("plain", label if name in _TABS else "", closer)
    if name in _ADMONITIONS:
        quoted = _QUOTED.search(rest)
        words = re.findall(r"[A-Za-z]+", rest)
        kind = attributes.get("style") or attributes.get("type") or (words[0] if words else name)
        kind = kind if name in _GENERIC and kind.lower() in _ADMONITIONS else name
        title = attributes.get("title") or ("" if attributes or not quoted else quoted[1])
        return Opener("quote", _label(kind, "" if title.lower() == kind.lower() else title), closer)
    return None


def _tag(text: str, *, is_mdx: bool) -> Opener | None:
    found = _TAG.fullmatch(text)
    if found is None or found["end"] or found["rest"].rstrip().endswith("/"):
        return None
    name, closer = found["name"], f"<{found['name'].lower()}"
    attributes = dict(_ATTRIBUTE.findall(found["rest"]))
    title = next((attributes[key] for key in _TITLES if attributes.get(key)), "")
    if name == "aside" or (name[0].isupper() and name.lower() in _ADMONITIONS):
        kind = attributes.get("type") or attributes.get("class") or name
        return Opener("quote", _label(kind if name.lower() in _GENERIC else name, title), closer)
    if not name[0].isupper() or not (is_mdx or attributes):
        return None
    if name.lower() in _TABS:
        return Opener(
            "plain", title or attributes.get("value") or attributes.get("name") or "", closer
        )
    note = f"the component <{name[:40]}> was taken out; its text stays"
    return Opener("plain", title, closer, note="" if name.lower() in _PLAIN else note)


def _label(name: str, title: str) -> str:
    name = name.lower().split(" ")[0].removeprefix("callout-").removeprefix("admonition-")
    name = "note" if name in _GENERIC else name
    label = _LABELS.get(name, name.replace("-", " ").replace("_", " ").capitalize())
    title = title.strip().strip('"*')
    return f"{label}: {title}" if title and title.lower() != label.lower() else label


def _width(indent: str) -> int:
    return len(indent.expandtabs(4))
