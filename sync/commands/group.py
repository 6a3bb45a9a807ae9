"""A group of commands that print an error of ours as a message."""

from __future__ import annotations

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
