"""Every command of `flask`: what it is called and where it is. It is imported when it is used."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from functools import partial

import click
from flask import Flask

from walkthroughs.command_group import CommandGroup, LazyCommand
from walkthroughs.models import db

#: Commands: name, where it is, the first sentence of its help.
COMMANDS = (
    ("content", "sync.commands.content:content_cli",
     "Check walkthroughs before they are pushed; convert tutorials into them."),
    ("sync", "sync.commands.sync:sync_cli", "Content sources: Git repositories of walkthroughs."),
    ("walkthroughs", "sync.commands.walkthroughs:walkthroughs_cli",
     "Take walkthroughs out as files; change who owns them."),
    ("servers", "walkthroughs.mcp_server.commands:servers_cli", "MCP servers."),
    ("links", "walkthroughs.identity.commands:links_cli", "Personal links of learners."),
    ("sign-ins", "walkthroughs.identity.commands:sign_ins_cli",
     "Apps in which learners have signed in."),
    ("providers", "walkthroughs.identity.provider_commands:providers_cli",
     "Providers of OpenID Connect."),
    ("learners", "walkthroughs.identity.learner_commands:learners_cli",
     "People who follow walkthroughs."),
    ("backup", "walkthroughs.operations.commands:backup",
     "Write the database and the secret key to FILE; learners go on meanwhile."),
    ("restore", "walkthroughs.operations.commands:restore",
     "Put the backup FILE in place of what the database holds."),
    ("doctor", "sync.commands.doctor:doctor",
     "Look at database, disk, keys, sources and address."),
    ("rotate-key", "sync.commands.rotate_key:rotate_key",
     "Encrypt every stored secret with the new key."),
)  # fmt: skip
#: Commands that need what the pages set up: passwords.
COMMANDS_WITH_PAGES = (
    ("demo", "admin.demo:demo_cli",
     "Make the demo: an organization, its content and its accounts."),
    ("members", "admin.commands.members:members_cli", "People who sign in to the dashboard."),
    ("init-admin", "admin.commands.init_admin:init_admin",
     "Make an organization and its first owner."),
)  # fmt: skip


def add_commands(app: Flask, add_pages: Callable[[Flask], Flask]) -> None:
    """Add every command but `serve` to *app*; *add_pages* adds the pages where one needs them."""
    for name, target, help in COMMANDS:
        app.cli.add_command(LazyCommand(name, partial(pkgutil.resolve_name, target), help))
    for name, target, help in COMMANDS_WITH_PAGES:
        load = partial(_load_with_pages, app, add_pages, target)
        app.cli.add_command(LazyCommand(name, load, help))
    app.cli.add_command(
        LazyCommand("db", partial(_load_migrate, app), "Perform database migrations.")
    )


def _load_with_pages(app: Flask, add_pages: Callable[[Flask], Flask], target: str) -> click.Command:
    add_pages(app)
    command: click.Command = pkgutil.resolve_name(target)
    return command


def _load_migrate(app: Flask) -> click.Command:
    from flask_migrate import Migrate
    from flask_migrate.cli import db as library

    from admin.commands.database import upgrade
    from walkthroughs.database import migrations

    Migrate(app, db, directory=str(migrations.MIGRATIONS))
    commands = {**library.commands, "upgrade": upgrade}
    return CommandGroup(
        "db", commands, params=library.params, callback=library.callback, help=library.help
    )
