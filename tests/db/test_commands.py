"""What operators type: each command against a real database and a real repository."""

import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import select

from sync import queue
from sync.commands.operator import operator_name
from sync.git import credentials
from sync.git.credentials import DeployKey, Token
from sync.runs import SyncRequest
from sync.source_repository import open_repository_of
from sync.sync_source import sync_claimed
from sync.worker import check_source
from tests.builders import organization, server
from walkthroughs.crypto import encrypt
from walkthroughs.models import ContentSource, McpServer


def source(database, name):
    with database.transaction() as session:
        return session.scalars(select(ContentSource).where(ContentSource.name == name)).one()


def test_a_source_is_added_planned_applied_and_shown(flask, synced, database):
    with database.transaction() as session:
        organization(session, "beta")
    synced.author.write("one", "two", "three", head="status: published")
    synced.author.write("solo", name="other", head="status: published")
    synced.author.commit()
    url = str(synced.author.folder)
    flask("sync", "source", "add", "--organization", "beta", "--url", url, "--name", "guides")
    plan = json.loads(flask("sync", "plan", "guides", "--json", code=2))
    applied = flask("sync", "apply", "guides")
    shown = flask("sync", "status", "guides")

    assert len(plan[0]["changes"]) == 2
    assert "create   deploy  (3 steps)" in applied
    assert "guides: synced, healthy" in shown
    assert "deploy: version 1, published" in shown
    assert flask("sync", "plan", "guides").endswith("0 change(s)\n")
    assert "guides" in flask("sync", "source", "list")


def test_a_webhook_whose_secret_no_key_opens_is_in_the_status_with_what_to_do(
    flask, synced, database
):
    def problem():
        return json.loads(flask("sync", "status", "content", "--json"))[0]["webhook_problem"]

    assert problem() is None
    with database.transaction() as session:
        row = session.scalars(select(ContentSource)).one()
        row.webhook_secret = encrypt("a key that is lost", "hush")
    told = "its secret cannot be read; make a new one: flask sync source webhook content"
    assert problem() == told
    assert f"  webhook: {told}\n" in flask("sync", "status", "content")
    flask("sync", "source", "webhook", "content")
    assert "webhook" not in flask("sync", "status", "content")


def test_a_moved_repository_and_a_new_branch_keep_walkthroughs_and_learners(
    flask, synced, database, tmp_path
):
    place = synced.next(synced.select().step.id)
    synced.author.folder.rename(tmp_path / "moved")
    flask("sync", "source", "set", "content", "--url", str(tmp_path / "moved"))
    assert "0 change(s)" in flask("sync", "apply", "content")
    synced.author.repository.close()
    synced.author = type(synced.author)(tmp_path / "moved")
    synced.author.repository.git.checkout("-b", "live")
    synced.author.write("one", "two", "three", "four")
    synced.author.commit()
    flask("sync", "source", "set", "content", "--branch", "live", "--interval", "30")
    assert '1 step added ("Four")' in flask("sync", "apply", "content")

    assert (synced.row().version, synced.source().interval_seconds) == (2, 30)
    assert synced.select().step.id == place.step.id


def test_another_folder_of_the_same_commit_is_read_at_once(flask, synced):
    base = synced.author.folder
    (base / "docs").mkdir()
    (base / "walkthroughs").rename(base / "docs" / "walkthroughs")
    synced.author.write("one")
    synced.sync()
    flask("sync", "source", "set", "content", "--path", "docs")
    flask("sync", "apply", "content")

    assert synced.row().step_count == 3


def test_a_token_is_replaced_and_what_does_not_fit_changes_nothing(
    flask, synced, database, settings, tmp_path
):
    token = tmp_path / "token"
    token.write_text("t0p-secret\n")
    url = "https://127.0.0.1/guides.git"
    flask("sync", "source", "set", "content", "--url", url, "--token-file", str(token))
    stored = source(database, "content")
    assert credentials.decrypt_credential(settings.secret_keys, stored.credential) == Token(
        "t0p-secret"
    )
    for words, says in (
        (("--url", "ssh://git@127.0.0.1/guides.git"), "A token is sent over https:// only"),
        (("--key-file", str(token)), "A deploy key is for an address of the form ssh://"),
        (("--url", "ftp://x.example/x"), "cannot be a content source"),
        (("--branch", "a..b"), "cannot be a branch name"),
    ):
        said = flask("sync", "source", "set", "content", *words, code=1)
        assert says in said
        assert "t0p-secret" not in said
    again = source(database, "content")

    assert (again.url, again.branch, again.credential) == (url, "main", stored.credential)


def test_a_deploy_key_is_kept_with_the_hosts_keys(flask, synced, database, settings, tmp_path):
    for name in ("key", "hosts"):
        (tmp_path / name).write_text(f"the {name}")
    flask(
        "sync", "source", "set", "content", "--url", "ssh://git@127.0.0.1/x.git",
        "--key-file", str(tmp_path / "key"), "--known-hosts-file", str(tmp_path / "hosts"),
    )  # fmt: skip
    stored = source(database, "content").credential

    assert credentials.decrypt_credential(settings.secret_keys, stored) == DeployKey(
        "the key", "the hosts"
    )


def test_two_sources_of_an_organization_have_two_names(flask, synced):
    words = ("--organization", "acme", "--url", str(synced.author.folder))

    assert "exists; give another --name" in flask(
        "sync", "source", "add", *words, "--name", "content", code=1
    )
    flask("sync", "source", "add", *words, "--name", "second")
    assert "exists" in flask("sync", "source", "set", "second", "--name", "content", code=1)


