"""What is read of a tutorial, and what a conversion gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from walkthroughs.content.problems import Problem


@dataclass(frozen=True, slots=True)
class PageRef:
    """A file of a course, as the course lists it.

    Attributes:
        title: what the list calls it; none: the file says it itself.
        section: the heading that groups it with its neighbours.
    """

    path: str
    title: str | None = None
    section: str | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """What becomes one walkthrough.

    Attributes:
        name: what its id is made of if the title has no Latin letters.
        pages: its files, in order.
        title: none: the first page says it.
        is_split: its pages are split into steps by their headings.
        is_mdx: its Markdown may hold components and imports, whatever the ending says.
    """

    name: str
    pages: tuple[PageRef, ...]
    title: str | None = None
    description: str | None = None
    is_split: bool = False
    is_mdx: bool = False


@dataclass(frozen=True, slots=True)
class Converted:
    """What a tutorial became.

    Attributes:
        kind: what the tutorial was read as; empty: no Markdown was found.
        files: path from the repository's root -> bytes.
        notes: what could not be carried over: file and line of the tutorial.
        problems: the errors that `content lint` finds in *files*.
        steps: the number of steps of each walkthrough, by its id.
    """

    kind: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)
    notes: tuple[Problem, ...] = ()
    problems: tuple[Problem, ...] = ()
    steps: Mapping[str, int] = field(default_factory=dict)


class Notes:
    """Collects what could not be carried over of one file."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._lines: dict[str, list[int]] = {}

    def add(self, line: int, message: str) -> None:
        """Note something of a line; the same message of a file is told once, with a count."""
        self._lines.setdefault(message, []).append(line)

    def all(self) -> list[Problem]:
        """Return the notes in the order of lines."""
        notes = []
        for message, lines in self._lines.items():
            more = f" (and {len(lines) - 1:,} more in this file)" if len(lines) > 1 else ""
            notes.append(Problem(self.path, min(lines), message + more))
        return sorted(notes, key=lambda note: note.line)


class Notebook:
    """Collects what could not be carried over of a tutorial."""

    def __init__(self) -> None:
        self._notes: dict[str, Notes] = {}

    def of(self, path: str) -> Notes:
        """Return the notes of a file."""
        return self._notes.setdefault(path, Notes(path))

    def all(self) -> tuple[Problem, ...]:
        """Return the notes by file, as the files were read."""
        return tuple(note for each in self._notes.values() for note in each.all())
