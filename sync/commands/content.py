"""`flask content`: for authors and their CI."""

from __future__ import annotations

import pkgutil
from functools import partial

from flask.cli import AppGroup

from sync.commands.lint import lint_command
from walkthroughs.command_group import LazyCommand

content_cli = AppGroup(
    "content", help="Check walkthroughs before they are pushed; convert tutorials into them."
)
content_cli.add_command(lint_command)
content_cli.add_command(
    LazyCommand(
        "convert",
        partial(pkgutil.resolve_name, "sync.commands.convert:convert_command"),
        "Write the tutorial SOURCE to DIR as walkthroughs, all of them drafts.",
    )
)
