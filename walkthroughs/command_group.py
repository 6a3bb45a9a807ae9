"""Groups of commands: they print our errors as messages, and load what a command needs late."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from flask.cli import AppGroup
from psycopg2.errors import UndefinedColumn, UndefinedTable
from sqlalchemy.exc import OperationalError, ProgrammingError

from walkthroughs.errors import HandrailError


@contextmanager
def errors_as_messages() -> Iterator[None]:
    """End with one line of what went wrong and what to do, where a person can do something."""
    try:
        yield
    except HandrailError as error:
        raise click.ClickException(str(error)) from error
    except ProgrammingError as error:
        if not isinstance(error.orig, UndefinedTable | UndefinedColumn):
            raise
        message = "The database has not the tables of this release. Run: flask db upgrade"
        raise click.ClickException(message) from error
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()
        message = f"The database cannot be used: {reason[-1] if reason else 'no reason given'}"
        raise click.ClickException(message) from error


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
