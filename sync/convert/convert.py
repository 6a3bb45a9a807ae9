"""A tutorial of another format to a content repository. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from sync.convert.assemble import Draft, assemble, unique_id
from sync.convert.sources.detect import find_courses
from sync.convert.tutorial import tutorial_of
from sync.convert.values import Converted, Notebook
from sync.format.export import export
from sync.format.parse import parse_repository
from sync.format.text import slug
from sync.layout import READ_ENDINGS, WALKTHROUGHS, FileData, PictureFile
from walkthroughs.content.limits import MAX_MANIFEST, MAX_STEPS
from walkthroughs.content.picture_reader import read_picture
from walkthroughs.content.problems import Severity
from walkthroughs.content.values import AuthoredWalkthrough, StepContent, WalkthroughContent


def convert(files: Mapping[str, bytes], name: str, level: int | None = None) -> Converted:
    """Return the walkthroughs that a tutorial makes, all of them drafts.

    Args:
        files: path from the tutorial's folder -> bytes; one Markdown file, or a folder.
        name: of the folder or file: the title if none is written.
        level: the heading level to split pages at; none: the one that gives the best steps.
    """
    notes = Notebook()
    written: dict[str, bytes] = {}
    steps: dict[str, int] = {}
    taken: set[str] = set()
    kind, courses = find_courses(files, name, notes)
    tutorial = tutorial_of(files, (ref.path for course in courses for ref in course.pages))
    for course in courses:
        draft = assemble(course, tutorial, level, notes)
        if draft is None:
            notes.of(course.pages[0].path).add(
                1, f'no text was found for "{course.title or course.name}"'
            )
            continue
        for part in _volumes(draft):
            own_id = _id(part.title, course.name, taken)
            written |= _files(part, own_id)
            steps[own_id] = len(part.steps)
    problems = parse_repository({path: _as_read(path, data) for path, data in written.items()})
    errors = [each for each in problems.problems if each.severity is Severity.ERROR]
    return Converted(kind, written, notes.all(), tuple(errors), steps)


def _id(title: str, name: str, taken: set[str]) -> str:
    """Return an id of the title, with the name where several have that title."""
    is_taken = slug(title) in taken
    names = (f"{title} {name}", title, name) if is_taken else (title, name)
    return unique_id((*names, "walkthrough"), taken)


def _as_read(path: str, data: bytes) -> FileData:
    return data if path.endswith(READ_ENDINGS) else PictureFile(partial(read_picture, data))


def _files(draft: Draft, own_id: str) -> dict[str, bytes]:
    content = WalkthroughContent(
        own_id, draft.title, draft.description, draft.steps, estimated_minutes=draft.minutes
    )
    used = "\n".join(step.content for step in draft.steps)
    pictures = {
        f"{WALKTHROUGHS}/{own_id}/steps/{name}": data
        for name, data in draft.pictures.items()
        if name in used
    }
    return export(AuthoredWalkthrough(content)) | pictures


def _volumes(draft: Draft) -> Iterator[Draft]:
    """Yield a walkthrough, or several in a row if it has more steps than one may have."""
    groups = list(_groups(draft.steps))
    for number, steps in enumerate(groups, 1):
        title = f"{draft.title[:180]} ({number})" if len(groups) > 1 else draft.title
        minutes = draft.minutes if len(groups) == 1 else None
        yield Draft(title, draft.description, minutes, steps, draft.pictures)


def _groups(steps: tuple[StepContent, ...]) -> Iterator[tuple[StepContent, ...]]:
    group: list[StepContent] = []
    size = 0
    for step in steps:
        line = len(step.id) + 24 + 2 * len((step.section or "").encode()) + 60 * bool(step.section)
        if group and (len(group) == MAX_STEPS or size + line > MAX_MANIFEST - 8192):
            yield tuple(group)
            group, size = [], 0
        group.append(step)
        size += line
    if group:
        yield tuple(group)