def test_a_removed_source_leaves_its_walkthroughs_to_the_dashboard(flask, synced):
    place = synced.next(synced.select().step.id)
    assert "2 walkthrough(s)" in flask("sync", "source", "remove", "content")

    assert synced.row().source_id is None
    assert synced.select().step.id == place.step.id


def test_hold_rollback_and_resume(flask, synced):
    good = synced.source().synced_commit
    synced.author.write("bad")
    synced.sync()
    flask("sync", "rollback", "content", good)
    assert f": Went back to {good[:10]}." in flask("sync", "status", "content")
    assert synced.row().step_count == 3
    flask("sync", "resume", "content")
    assert synced.row().step_count == 1
    flask("sync", "hold", "content", "--reason", "Exams until Friday")

    assert synced.status().health == "held"
    who = re.escape(operator_name())
    assert re.search(rf"held since .* by {who}: Exams until Friday", flask("sync", "status"))
    held = json.loads(flask("sync", "status", "--json"))[0]["held"]
    assert (held["by"], held["reason"]) == (operator_name(), "Exams until Friday")
    flask("sync", "resume", "content")
    assert synced.source().held_reason is None


def test_a_name_that_nobody_has_is_told_with_what_to_do(flask):
    said = flask("sync", "plan", "nowhere", code=1)

    assert 'There is no content source "nowhere". See: flask sync source list' in said


def test_without_a_name_one_that_cannot_be_read_keeps_nobody_from_the_others(
    flask, synced, database, tmp_path
):
    with database.transaction() as session:
        organization(session, "beta")
    synced.author.write("one", "two", "three", "four")
    synced.author.commit()
    gone = tmp_path / "gone"
    gone.symlink_to(synced.author.folder)
    flask("sync", "source", "add", "--organization", "beta", "--url", str(gone), "--name", "away")
    gone.unlink()
    told = flask("sync", "plan", code=1)
    assert "Error: away: " in told
    assert "content at " in told
    done = json.loads(flask("sync", "apply", "--json", code=1))

    assert [each["source"] for each in done] == ["away", "content"]
    assert "error" in done[0]
    assert (done[1]["outcome"], synced.row().version) == ("applied", 2)


def test_a_change_waits_for_the_run_under_way_and_is_not_undone_by_it(flask, synced):
    changing = threading.Thread(
        target=flask, args=("sync", "source", "set", "content", "--path", "docs")
    )
    base = synced.author.folder
    (base / "docs").mkdir()
    (base / "walkthroughs").rename(base / "docs" / "walkthroughs")
    synced.author.write("one")
    synced.author.commit()
    with queue.claim(synced.database, synced.source_id, wait=True):
        changing.start()
        source = synced.source()
        with open_repository_of(synced.settings, source) as repository:
            sync_claimed(synced.database, synced.settings, source, repository, SyncRequest())
    changing.join()
    check_source(synced.database, synced.settings, synced.source_id)

    assert synced.row().step_count == 3


def test_the_hosts_keys_alone_are_changed_beside_the_deploy_key(
    flask, synced, database, settings, tmp_path
):
    hosts = tmp_path / "hosts"
    hosts.write_text("the new keys")
    alone = ("sync", "source", "set", "content", "--known-hosts-file", str(hosts))
    assert "Give --key-file, too" in flask(*alone, code=1)
    synced.set(
        url="ssh://git@127.0.0.1/x.git",
        credential=credentials.encrypt_credential(
            settings.secret_key, DeployKey("the key", "the old keys")
        ),
    )
    flask(*alone)
    stored = source(database, "content").credential

    assert credentials.decrypt_credential(settings.secret_keys, stored) == DeployKey(
        "the key", "the new keys"
    )


@pytest.mark.parametrize("folder", ["my docs", "no/such", "README.md", "link"])
def test_a_folder_that_is_none_is_named_and_the_copy_stays(flask, synced, folder):
    (synced.author.folder / "README.md").write_text("Read me.")
    (synced.author.folder / "link").symlink_to("walkthroughs")
    synced.sync()
    copy = synced.settings.data_dir / "git" / synced.source_id
    (copy / "description").write_text("the same copy")
    flask("sync", "source", "set", "content", "--path", folder)
    said = flask("sync", "plan", "content", code=1)

    assert "There is no folder" in said
    assert folder in said
    assert (copy / "description").read_text() == "the same copy"


def test_the_pace_of_a_server_is_set_and_checked(flask, database):
    with database.transaction() as session:
        server(session, organization(session).id)

    assert "Pace     30 s" in flask("servers", "set", "acme", "--pace", "30")
    with database.transaction() as session:
        assert session.query(McpServer).one().pace_seconds == 30
    assert "nobody is held back" in flask("servers", "set", "acme", "--pace", "0")
    for wrong in ("121", "-1", "soon"):
        assert "pace" in flask("servers", "set", "acme", "--pace", wrong, code=2)
    assert 'no MCP server "nobody"' in flask("servers", "set", "nobody", "--pace", "5", code=1)


def test_handrail_is_the_same_commands_when_the_package_is_installed(database, settings):
    done = subprocess.run(
        [sys.executable, "-c", "import app; app.main()", "sync", "source", "list"],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "DATABASE_URL": settings.database_url},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
