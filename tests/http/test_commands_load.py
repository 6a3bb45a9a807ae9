"""A command imports what it needs, and no more."""

import json
import subprocess
import sys

import pytest

from app import create_app
from tests.waiting import PATIENCE
from walkthroughs.command_group import LazyCommand

#: What serves pages, tools and assistants. Each takes as long to import as a small command runs.
HEAVY = ("flask_admin", "flask_security", "git", "mcp", "starlette", "uvicorn")
RUN = """
import json, sys
from app import main
sys.argv = ["handrail", *json.loads(sys.argv[1])]
try:
    main()
except SystemExit as end:
    print(json.dumps([end.code, sorted(set(sys.modules))]))
"""


def run(settings, *words):
    """Run a command in a process of its own; return its exit code and the modules it imported."""
    variables = {
        "DATABASE_URL": settings.database_url,
        "HANDRAIL_DATA_DIR": str(settings.data_dir),
        "HANDRAIL_SECRET_KEY": settings.secret_key,
    }
    done = subprocess.run(
        [sys.executable, "-c", RUN, json.dumps(words)],
        env=variables,
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("words", [("--help",), ("sync", "status"), ("sync", "hold", "--help")])
def test_a_small_command_imports_no_server_and_no_dashboard(database, settings, words):
    code, modules = run(settings, *words)

    assert code == 0
    assert [name for name in HEAVY if name in modules] == []


def test_without_the_server_installed_the_command_says_what_to_install():
    without = "import sys; sys.modules['flask'] = None; from app import main"
    done = subprocess.run(
        [sys.executable, "-c", without],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "pip install 'handrail[server]'" in done.stderr


def lazy(group):
    for command in list(group.commands.values()):
        if isinstance(command, LazyCommand):
            yield command
            real = command.load()
            if hasattr(real, "commands"):
                yield from lazy(real)


def test_the_help_of_a_command_that_is_loaded_late_is_its_own(settings):
    app = create_app(settings)
    commands = list(lazy(app.cli))
    assert len(commands) > 10
    for command in commands:
        real = command.load()
        assert real.name == command.name
        assert real.help.partition(".")[0] == command.help.partition(".")[0]
