"""Links and pictures of a step: what is carried over, and what is not. Pure."""

from __future__ import annotations

import html
import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from sync.convert.body.tags import TAG, Tag, attributes
from sync.convert.lines import Found, Line, joined, substitute
from sync.convert.tutorial import LinkScope, Pictures
from sync.convert.values import Notes
from walkthroughs.content.pictures import PictureRefused

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_LINK_SCHEMES = frozenset({"http", "https", "mailto"})
_URL = r"(?P<url><[^<>\n\0]*>|[^\s()<>\0]*(?:\([^\s()<>\0]*\)[^\s()<>\0]*)*+)"
_TITLE = r"(?:[ \t\n]+(?:\"[^\"\0]{0,500}\"|'[^'\0]{0,500}'))?[ \t]*(?:=\d*x\d*[ \t]*)?"
_PICTURE = re.compile(
    rf"(?<!\\)!\[(?P<text>(?:[^\[\]]|\[[^\[\]]{{0,500}}\]){{0,2000}}+)\]\([ \t]*{_URL}{_TITLE}\)"
)
_LINK = re.compile(
    r"(?<![!\\])\[(?P<text>(?:[^\[\]]|!?\[[^\[\]]{0,500}\]){0,2000}+)\]"
    rf"\([ \t]*{_URL}{_TITLE}\)"
)
_AUTOLINK = re.compile(r"<(?P<url>[A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>\0]*)>")
_ENDINGS = ("", ".md", ".mdx", "/index.md", "/index.mdx", "/README.md", "/_index.md")


def convert_links(
    lines: list[Line], scope: LinkScope, pictures: Pictures, notes: Notes
) -> list[Line]:
    """Return the lines with links and pictures that work in a step."""
    text = joined(lines)
    if "](" not in text and "<" not in text:
        return lines
    conversion = _Links(scope, pictures, notes)
    lines = substitute(lines, _PICTURE, conversion.picture)
    lines = substitute(lines, _LINK, conversion.link)
    lines = substitute(lines, _AUTOLINK, conversion.autolink)
    return substitute(lines, TAG, conversion.tag()) if "<" in joined(lines) else lines


@dataclass(frozen=True, slots=True)
class _Links:
    scope: LinkScope
    pictures: Pictures
    notes: Notes

    def picture(self, found: Found) -> str | None:
        url = found["url"].strip("<>")
        new = self._picture(url, found.number)
        if new is None:
            return found["text"].strip()
        return None if new == url else f"![{found['text']}]({new})"

    def link(self, found: Found) -> str | None:
        url = found["url"].strip("<>")
        if self._stays(url, found.number):
            return None
        text = found["text"]
        is_plain = not re.search(r"[*_`\[\]<>\n]", text) and text.strip() == text and text
        return f"*{text}*" if is_plain else text

    def autolink(self, found: Found) -> str | None:
        scheme = found["url"].split(":")[0].lower()
        if scheme in _LINK_SCHEMES:
            return None
        self.notes.add(found.number, f'a link of the kind "{scheme}:" became its text')
        return f"`{found['url']}`"

    def tag(self) -> Callable[[Found], str | None]:
        """Return what rewrites tags; it remembers which links are open."""
        opened: list[bool] = []

        def replaced(found: Found) -> str | None:
            name = found["name"].lower()
            if name == "a":
                if found["end"]:
                    return None if not opened or opened.pop() else ""
                url = attributes(_tag(found)).get("href")
                stays = url is None or self._stays(html.unescape(url), found.number)
                opened.append(stays)
                return None if stays else ""
            if name in {"img", "source", "video"} and not found["end"]:
                return self._media(name, found)
            return None

        return replaced

    def _media(self, name: str, found: Found) -> str | None:
        given = attributes(_tag(found))
        key = "src" if given.get("src") else "srcset"
        url = html.unescape((given.get(key) or "").strip().split(" ")[0])
        if name != "img" and (not url or url.startswith("https://")):
            return None
        new = self._picture(url, found.number)
        if new is None:
            return (
                html.escape(html.unescape(given.get("alt") or ""))
                if name == "img"
                else ""
                if name == "source"
                else "<video>"
            )
        if new == url:
            return None
        rest = (
            f' {each}="{html.escape(html.unescape(value))}"'
            for each, value in given.items()
            if each in {"alt", "width", "height", "align"} and value is not None
        )
        return f'<{name} {key}="{html.escape(new)}"{"".join(rest)}>'

    def _stays(self, url: str, number: int) -> bool:
        """Return whether a link can stay as it is; note why not, unless nothing is lost."""
        scheme = _SCHEME.match(url)
        if scheme:
            if scheme[1].lower() not in _LINK_SCHEMES:
                self.notes.add(number, f'a link of the kind "{scheme[1].lower()}:" became its text')
            return scheme[1].lower() in _LINK_SCHEMES
        if url.startswith("#"):
            return True
        if url.startswith("//"):
            self.notes.add(number, "a link without https: became its text")
            return False
        if self._page(url) is None:
            self.notes.add(
                number, f'the link to "{url[:80]}" became its text: that file is no step'
            )
        return False

    def _page(self, url: str) -> str | None:
        plain = unquote(url.split("#")[0].split("?")[0]).rstrip("/")
        stem = re.sub(r"\.html?\Z", "", plain)
        for path in self._candidates(plain):
            if path in self.scope.tutorial.pages:
                return path
        for base in self._candidates(stem):
            for ending in _ENDINGS:
                if f"{base}{ending}".lstrip("/") in self.scope.tutorial.pages:
                    return base + ending
        return None

    def _candidates(self, path: str) -> list[str]:
        """Return where in the source a path of a link may be."""
        if path.startswith("/"):
            joined_paths = [posixpath.join(root, path.lstrip("/")) for root in self.scope.roots]
        else:
            here = posixpath.dirname(self.scope.page)
            joined_paths = [
                posixpath.join(here, path),
                *(posixpath.join(root, path) for root in self.scope.roots),
            ]
        plain = [posixpath.normpath(each) for each in joined_paths]
        return [each for each in plain if not each.startswith("..")]

    def _file(self, path: str) -> str | None:
        """Return the file at a path, else a picture whose path ends like it."""
        tutorial = self.scope.tutorial
        for each in self._candidates(path):
            if each in tutorial.files:
                return each
        ending = "/" + re.sub(r"\A(?:\.{0,2}/)+", "", path)
        named = tutorial.pictures.get(posixpath.basename(path), ())
        return next((each for each in named if f"/{each}".endswith(ending)), None)

    def _picture(self, url: str, number: int) -> str | None:
        """Return where a picture is for a step; none, and a note, if it is not carried over."""
        if url.startswith("https://"):
            return url
        scheme = _SCHEME.match(url)
        if scheme or url.startswith("//"):
            kind = scheme[1].lower() if scheme else "//"
            self.notes.add(number, f'a picture by "{kind}:" became its description')
            return None
        plain = unquote(url.split("#")[0].split("?")[0])
        path = self._file(plain)
        if path is None:
            self.notes.add(number, f'the picture "{url[:80]}" is not there; its description stays')
            return None
        try:
            return self.pictures.add(path, self.scope.tutorial.files[path])
        except PictureRefused as error:
            self.notes.add(number, f'the picture "{url[:80]}" is not shown: {error}')
            return None


def _tag(found: Found) -> Tag:
    return Tag(0, 0, found["name"], found["attributes"], bool(found["end"]), bool(found["empty"]))
