"""Awkward branches and histories: nothing is archived because of them."""

import subprocess

import pytest

from sync.git.errors import RepositoryUnavailable
from sync.source_repository import open_repository_of
from sync.worker import check_source
from tests.nasty_steps import done, here


def test_unrelated_history_after_a_forced_push_is_synced_all_the_same(synced):
    place = done(synced)
    git = synced.author.repository.git
    git.checkout("--orphan", "fresh")
    synced.author.write("one", "two", "three", "four")
    synced.author.commit()
    git.branch("-M", "main")
    git.reflog("expire", "--expire=now", "--all")
    git.gc("--prune=now", "-q")
    synced.run()

    assert synced.row().step_count == 4
    assert here(synced) == place


def test_a_tag_of_the_branchs_name_is_not_the_branch(synced):
    synced.author.repository.git.tag("main")
    synced.author.write("one", "two")
    synced.sync()

    assert synced.row().step_count == 2


def test_a_branch_with_slashes_in_its_name_is_a_branch(synced):
    synced.author.write("one", "two")
    synced.author.commit()
    synced.author.repository.git.branch("-M", "main", "release/2026/autumn")
    synced.set(branch="release/2026/autumn")
    synced.run()

    assert synced.row().step_count == 2
    assert synced.status().sync == "synced"


def test_a_branch_that_ends_like_ours_is_not_taken_for_it(synced):
    git = synced.author.repository.git
    git.checkout("-q", "-b", "a/refs/heads/main")
    synced.author.write("evil")
    synced.author.commit()
    with open_repository_of(synced.settings, synced.source()) as repository:
        assert repository.head() == synced.source().synced_commit
    git.branch("-D", "main")
    check_source(synced.database, synced.settings, synced.source_id)

    assert "There is no branch" in synced.source().error
    assert synced.row().step_count == 3


def test_a_branch_that_is_deleted_or_renamed_archives_nothing_and_is_found_again(synced):
    place, git = done(synced), synced.author.repository.git
    for leave, back in (
        (("branch", "-m", "main", "trunk"), ("branch", "-m", "trunk", "main")),
        (("update-ref", "-d", "refs/heads/main"), ("update-ref", "refs/heads/main", "kept")),
    ):
        git.tag("-f", "kept", "HEAD")
        git.execute(["git", *leave])
        with pytest.raises(RepositoryUnavailable, match='There is no branch "main"'):
            synced.run()
        state = synced.status()
        assert (state.sync, state.health) == ("unknown", "unreachable")
        assert (synced.row().archived_at, here(synced)) == (None, place)
        git.execute(["git", *back])
        synced.run()
        assert (synced.status().sync, synced.row().version) == ("synced", 1)

    assert here(synced) == place


def test_a_repository_without_any_commit_archives_nothing(synced, tmp_path):
    subprocess.run(["git", "init", "-q", "-b", "main", tmp_path / "empty"], check=True)
    synced.set(url=str(tmp_path / "empty"))
    with pytest.raises(RepositoryUnavailable, match='There is no branch "main"'):
        synced.run()

    assert (synced.row().archived_at, synced.status().health) == (None, "unreachable")


@pytest.mark.parametrize(
    "name",
    ["HEAD", "refs/heads/main", "heads/main", "mai?", "*", "main^", "main~1", "a..b", "@", ""],
)
def test_what_is_no_branch_is_none_though_git_could_find_a_commit_by_it(synced, name):
    synced.set(branch=name)
    with pytest.raises(RepositoryUnavailable):
        synced.run()

    assert synced.row().archived_at is None


def test_the_id_of_a_commit_is_no_branch_though_the_host_would_give_it(synced):
    git = synced.author.repository.git
    git.config("uploadpack.allowAnySHA1InWant", "true")
    synced.set(branch=synced.source().synced_commit)
    with pytest.raises(RepositoryUnavailable, match="There is no branch"):
        synced.run()

    assert synced.row().archived_at is None
