"""Small changes of a program, each of which a test should notice. Pure."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

_OTHER = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.And: ast.Or, ast.Or: ast.And, ast.Add: ast.Sub, ast.Sub: ast.Add,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
_LOCK = re.compile(r"\s+FOR (?:NO KEY )?UPDATE|\.with_for_update\([^()]*\)")
#: Calls whose arguments are conditions that all must hold.
_CONDITIONS = {"where", "filter_by", "and_"}
_CONDITION = re.compile(r"^(\s*(?:AND|WHERE|OR) )(.+)$")


@dataclass(frozen=True)
class Mutant:
    """A changed program. `name` is stable as long as the line is: it is how equal ones are known."""

    name: str
    source: str
    line: int


def of_rules(source: str) -> Iterator[Mutant]:
    """Yield *source* with one operator, constant or condition changed."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        for what, change in _changes(node):
            line = source.splitlines()[node.lineno - 1].strip()
            yield Mutant(f"{what}: {line}", _changed(tree, node, change), node.lineno)


def _changed(tree: ast.Module, node: ast.AST, change: Callable[[Any], object]) -> str:
    """Return the program with *change* made to *node*, which is as before afterwards."""
    before = {name: [*v] if isinstance(v, list) else v for name, v in vars(node).items()}
    change(node)
    source = ast.unparse(tree)
    vars(node).update(before)
    return source


def _changes(node):
    if isinstance(node, ast.Compare) and type(node.ops[0]) in _OTHER:
        yield "compare", lambda n: n.ops.__setitem__(0, _OTHER[type(n.ops[0])]())
    operator = getattr(node, "op", None)
    if type(operator) in _OTHER and not isinstance(operator, ast.BitOr):  # which is in types, too
        yield "operator", lambda n: setattr(n, "op", _OTHER[type(n.op)]())
    if isinstance(node, ast.If | ast.IfExp):
        yield "always", lambda n: setattr(n, "test", _settled(ast.Or(), "is not", n.test))
        yield "never", lambda n: setattr(n, "test", _settled(ast.And(), "is", n.test))
    if isinstance(node, ast.Constant) and type(node.value) is int:
        yield f"one more than {node.value}", lambda n: setattr(n, "value", n.value + 1)


def _settled(operator: ast.boolop, how: str, condition: ast.expr) -> ast.expr:
    """Return a condition that is always met, or never, and of which the compiler does not know it.

    It would leave out the code that is never reached, and the functions in it.
    """
    known = ast.parse(f"__name__ {how} None", mode="eval").body
    return ast.BoolOp(operator, [known, condition])


def of_queries(source: str) -> Iterator[Mutant]:
    """Yield *source* with one condition of an SQL text, or one lock, left out."""
    for found in _LOCK.finditer(source):
        line = source[: found.start()].count("\n")
        text = source.splitlines()[line + found.group().count("\n")].strip()
        without = source[: found.start()] + source[found.end() :]
        yield Mutant(f"lock: {text}", without, line + 1)
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
            name = f"condition: {part.strip()} | {line.strip()}"
            yield Mutant(name, "\n".join(text), number + 1)
    yield from _without_a_condition(source)


def _without_a_condition(source: str) -> Iterator[Mutant]:
    """Leave out one argument of a `where`, `filter_by` or `and_`, or of a tuple of conditions."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        for kind in _lists_of_conditions(node):
            for at, argument in enumerate([*getattr(node, kind)]):
                without = partial(_leave_out, kind, at)
                line = getattr(argument, "lineno", node.lineno)
                name = f"where: {ast.unparse(argument)}"
                yield Mutant(name, _changed(tree, node, without), line)


def _lists_of_conditions(node: ast.AST) -> tuple[str, ...]:
    """Return in which of its fields *node* has conditions that all must hold."""
    called = getattr(node, "func", None)
    if getattr(called, "attr", getattr(called, "id", "")) in _CONDITIONS:
        return ("args", "keywords")
    if isinstance(node, ast.Tuple) and any(isinstance(each, ast.Compare) for each in node.elts):
        return ("elts",)
    return ()


def _leave_out(kind: str, at: int, node: ast.AST) -> None:
    del getattr(node, kind)[at]
