"""What becomes of a step's links and pictures that lead to files of the repository. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from sync.layout import MAX_PICTURES_BYTES, FileData, PictureFile
from walkthroughs.content.findings import Finding
from walkthroughs.content.look import Resolved
from walkthroughs.content.pictures import Picture, PictureRefused
from walkthroughs.content.problems import Severity
from walkthroughs.content.reader import Link

#: The page of a path of the content's folder at the repository's host; none if it is not known.
WebAddress = Callable[[str], str | None]


def no_address(_: str) -> str | None:
    """Know no host."""
    return None


@dataclass(frozen=True, slots=True)
class WalkthroughFiles:
    """A walkthrough's own files, and what was read of them for its links.

    Attributes:
        folder: its path.
        files: by path.
        titles: of each listed step, by the path of its file.
        web_address: where the repository's host shows a file.
        pictures: what its steps show, by name; links add to it.
        picture_paths: a file of each of them, by name.
    """

    folder: str
    files: Mapping[str, FileData]
    titles: Mapping[str, str]
    web_address: WebAddress
    pictures: dict[str, Picture] = field(default_factory=dict)
    picture_paths: dict[str, str] = field(default_factory=dict)
    #: What is found once for any number of links: the folders, and what picture a path is.
    _folders: set[str] = field(default_factory=set, init=False, repr=False, compare=False)
    _opened: dict[str, Resolved | str] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def resolve(self, step: str, link: Link) -> Resolved:
        """Say what becomes of a link of the step whose file is *step*."""
        target = self._path(step, link.target)
        if target is None or not (target == self.folder or target.startswith(f"{self.folder}/")):
            return self._outside(link, target)
        if link.is_picture or isinstance(self.files.get(target), PictureFile):
            return self._picture(link, target)
        if target in self.titles:
            return Resolved(text=f"*{_escaped(self.titles[target])}*")
        if target in self.files or self._is_folder(target):
            return self._elsewhere(link, target)
        return _refused(link, _missing_page(step, target, self.titles))

    def _path(self, step: str, target: str) -> str | None:
        """Return the path that a target leads to; none if it leaves the content's folder.

        A file whose name is the target as written is it; else the target is percent-encoded, as
        in addresses of the web.
        """
        bare = target.split("#")[0].split("?")[0].replace("\\", "/")
        if bare.startswith("/"):
            return None
        found = None
        for name in (target, bare, unquote(bare, errors="replace")):
            path = posixpath.normpath(posixpath.join(posixpath.dirname(step), name))
            found = None if path.startswith("..") else path
            if found in self.files:
                break
        return found

    def _is_folder(self, path: str) -> bool:
        if not self._folders:
            for each in self.files:
                while (each := posixpath.dirname(each)) and each not in self._folders:
                    self._folders.add(each)
        return path in self._folders

    def _picture(self, link: Link, path: str) -> Resolved:
        if path not in self._opened:
            self._opened[path] = self._open(path)
        opened = self._opened[path]
        return _refused(link, opened) if isinstance(opened, str) else opened

    def _open(self, path: str) -> Resolved | str:
        """Return what becomes of links to a picture, or why they are refused."""
        data = self.files.get(path)
        if data is None:
            return "is not in the repository"
        if not isinstance(data, PictureFile):
            return "is no picture that learners are shown: PNG, JPEG, WebP or GIF"
        try:
            picture = data.open()
        except PictureRefused as error:
            return f"cannot be shown: {error}"
        size = sum(len(each.data) for each in self.pictures.values())
        if picture.name not in self.pictures and size + len(picture.data) > MAX_PICTURES_BYTES:
            return "is one too many: the pictures of a walkthrough have 32 MiB"
        self.pictures[picture.name] = picture
        self.picture_paths.setdefault(picture.name, path)
        return Resolved(target=f"i/{picture.name}")

    def _outside(self, link: Link, path: str | None) -> Resolved:
        if link.is_picture:
            return _refused(link, "is not in the walkthrough's folder; put the picture there")
        return self._elsewhere(link, path)

    def _elsewhere(self, link: Link, path: str | None) -> Resolved:
        address = self.web_address(path) if path is not None else None
        if address is not None:
            _, mark, place = link.target.partition("#")
            return Resolved(target=f"{address}{mark}{place}")
        message = f'"{link.target[:100]}" leads to a file that learners cannot open'
        return Resolved(finding=Finding(link.line, message, Severity.WARNING))


def _missing_page(step: str, target: str, titles: Mapping[str, str]) -> str:
    """Return why a link to *target* is refused; websites name their pages without `.md`."""
    file = f"{target.removesuffix('.html')}.md"
    if file not in titles:
        return "is not in the repository"
    name = posixpath.relpath(file, posixpath.dirname(step))
    return f'is not in the repository; the step\'s file is "{name[:100]}"'


def _escaped(title: str) -> str:
    return "".join(f"\\{each}" if each in "\\`*_[]<>&" else each for each in title)


def _refused(link: Link, why: str) -> Resolved:
    return Resolved(finding=Finding(link.line, f'"{link.target[:100]}" {why}'))
