"""Groups of commands: they print our errors as messages, and load what a command needs late."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
from flask.cli import AppGroup

from walkthroughs.errors import HandrailError


class CommandGroup(AppGroup):
    """Commands that end with the message of a `HandrailError`, not with a traceback."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  click's protocol
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except HandrailError as error:
            raise click.ClickException(str(error)) from error


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
