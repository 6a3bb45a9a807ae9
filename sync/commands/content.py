"""`flask content`: for authors and their CI."""

from __future__ import annotations

from flask.cli import AppGroup

from sync.commands.convert import convert_command
from sync.commands.lint import lint_command

content_cli = AppGroup(
    "content", help="Check walkthroughs before they are pushed; convert tutorials into them."
)
content_cli.add_command(convert_command)
content_cli.add_command(lint_command)
