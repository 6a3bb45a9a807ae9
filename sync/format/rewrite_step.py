"""Write a changed step into its file; the rest keeps its author's spelling. Pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from urllib.parse import quote

from sync.format.export import step_text
from sync.format.step_file import OpenedStep, open_step, read_step, split_front_matter
from sync.format.step_links import WalkthroughFiles
from sync.format.text import any_text
from sync.format.text_merge import merge_texts
from sync.format.yaml_edit import MappingText, NotEditable
from sync.layout import StepFile
from walkthroughs.content import markdown
from walkthroughs.content.pictures import PICTURE_REFERENCE
from walkthroughs.content.problems import Problem, has_errors
from walkthroughs.content.step_text import Parts
from walkthroughs.content.values import StepContent

#: What stands in an address as it is.
_PLAIN_PATH = re.compile(r"[\w./-]+")


def rewritten_step(
    data: bytes, opened: OpenedStep, live: StepContent, wanted: StepContent, own: WalkthroughFiles
) -> bytes:
    """Return the file of a step that is to say what is *wanted*.

    Args:
        data: the file.
        opened: what it holds.
        live: what is delivered of it.
        wanted: what is to be delivered of it.
        own: the files that stay, and the titles that links to them show.
    """
    file = any_text(data)
    text = ""
    for text in _spellings(file.text, opened, live, wanted, own):
        if _reads(text, opened.path, own) == replace(wanted, section=None):
            break
    return file.written(text)


def new_step(path: str, wanted: StepContent, picture_paths: Mapping[str, str]) -> bytes:
    """Return the file of a new step, at *path*."""
    return _with_local_pictures(step_text(wanted), path, picture_paths).encode()


def reads_as(data: bytes, path: str, wanted: StepContent, own: WalkthroughFiles) -> bool:
    """Return whether a file says what is *wanted*, whatever its section."""
    return _reads(data, path, own) == replace(wanted, section=None)


def _spellings(
    text: str, opened: OpenedStep, live: StepContent, wanted: StepContent, own: WalkthroughFiles
) -> Iterator[str]:
    """Yield texts that may say what is *wanted*, the nearest to the author's first."""
    front, _, rest = split_front_matter(text)
    canonical = _with_local_pictures(step_text(wanted), opened.path, own.picture_paths)
    plain_front, _, plain_body = split_front_matter(canonical)
    bodies = [plain_body[:-1]]
    if _parts(live) == _parts(wanted):
        bodies.insert(0, rest[:-1])
    else:
        before, after = (
            _with_local_pictures(markdown.join(_parts(step)), opened.path, own.picture_paths)
            for step in (live, wanted)
        )
        merged = merge_texts(before, after, rest[:-1])
        if merged is not None:
            bodies.insert(0, merged)
    for new_front in filter(None, (_front(front, live, wanted), plain_front)):
        for body in bodies:
            yield f"---\n{new_front}\n---\n{body}"


def _front(front: str, live: StepContent, wanted: StepContent) -> str | None:
    try:
        mapping = MappingText(front, ("id", "title", "revision"))
        if live.id != wanted.id:
            mapping.set("id", wanted.id)
        if live.title != wanted.title:
            mapping.set("title", wanted.title)
        if live.revision != wanted.revision:
            mapping.set("revision", None if wanted.revision == 1 else wanted.revision)
        return mapping.result().removesuffix("\n")
    except NotEditable:
        return None


def _reads(data: str | bytes, path: str, own: WalkthroughFiles) -> StepContent | None:
    """Return what is delivered of a file, without its section; none if it has a mistake."""
    problems: list[Problem] = []
    raw = data.encode() if isinstance(data, str) else data
    inner = path.removeprefix(f"{own.folder}/")
    opened = open_step(path, own.folder, StepFile(inner, None, 1), {path: raw}, problems)
    read = read_step(opened, own, problems) if opened is not None else None
    return None if has_errors(problems) else read


def _parts(step: StepContent) -> Parts:
    return Parts(step.content, step.agent_instructions, step.verify)


def _with_local_pictures(text: str, path: str, picture_paths: Mapping[str, str]) -> str:
    """Return *text* with the files of pictures that are there, seen from the step at *path*."""

    def local(found: re.Match[str]) -> str:
        file = picture_paths.get(found[0].removeprefix("i/"))
        if file is None:
            return found[0]
        relative = posixpath.relpath(file, posixpath.dirname(path))
        return relative if _PLAIN_PATH.fullmatch(relative) else quote(relative)

    return PICTURE_REFERENCE.sub(local, text)
