"""walkthrough.yml: what a walkthrough is called, and which files are its steps. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from sync.fields import Fields
from sync.yaml_subset import Mapping, Node, Scalar, Sequence, YamlRefused, load
from walkthroughs.content import Move
from walkthroughs.errors import Problem

MAX_MANIFEST_BYTES = 16 * 1024
MAX_STEPS = 500
_KEYS = (
    "id",
    "title",
    "description",
    "status",
    "tags",
    "estimated_minutes",
    "servers",
    "steps",
    "moved",
)


@dataclass(frozen=True, slots=True)
class StepFile:
    """A step as the manifest lists it: the file (relative), its section, the line."""

    file: str
    section: str | None
    line: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a walkthrough.yml says. No id: it could not be read."""

    id: str | None
    title: str = ""
    description: str | None = None
    is_published: bool = False
    tags: tuple[str, ...] = ()
    estimated_minutes: int | None = None
    servers: tuple[str, ...] = ()
    steps: tuple[StepFile, ...] = ()
    moved: tuple[Move, ...] = ()


def read_manifest(path: str, text: str, problems: list[Problem]) -> Manifest:
    """Return what *text* says; mistakes are added to *problems*."""
    try:
        node = load(text)
    except YamlRefused as error:
        problems.append(Problem(path, error.line, str(error)))
        return Manifest(None)
    fields = Fields(node, path, problems, _KEYS)
    return Manifest(
        id=fields.id(),
        title=fields.title(),
        description=fields.word("description"),
        is_published=fields.choice("status", ("draft", "published")) == "published",
        tags=fields.words("tags"),
        estimated_minutes=fields.whole("estimated_minutes", 1, 10_000),
        servers=fields.words("servers"),
        steps=_steps(fields),
        moved=_moved(fields),
    )


def _steps(fields: Fields) -> tuple[StepFile, ...]:
    node = fields.mapping.items.get("steps")
    if not isinstance(node, Sequence) or not node.items:
        fields.refuse(fields.line("steps"), '"steps" is missing; list the step files in order')
        return ()
    steps: list[StepFile] = []
    for item in node.items:
        steps += _section(fields, item) if isinstance(item, Mapping) else _file(fields, item, None)
    if len(steps) > MAX_STEPS:
        fields.refuse(node.line, f"{len(steps)} steps; a walkthrough has at most {MAX_STEPS}")
    seen: dict[str, int] = {}
    for step in steps:
        first = seen.setdefault(step.file, step.line)
        if first != step.line:
            fields.refuse(step.line, f'"{step.file}" is listed twice (first on line {first})')
    return tuple(steps)


def _section(fields: Fields, node: Mapping) -> list[StepFile]:
    inner = Fields(node, fields.path, fields.problems, ("section", "steps"))
    title = inner.title("section")
    listed = node.items.get("steps")
    if not isinstance(listed, Sequence) or not listed.items:
        inner.refuse(inner.line("steps"), "a section needs a list of steps")
        return []
    return [step for item in listed.items for step in _file(inner, item, title)]


def _file(fields: Fields, node: Node, section: str | None) -> list[StepFile]:
    if not isinstance(node, Scalar) or not node.text.endswith(".md"):
        fields.refuse(node.line, "a step is the path of a .md file, such as steps/install.md")
        return []
    return [StepFile(node.text, section, node.line)]


def _moved(fields: Fields) -> tuple[Move, ...]:
    node = fields.mapping.items.get("moved", Sequence((), 0))
    if not isinstance(node, Sequence):
        fields.refuse(node.line, '"moved" must be a list of {from: old-id, to: new-id}')
        return ()
    moves: dict[str, str] = {}
    for item in node.items:
        entry = Fields(item, fields.path, fields.problems, ("from", "to"))
        old, new = entry.id("from"), entry.id("to")
        if old is None or new is None:
            continue
        if old in moves:
            entry.refuse(item.line, f'"{old}" was moved before; an id moves once')
        elif _leads_to(moves, new, old):
            entry.refuse(item.line, f'"{old}" and "{new}" move in a circle')
        else:
            moves[old] = new
    return tuple(Move(old, new) for old, new in moves.items())


def _leads_to(moves: dict[str, str], start: str, end: str) -> bool:
    """Return whether the moves so far, which have no circle, lead from *start* to *end*."""
    while start in moves:
        start = moves[start]
    return start == end
