"""Credentials of sources are stored encrypted and used nowhere else."""

from dataclasses import replace
from pathlib import Path

import pytest

from app import create_app
from sync.git import credentials
from sync.git.address import Transport
from sync.git.credentials import DeployKey, Token
from sync.worker import check_source
from walkthroughs.crypto import decrypt, encrypt
from walkthroughs.errors import HandrailError


def test_a_credential_under_a_lost_key_is_a_trouble_of_its_source_alone(synced):
    synced.set(credential=credentials.encrypt_credential("another key", Token("t")))
    check_source(synced.database, synced.settings, synced.source_id)

    assert "another HANDRAIL_SECRET_KEY" in synced.source().error
    assert synced.status().health == "unreachable"


def test_a_credential_under_a_lost_key_is_replaced_by_another(synced, flask, tmp_path):
    host = "https://127.0.0.1/guides.git"
    lost = credentials.encrypt_credential("another key", Token("old"))
    synced.set(url=host, credential=lost)
    (tmp_path / "token").write_text("new")
    assert "enter the secret again" in flask(
        "sync", "source", "set", "content", "--branch", "x", code=1
    )
    flask("sync", "source", "set", "content", "--token-file", str(tmp_path / "token"))

    stored = credentials.decrypt_credential(synced.settings.secret_keys, synced.source().credential)
    assert stored == Token("new")


def test_a_command_in_a_shell_with_another_key_says_nothing_of_the_source(synced, settings):
    synced.set(credential=credentials.encrypt_credential(settings.secret_key, Token("t")))
    shell = create_app(replace(settings, given_secret_key="the key of another installation"))
    done = shell.test_cli_runner().invoke(args=["sync", "apply", "content"])

    assert done.exit_code == 1
    assert "another HANDRAIL_SECRET_KEY" in done.output
    assert synced.source().error is None
    assert synced.status().health == "healthy"


def test_a_credential_is_stored_sealed_and_fits_its_address(synced):
    stored = credentials.encrypt_credential("key", Token("ghp_secret"))

    assert "ghp_secret" not in stored
    assert "ghp_secret" not in repr(credentials.decrypt_credential(["key"], stored))
    assert credentials.decrypt_credential(["key"], stored) == Token("ghp_secret")
    with pytest.raises(HandrailError, match="another HANDRAIL_SECRET_KEY"):
        credentials.decrypt_credential(["other"], stored)
    for url, credential in (
        ("ssh://git@x.example/x", Token("t")),
        ("https://x.example/x", DeployKey("k", "x.example ssh-ed25519 AAAA")),
        ("ssh://git@x.example/x", DeployKey("k", " ")),
    ):
        with pytest.raises(HandrailError):
            credentials.check_fits_url(url, credential)
    assert decrypt(["k"], encrypt("k", "x")) == "x"


def test_a_deploy_key_is_in_a_file_of_ours_only_while_git_runs(tmp_path):
    with credentials.environment(
        "ssh://git@x.example/x", DeployKey("PRIVATE", "x.example k"), Transport(), tmp_path
    ) as variables:
        command = variables["GIT_SSH_COMMAND"]
        path = Path(command.split(" -i ")[1])
        assert path.read_text() == "PRIVATE\n"
        assert path.stat().st_mode & 0o077 == 0
        assert path.parent.parent == tmp_path / "git"
        assert "PRIVATE" not in command
        assert "StrictHostKeyChecking=yes" in command
    assert not path.exists()
