"""Put a changed program in the place of one that is already imported."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from types import CodeType, FunctionType, ModuleType
from typing import Any


class CannotSwap(Exception):
    """The change needs a new process."""


#: The functions of a file, by their names and first lines.
Functions = dict[tuple[str, int], list[FunctionType]]


def functions_of(files: set[str]) -> dict[str, Functions]:
    """Return the functions that there are now of each of *files*."""
    found: dict[str, Functions] = {file: {} for file in files}
    gc.unfreeze()  # what is frozen is not listed
    for function in gc.get_objects():
        if isinstance(function, FunctionType) and function.__code__.co_filename in files:
            code = function.__code__
            found[code.co_filename].setdefault(_key(code), []).append(function)
    gc.freeze()
    return found


def swap_functions(functions: Functions, file: str, original: str, changed: str) -> None:
    """Give all *functions* of *file* the code that they have in *changed*."""
    pairs = list(zip_longest(_codes(original, file), _codes(changed, file)))
    if any(not old or not new or old.co_qualname != new.co_qualname for old, new in pairs):
        raise CannotSwap
    for old, new in pairs:
        for function in functions.get(_key(old), ()):
            try:
                function.__code__ = new
            except ValueError as error:  # it closes over other names
                raise CannotSwap from error


def _key(code: CodeType) -> tuple[str, int]:
    return code.co_qualname, code.co_firstlineno


def run_again(file: str, changed: str, *, only_values: bool) -> None:
    """Run the module of *file* again as *changed*, and give its new names to whoever has them.

    With *only_values* its functions and classes stay the same objects, and see the new values.
    """
    module = next(m for m in list(sys.modules.values()) if getattr(m, "__file__", None) == file)
    before = dict(vars(module))
    exec(compile(changed, file, "exec"), vars(module))
    if only_values:
        for name, old in before.items():
            if isinstance(old, FunctionType | type):
                _take_over(old, vars(module)[name])
                vars(module)[name] = old
    after = {name: vars(module)[name] for name in before if not name.startswith("__")}
    renewed = {name: new for name, new in after.items() if new is not before[name]}
    for other in list(sys.modules.values()):
        if isinstance(other, ModuleType) and other is not module:
            _renew(vars(other), before, renewed)


def _take_over(old: FunctionType | type, new: FunctionType | type) -> None:
    """Give *old* what *new* was given when it was made: defaults, and values of a class."""
    if isinstance(old, FunctionType) and isinstance(new, FunctionType):
        old.__defaults__, old.__kwdefaults__ = new.__defaults__, new.__kwdefaults__
    elif isinstance(old, type) and old is not new:
        for name, value in vars(new).items():
            if isinstance(value, FunctionType) and isinstance(vars(old).get(name), FunctionType):
                _take_over(vars(old)[name], value)
            elif isinstance(value, int | str | tuple | frozenset) and not name.startswith("__"):
                setattr(old, name, value)


def _renew(names: dict[str, Any], before: dict[str, Any], renewed: dict[str, Any]) -> None:
    for name, new in renewed.items():
        old = before[name]
        if name in names and names[name] is old:
            names[name] = new
        if not isinstance(old, str | int | None):
            for key, value in list(names.items()):
                if isinstance(value, tuple) and any(part is old for part in value):
                    # A list of all statements, of which one is changed.
                    names[key] = tuple(new if part is old else part for part in value)
        if isinstance(old, str) and len(old) > 9 and old != new and _has(names.values(), old):
            raise CannotSwap


def _has(values: Iterable[Any], old: str) -> bool:
    """Return whether a value was made of *old*, such as a longer statement."""
    return any(
        old in value
        for value in list(values)
        if isinstance(value, str) or (isinstance(value, tuple | list) and len(value) < 99)
    )


def _codes(source: str, file: str) -> Iterator[CodeType]:
    waiting = [compile(source, file, "exec")]
    while waiting:
        code = waiting.pop()
        yield code
        waiting.extend(part for part in code.co_consts if isinstance(part, CodeType))
