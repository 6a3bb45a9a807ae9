"""Nothing in a repository or its address runs, is followed or is expanded: files are read as bytes."""

import stat
import subprocess
from dataclasses import replace

import pytest

from sync.git.credentials import Token
from sync.git.errors import RepositoryUnavailable
from tests.authors import HostedRoom
from tests.git_hosts import PASSWORD, USER, https_host

_BENIGN = '[submodule "x"]\n\tpath = {}\n\turl = https://x.example/x.git\n'


def git(room, *words):
    return room.author.repository.git.execute(["git", *words])


def commit(room):
    """Commit what is in the index, and no more."""
    git(room, "-c", "user.name=Eve", "-c", "user.email=e@x.example", "commit", "-q", "-m", "Write")


def link(room, path, *, declared):
    """Put a submodule at *path*, as its repository's commit, with or without the file that names it."""
    git(room, "rm", "-q", "-r", "--cached", "--ignore-unmatch", path)
    git(room, "update-index", "--add", "--cacheinfo", f"160000,{'c0ffee'.ljust(40, '0')},{path}")
    if declared:
        (room.author.folder / ".gitmodules").write_text(_BENIGN.format(path))
        git(room, "add", ".gitmodules")
    commit(room)


def live(room):
    row = room.row()
    return row.version, row.step_count, row.archived_at


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("path", ["walkthroughs/sub", "walkthroughs/deploy/steps/sub", "vendor"])
def test_a_submodule_is_left_out_and_the_rest_is_synced(room, path, declared):
    room.author.write("one", "two")
    git(room, "add", "--all")
    link(room, path, declared=declared)
    run = room.run()

    assert run.plan.problems == ()
    assert live(room) == (2, 2, None)


@pytest.mark.parametrize("declared", [True, False])
def test_a_submodule_where_a_step_should_be_is_a_step_that_is_not_there(room, declared):
    link(room, "walkthroughs/deploy/steps/two.md", declared=declared)
    run = room.run()

    assert [str(problem) for problem in run.plan.problems] == [
        'walkthroughs/deploy/walkthrough.yml:7: "steps/two.md" is not there'
    ]
    assert live(room) == (1, 3, None)


def test_a_submodule_in_place_of_all_walkthroughs_archives_nothing(room):
    link(room, "walkthroughs", declared=True)
    with pytest.raises(RepositoryUnavailable, match='no folder "walkthroughs"'):
        room.run()

    assert live(room) == (1, 3, None)


def test_a_submodule_whose_address_is_an_attack_is_refused_by_git_and_nothing_changes(room):
    room.author.write("one", "two")
    evil = '[submodule "x"]\n\tpath = vendor\n\turl = "-u./run-me"\n'
    (room.author.folder / ".gitmodules").write_text(evil)
    room.author.commit()
    with pytest.raises(RepositoryUnavailable, match="could not fetch"):
        room.run()

    assert live(room) == (1, 3, None)
    assert room.status().health == "unreachable"


def test_a_link_in_place_of_a_step_is_a_step_that_is_not_there(room):
    path = room.author.folder / "walkthroughs/deploy/steps/two.md"
    path.unlink()
    path.symlink_to("one.md")
    run = room.sync()

    assert '"steps/two.md" is not there' in str(run.plan.problems[0])
    assert live(room) == (1, 3, None)


def test_a_file_that_may_be_run_is_a_text_like_any_other(room):
    for name in ("steps/one.md", "walkthrough.yml"):
        path = room.author.folder / "walkthroughs/deploy" / name
        path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    room.author.commit()
    assert "100755" in git(room, "ls-tree", "-r", "HEAD")
    run = room.run()

    assert (run.plan.changes, run.plan.problems) == ((), ())
    assert live(room) == (1, 3, None)


def test_attributes_neither_change_a_text_nor_run_anything(room, tmp_path):
    words = "Commit $Format:%H$, $Id$, äöü, and two lines.\nThe second."
    room.author.write(("one", "", words), "two")
    git(room, "add", "--all")  # before there are attributes, so that git stores the bytes
    attributes = "*.md export-subst export-ignore ident filter=evil eol=crlf diff=evil merge=evil\n"
    attributes += "*.yml working-tree-encoding=UTF-16 filter=lfs\n"
    (room.author.folder / ".gitattributes").write_text(attributes)
    git(room, "add", ".gitattributes")
    commit(room)
    copy, ran = room.settings.data_dir / "git" / room.source_id, tmp_path / "ran"
    for name in (
        "filter.evil.smudge",
        "filter.evil.clean",
        "filter.evil.process",
        "diff.evil.textconv",
    ):
        subprocess.run(["git", "config", name, f"touch {ran}"], cwd=copy, check=True)
    run = room.run(read_all=True)

    assert run.plan.problems == ()
    assert room.select().step.content == words
    assert not ran.exists()


def test_what_looks_like_a_variable_in_an_address_is_a_name(room, monkeypatch, tmp_path):
    monkeypatch.setenv("SECRET", "the-secret")
    for name in ("$SECRET", "${SECRET}", "$(id)", "`id`", "%s", "~"):
        room.author.folder.rename(tmp_path / name)
        room.author.folder = tmp_path / name
        room.set(url=f"{tmp_path}/{name}")
        assert room.run(read_all=True).plan.problems == ()

    assert live(room) == (1, 3, None)


@pytest.mark.parametrize("name", ["$SECRET", "${SECRET}", "$(id)", "`id`"])
def test_a_host_is_asked_for_the_very_address_and_told_no_secret(
    database, settings, tmp_path, monkeypatch, name
):
    monkeypatch.setenv("SECRET", "the-secret")
    made = HostedRoom(database, settings, tmp_path)
    with https_host(made.bare.parent, tmp_path) as host:
        made.settings = replace(settings, git_ca_file=host.authority)
        made.point_at(f"{host.origin}/{name}/guides.git", Token(PASSWORD, USER))
        with pytest.raises(RepositoryUnavailable) as raised:
            made.sync()
    made.author.repository.close()

    assert host.asked
    assert all(path.startswith(f"/{name}/guides.git/") for path in host.asked)
    assert name in str(raised.value)
    assert "the-secret" not in str(raised.value) + "".join(host.asked)
