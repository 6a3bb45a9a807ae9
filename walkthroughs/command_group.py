"""Groups of commands: they print our errors as messages, and load what a command needs late."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from errno import EPIPE
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup
from psycopg2.errors import InsufficientPrivilege, UndefinedColumn, UndefinedTable
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from walkthroughs.database.unavailable import DatabaseUnavailable
from walkthroughs.errors import HandrailError

#: What an operator can do something about.
_OF_OPERATORS = (InsufficientPrivilege, UndefinedColumn, UndefinedTable)


@contextmanager
def errors_as_messages() -> Iterator[None]:
    """End with one line of what went wrong and what to do, where a person can do something."""
    try:
        yield
    except DatabaseUnavailable as error:
        cause = error.__cause__
        message = _refusal(cause) if isinstance(cause, OperationalError) else str(error)
        raise click.ClickException(message) from error
    except HandrailError as error:
        raise click.ClickException(str(error)) from error
    except (OperationalError, ProgrammingError) as error:
        if not _is_of_operators(error):
            raise
        raise click.ClickException(_refusal(error)) from error
    except OSError as error:
        if error.strerror is None or error.errno == EPIPE:
            raise
        where = f"{error.filename}: " if error.filename else ""
        raise click.ClickException(f"{where}{error.strerror}.") from error


def read_given(path: Path) -> str:
    """Return the text of a file that a person gave; of standard input if it is `-`.

    Raises:
        click.ClickException: it is no text.
    """
    try:
        with click.open_file(str(path), encoding="utf-8") as file:
            return str(file.read()).strip()
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{path} is no text in UTF-8.") from error


def _is_of_operators(error: DBAPIError) -> bool:
    """Return whether an operator can do something; else it is a fault of ours, with its trace."""
    if isinstance(error, OperationalError) or isinstance(error.orig, _OF_OPERATORS):
        return True
    # An address that the driver cannot read has not reached the server, which gives codes.
    return getattr(error.orig, "pgcode", None) is None


def _refusal(error: DBAPIError) -> str:
    """Return why the database does not do what a command needs, in one line."""
    match error.orig:
        case UndefinedTable() | UndefinedColumn():
            return "The database has not the tables of this release. Run: flask db upgrade"
        case InsufficientPrivilege():
            advice = " Let Handrail's role own the database, or the schema public in it."
        case _:
            advice = ""
    # The first line has the server; those after it guess, or show the statement.
    lines = str(error.orig).strip().splitlines() or ["no reason given"]
    return f"The database cannot be used: {lines[0].rstrip('.')}.{advice}"


class CommandGroup(AppGroup):
    """Commands that end with a message, not with a traceback, where a person can do something."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  click's protocol
        """Run the command that was named."""
        with errors_as_messages():
            return super().invoke(ctx)


class Command(click.Command):
    """One command that ends with a message, as those of a `CommandGroup` do."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  click's protocol
        """Run the command."""
        with errors_as_messages():
            return super().invoke(ctx)


class LazyCommand(click.Group):
    """A command or a group that is imported when it is used; `--help` lists it without that.

    Args:
        load: returns the command itself.
        help: the first sentence of that command's help.
    """

    def __init__(self, name: str, load: Callable[[], click.Command], help: str) -> None:
        super().__init__(name, help=help)
        self.load = load

    def make_context(self, *args: Any, **more: Any) -> click.Context:  # noqa: ANN401  click's
        """Return the context of the command itself, so that click runs that one."""
        return self.load().make_context(*args, **more)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names that completion offers."""
        command = self.load()
        return command.list_commands(ctx) if isinstance(command, click.Group) else []

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command of the group itself."""
        command = self.load()
        return command.get_command(ctx, cmd_name) if isinstance(command, click.Group) else None
