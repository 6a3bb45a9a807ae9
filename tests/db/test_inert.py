"""Nothing in a repository or its address runs, is followed or is expanded: files are read as bytes."""

import stat
import subprocess
from dataclasses import replace

import pytest

from sync.git.credentials import Token
from sync.git.errors import RepositoryUnavailable
from tests.authors import PushedSource
from tests.git_hosts import PASSWORD, USER, https_host

_BENIGN = '[submodule "x"]\n\tpath = {}\n\turl = https://x.example/x.git\n'


def git(synced, *words):
    return synced.author.repository.git.execute(["git", *words])


def commit(synced):
    """Commit what is in the index, and no more."""
    git(
        synced, "-c", "user.name=Eve", "-c", "user.email=e@x.example", "commit", "-q", "-m", "Write"
    )


def link(synced, path, *, declared):
    """Put a submodule at *path*, as its repository's commit, with or without the file that names it."""
    git(synced, "rm", "-q", "-r", "--cached", "--ignore-unmatch", path)
    git(synced, "update-index", "--add", "--cacheinfo", f"160000,{'c0ffee'.ljust(40, '0')},{path}")
    if declared:
        (synced.author.folder / ".gitmodules").write_text(_BENIGN.format(path))
        git(synced, "add", ".gitmodules")
    commit(synced)


def live(synced):
    row = synced.row()
    return row.version, row.step_count, row.archived_at


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("path", ["walkthroughs/sub", "walkthroughs/deploy/steps/sub", "vendor"])
def test_a_submodule_is_left_out_and_the_rest_is_synced(synced, path, declared):
    synced.author.write("one", "two")
    git(synced, "add", "--all")
    link(synced, path, declared=declared)
    run = synced.run()

    named = [each.path for each in run.plan.problems]
    assert named == ([path] if path == "walkthroughs/sub" else [])
    assert live(synced) == (2, 2, None)


@pytest.mark.parametrize("declared", [True, False])
def test_a_submodule_where_a_step_should_be_is_a_step_that_is_not_there(synced, declared):
    link(synced, "walkthroughs/deploy/steps/two.md", declared=declared)
    run = synced.run()

    assert [str(problem) for problem in run.plan.problems] == [
        'walkthroughs/deploy/walkthrough.yml:7: "steps/two.md" is not there'
    ]
    assert live(synced) == (1, 3, None)


def test_a_submodule_in_place_of_all_walkthroughs_archives_nothing(synced):
    link(synced, "walkthroughs", declared=True)
    with pytest.raises(RepositoryUnavailable, match='no folder "walkthroughs"'):
        synced.run()

    assert live(synced) == (1, 3, None)


def test_a_submodule_whose_address_is_an_attack_is_refused_by_git_and_nothing_changes(synced):
    synced.author.write("one", "two")
    evil = '[submodule "x"]\n\tpath = vendor\n\turl = "-u./run-me"\n'
    (synced.author.folder / ".gitmodules").write_text(evil)
    synced.author.commit()
    with pytest.raises(RepositoryUnavailable, match="could not fetch"):
        synced.run()

    assert live(synced) == (1, 3, None)
    assert synced.status().health == "unreachable"


def test_a_link_in_place_of_a_step_is_a_step_that_is_not_there(synced):
    path = synced.author.folder / "walkthroughs/deploy/steps/two.md"
    path.unlink()
    path.symlink_to("one.md")
    run = synced.sync()

    assert '"steps/two.md" is not there' in str(run.plan.problems[0])
    assert live(synced) == (1, 3, None)


def test_a_file_that_may_be_run_is_a_text_like_any_other(synced):
    for name in ("steps/one.md", "walkthrough.yml"):
        path = synced.author.folder / "walkthroughs/deploy" / name
        path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    synced.author.commit()
    assert "100755" in git(synced, "ls-tree", "-r", "HEAD")
    run = synced.run()

    assert (run.plan.changes, run.plan.problems) == ((), ())
    assert live(synced) == (1, 3, None)


def test_attributes_neither_change_a_text_nor_run_anything(synced, tmp_path):
    words = "Commit $Format:%H$, $Id$, äöü, and two lines.\nThe second."
    synced.author.write(("one", "", words), "two")
    git(synced, "add", "--all")  # before there are attributes, so that git stores the bytes
    attributes = "*.md export-subst export-ignore ident filter=evil eol=crlf diff=evil merge=evil\n"
    attributes += "*.yml working-tree-encoding=UTF-16 filter=lfs\n"
    (synced.author.folder / ".gitattributes").write_text(attributes)
    git(synced, "add", ".gitattributes")
    commit(synced)
    copy, ran = synced.settings.data_dir / "git" / synced.source_id, tmp_path / "ran"
    for name in (
        "filter.evil.smudge",
        "filter.evil.clean",
        "filter.evil.process",
        "diff.evil.textconv",
    ):
        subprocess.run(["git", "config", name, f"touch {ran}"], cwd=copy, check=True)
    run = synced.run(read_all=True)

    assert run.plan.problems == ()
    assert synced.select().step.content == words
    assert not ran.exists()


def test_what_looks_like_a_variable_in_an_address_is_a_name(synced, monkeypatch, tmp_path):
    monkeypatch.setenv("SECRET", "the-secret")
    for name in ("$SECRET", "${SECRET}", "$(id)", "`id`", "%s", "~"):
        synced.author.folder.rename(tmp_path / name)
        synced.author.folder = tmp_path / name
        synced.set(url=f"{tmp_path}/{name}")
        assert synced.run(read_all=True).plan.problems == ()

    assert live(synced) == (1, 3, None)


@pytest.mark.parametrize("name", ["$SECRET", "${SECRET}", "$(id)", "`id`"])
def test_a_host_is_asked_for_the_very_address_and_told_no_secret(
    database, settings, tmp_path, monkeypatch, name
):
    monkeypatch.setenv("SECRET", "the-secret")
    made = PushedSource(database, settings, tmp_path)
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
