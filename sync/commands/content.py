"""`flask content`: for authors and their CI."""

from __future__ import annotations

from flask.cli import AppGroup

from sync.commands.lint import lint_command

content_cli = AppGroup("content", help="Check walkthroughs before they are pushed.")
content_cli.add_command(lint_command)
