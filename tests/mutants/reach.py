"""Which tests come to which lines of a file."""

from __future__ import annotations

import ast
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest

#: For each file, the lines that ran.
Lines = dict[str, set[int]]


@contextmanager
def tracing(files: set[str]) -> Iterator[Lines]:
    """While the block runs, note the lines of *files* that run, in all threads."""
    lines: Lines = {file: set() for file in files}

    def on_call(frame: FrameType, event: str, argument: Any) -> Any:
        return on_line if frame.f_code.co_filename in lines else None

    def on_line(frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            lines[frame.f_code.co_filename].add(frame.f_lineno)
        return on_line

    threading.settrace(on_call)
    sys.settrace(on_call)
    try:
        yield lines
    finally:
        sys.settrace(None)
        threading.settrace(None)  # type: ignore[arg-type]  # it takes None, as sys does


def statement_around(tree: ast.Module, line: int) -> range:
    """Return the lines of the innermost statement at *line*; of a compound one, its head."""
    best = range(line, line + 1)
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno):
            body = getattr(node, "body", None)
            end = body[0].lineno - 1 if body else node.end_lineno or node.lineno
            if line <= end:
                best = range(node.lineno, end + 1)
    return best


def belongs_to_module(tree: ast.Module, line: int) -> bool:
    """Return whether *line* is of the module itself: of no class and no function."""
    return not any(
        isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and min([node.lineno, *(d.lineno for d in node.decorator_list)])
        <= line
        <= (node.end_lineno or 0)
        for node in ast.walk(tree)
    )


def runs_at_import(tree: ast.Module, line: int) -> bool:
    """Return whether *line* is in no function's body."""
    return not any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body[0].lineno <= line <= (node.end_lineno or 0)
        for node in ast.walk(tree)
    )


def called_at_import(tree: ast.Module, line: int) -> bool:
    """Return whether *line* is in a function that the module itself calls while it is imported."""
    names = {
        each.name
        for each in tree.body
        if isinstance(each, ast.FunctionDef) and each.lineno <= line <= (each.end_lineno or 0)
    }
    calls = (
        node
        for each in tree.body
        if not isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        for node in ast.walk(each)
        if isinstance(node, ast.Call)
    )
    return any(getattr(call.func, "id", None) in names for call in calls)


def merged(one: Lines, other: Lines | None) -> Lines:
    """Return the lines of both."""
    return {file: lines | (other or {}).get(file, set()) for file, lines in one.items()}


def shared_fixtures(item: pytest.Item) -> list[str]:
    """Return the names of fixtures that several tests share: what one runs, the next relies on."""
    info = getattr(item, "_fixtureinfo", None)
    found = info.name2fixturedefs if info else {}
    return [
        name
        for name, definitions in found.items()
        if definitions[-1].scope != "function" and name != "postgres" and name[0] != "_"
    ]
