"""Small changes of a program, each of which a test should notice. Pure."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass

_OTHER = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.And: ast.Or, ast.Or: ast.And, ast.Add: ast.Sub, ast.Sub: ast.Add,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
_LOCK = re.compile(r"\s+FOR (?:NO KEY )?UPDATE|\.with_for_update\([^()]*\)")
_CONDITION = re.compile(r"^(\s*(?:AND|WHERE|OR) )(.+)$")


@dataclass(frozen=True)
class Mutant:
    """A changed program. `name` is stable as long as the line is: it is how equal ones are known."""

    name: str
    source: str


def of_rules(source: str) -> Iterator[Mutant]:
    """Yield *source* with one operator, constant or condition changed."""
    tree = ast.parse(source)
    for number, node in enumerate(ast.walk(tree)):
        for what, change in _changes(node):
            changed = copy.deepcopy(tree)
            change(next(n for at, n in enumerate(ast.walk(changed)) if at == number))
            line = source.splitlines()[node.lineno - 1].strip()
            yield Mutant(f"{what}: {line}", ast.unparse(changed))


def _changes(node):
    if isinstance(node, ast.Compare) and type(node.ops[0]) in _OTHER:
        yield "compare", lambda n: n.ops.__setitem__(0, _OTHER[type(n.ops[0])]())
    operator = getattr(node, "op", None)
    if type(operator) in _OTHER and not isinstance(operator, ast.BitOr):  # which is in types, too
        yield "operator", lambda n: setattr(n, "op", _OTHER[type(n.op)]())
    if isinstance(node, ast.If | ast.IfExp):
        yield "always", lambda n: setattr(n, "test", ast.Constant(True))
        yield "never", lambda n: setattr(n, "test", ast.Constant(False))
    if isinstance(node, ast.Constant) and type(node.value) is int:
        yield f"one more than {node.value}", lambda n: setattr(n, "value", n.value + 1)


def of_queries(source: str) -> Iterator[Mutant]:
    """Yield *source* with one condition of an SQL text, or one lock, left out."""
    for found in _LOCK.finditer(source):
        line = source[: found.start()].count("\n")
        text = source.splitlines()[line + found.group().count("\n")].strip()
        yield Mutant(f"lock: {text}", source[: found.start()] + source[found.end() :])
    lines = source.split("\n")
    for number, line in enumerate(lines):
        match = _CONDITION.match(line)
        parts = re.split(r" (?=AND )", match[2]) if match else []
        for at, part in enumerate(parts):
            word, _, rest = part.partition(" ") if part.startswith("AND ") else ("", "", part)
            if rest.count("(") != rest.count(")"):
                continue
            changed = [*parts]
            changed[at] = f"{word} TRUE".strip()
            text = [*lines]
            text[number] = match[1] + " ".join(changed)
            yield Mutant(f"condition: {part.strip()} | {line.strip()}", "\n".join(text))
    for found in re.finditer(r"\n +[\w.]+(?:\.is_\(None\)|\.in_\([^()]*\)| == [\w.]+),", source):
        if ".where(" in source[: found.start()][-400:]:
            text = found.group().strip()
            yield Mutant(f"where: {text}", source[: found.start()] + source[found.end() :])
