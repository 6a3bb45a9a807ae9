"""The commands of docs/operations.md, run as they stand, in their order."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from app import create_app
from tests.builders import organization

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def shell(postgres, database, tmp_path, monkeypatch):
    """Run each line of a block as bash would, all in this process: starting Python takes a second."""
    (tmp_path / "passphrase").write_text("correct horse\n")
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "DATABASE_URL": postgres,
        "HANDRAIL_DATA_DIR": str(tmp_path / "data"),
        "HANDRAIL_SECRET_KEY": "a-key-of-sixty-four-letters",
        "HANDRAIL_BASE_URL": "https://learn.example.com",
    }.items():
        monkeypatch.setenv(name, value)

    def run(block):
        return "".join(map(one, block.strip().splitlines()))

    def one(line):
        words = shlex.split(line, comments=True)
        may_fail = words[-2:] == ["||", "true"]
        words = words[:-2] if may_fail else words
        assert words[0] == "flask", line
        app = create_app()
        done = app.test_cli_runner().invoke(args=words[1:])
        app.extensions["handrail"].database.close()
        assert done.exit_code == 0 or may_fail, f"{line}\n{done.output}"
        return done.output

    return run


def test_every_command_of_the_page_does_what_it_says(shell, database, monkeypatch):
    *blocks, rotating = BLOCKS
    said = [shell(block) for block in blocks]
    monkeypatch.setenv("HANDRAIL_SECRET_KEY_PREVIOUS", os.environ["HANDRAIL_SECRET_KEY"])
    monkeypatch.setenv("HANDRAIL_SECRET_KEY", "another-key-of-sixty-four-letters")
    said.append(shell(rotating))

    assert len(said) == 9
    first, daily, finding, inviting, removing, saving, upgrading, moving, rotating = said
    assert "owner@example.com owns acme. Password:" in first
    assert "acme  owner@example.com  owner" in first
    assert "lea@example.com" in daily
    assert '"email": "lea@example.com"' in finding
    assert "lea.second@example.com is lea@example.com now. Moved: 1 link(s)" in finding
    assert inviting.count("https://learn.example.com/admin/invitations/") == 2
    assert "Erased lea@example.com" in removing
    assert "Backed up to before-upgrade.handrail" in saving
    assert "The database is at schema" in upgrading
    assert "Restored acme.handrail" in moving
    assert "Encrypted with the new key" in rotating
    with database.transaction() as session:
        assert session.scalar(text("SELECT count(*) FROM mcp_server_user")) == 0
        assert session.scalars(text('SELECT email FROM "user"')).all() == ["owner@example.com"]


def test_commands_are_given_as_the_page_says_with_the_settings_of_the_service(
    postgres, database, tmp_path
):
    (script,) = re.findall(r"```bash\n(#!/bin/sh\n.*?)```", PAGE, re.DOTALL)
    (settings,) = re.findall(r"```ini\n(DATABASE_URL.*?)```", PAGE, re.DOTALL)
    here = {
        "postgresql:///handrail?host=/run/postgresql": postgres,
        "/var/lib/handrail": str(tmp_path),
        "/srv/handrail/app.py": str(ROOT / "app.py"),
        "/etc/handrail.env": str(tmp_path / "handrail.env"),
        # Only root can become somebody else.
        "runuser -u handrail -- /srv/handrail/.venv/bin/flask": f"{sys.executable} -m flask",
    }
    for said, meant in here.items():
        settings, script = settings.replace(said, meant), script.replace(said, meant)
    (tmp_path / "handrail.env").write_text(settings)
    (tmp_path / "handrail").write_text(script)
    with database.transaction() as session:
        organization(session, "acme")
    added = [
        "members",
        "add",
        "--organization",
        "acme",
        "--email",
        "ana@x.example",
        "--role",
        "editor",
    ]
    done = subprocess.run(
        ["/bin/sh", tmp_path / "handrail", *added],
        env={"PATH": os.environ["PATH"]}, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert "https://learn.example.com/admin/password/" in done.stdout


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_understands_the_unit(tmp_path):
    unit = re.search(r"```ini\n(\[Unit\].*?)```", PAGE, re.DOTALL)[1]
    (tmp_path / "handrail.service").write_text(
        re.sub(r"ExecStart=\S+", f"ExecStart={sys.executable}", unit)
    )
    done = subprocess.run(
        ["systemd-analyze", "verify", tmp_path / "handrail.service"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "handrail.service" not in done.stderr
