"""walkthrough.yml: what a walkthrough is called, and which files are its steps. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from sync.format.fields import Fields
from sync.format.yaml_subset import Mapping, Node, Scalar, Sequence, YamlRefused, load
from sync.layout import MAX_SERVERS, StepFile
from walkthroughs.content.limits import MAX_MINUTES, MAX_STEPS
from walkthroughs.content.problems import Problem
from walkthroughs.content.values import Move

#: In the order that is written.
KEYS = (
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
class Manifest:
    """What a walkthrough.yml says. No id: it could not be read."""

    id: str | None
    title: str = ""
    description: str | None = None
    is_published: bool = False
    tags: tuple[str, ...] = ()
    estimated_minutes: int | None = None
    servers: tuple[str, ...] = ()
    servers_line: int = 1
    steps: tuple[StepFile, ...] = ()
    moved: tuple[Move, ...] = ()


def read_manifest(path: str, text: str, problems: list[Problem]) -> Manifest:
    """Return what *text* says; mistakes are added to *problems*."""
    try:
        node = load(text)
    except YamlRefused as error:
        problems.append(Problem(path, error.line, str(error)))
        return Manifest(None)
    fields = Fields(node, path, problems, KEYS)
    author_id = fields.id()
    return Manifest(
        id=author_id,
        title=fields.title(),
        description=fields.text("description"),
        is_published=fields.choice("status", ("draft", "published")) == "published",
        tags=fields.texts("tags"),
        estimated_minutes=fields.integer("estimated_minutes", 1, MAX_MINUTES),
        servers=_servers(fields),
        servers_line=fields.line("servers"),
        steps=_steps(fields),
        moved=_moved(fields, author_id),
    )


def _servers(fields: Fields) -> tuple[str, ...]:
    servers = fields.texts("servers")
    if len(servers) > MAX_SERVERS:
        message = f"{len(servers):,} servers; a walkthrough names at most {MAX_SERVERS}"
        fields.add_problem(fields.line("servers"), message)
    return servers


def _steps(fields: Fields) -> tuple[StepFile, ...]:
    node = fields.mapping.items.get("steps")
    if not isinstance(node, Sequence) or not node.items:
        fields.refuse_missing("steps", "list the step files in order")
        return ()
    steps: list[StepFile] = []
    for item in node.items:
        steps += _section(fields, item) if isinstance(item, Mapping) else _file(fields, item, None)
    if len(steps) > MAX_STEPS:
        fields.add_problem(node.line, f"{len(steps)} steps; a walkthrough has at most {MAX_STEPS}")
    first_lines: dict[str, int] = {}
    for step in steps:
        first = first_lines.setdefault(step.file, step.line)
        if first != step.line:
            fields.add_problem(step.line, f'"{step.file}" is listed twice (first on line {first})')
    return tuple(steps)


def _section(fields: Fields, node: Mapping) -> list[StepFile]:
    inner = Fields(node, fields.path, fields.problems, ("section", "steps"))
    title = inner.title("section")
    listed = node.items.get("steps")
    if not isinstance(listed, Sequence) or not listed.items:
        inner.add_problem(inner.line("steps"), "a section needs a list of steps")
        return []
    return [step for item in listed.items for step in _file(inner, item, title)]


def _file(fields: Fields, node: Node, section: str | None) -> list[StepFile]:
    if not isinstance(node, Scalar) or not node.text.endswith(".md"):
        fields.add_problem(node.line, "a step is the path of a .md file, such as steps/install.md")
        return []
    return [StepFile(node.text, section, node.line)]


def _moved(fields: Fields, own_id: str | None) -> tuple[Move, ...]:
    node = fields.mapping.items.get("moved", Sequence((), 0))
    if not isinstance(node, Sequence):
        fields.add_problem(node.line, '"moved" must be a list of {from: old-id, to: new-id}')
        return ()
    moves: dict[tuple[str | None, str], Move] = {}
    for item in node.items:
        entry = Fields(item, fields.path, fields.problems, ("from", "to"))
        origin, new = _origin(entry, own_id), entry.id("to")
        if origin is None or new is None:
            continue
        walkthrough, old = origin
        name = f"{walkthrough}/{old}" if walkthrough else old
        if origin in moves:
            entry.add_problem(item.line, f'"{name}" was moved before; an id moves once')
        elif walkthrough is None and _leads_to(moves, new, old):
            entry.add_problem(item.line, f'"{old}" and "{new}" move in a circle')
        else:
            moves[origin] = Move(old, new, walkthrough)
    return tuple(moves.values())


def _origin(entry: Fields, own_id: str | None) -> tuple[str | None, str] | None:
    """Return which step moved: the other walkthrough it was in, if it was in one, and its id."""
    text = entry.text("from")
    if text is None or "/" not in text:
        old = entry.id("from")
        return None if old is None else (None, old)
    walkthrough, old = text.split("/", 1)
    line = entry.line("from")
    if not (entry.check_id(walkthrough, line) and entry.check_id(old, line)):
        return None
    if walkthrough == own_id:
        entry.add_problem(line, f'"{text}" is a step of this walkthrough; write `from: {old}`')
        return None
    return walkthrough, old


def _leads_to(moves: dict[tuple[str | None, str], Move], start: str, end: str) -> bool:
    """Return whether the renames so far, which have no circle, lead from *start* to *end*."""
    while (None, start) in moves:
        start = moves[None, start].new
    return start == end
