"""Changes proposed to real Git hosts: pushed, added to, refused, merged, and live."""

import base64
import os
import subprocess
import time
from dataclasses import replace

import pytest

from sync.format.rewrite import NotRewritten
from sync.git.credentials import Token
from sync.git.errors import HostUnavailable, RepositoryUnavailable
from sync.git.proposal_branch import Person
from sync.proposals.errors import NothingToPropose, NotProposed, ProposalConflict
from sync.proposals.opened import Change
from sync.proposals.propose import preview_proposal, propose
from sync.proposals.state import list_proposals, proposal_status
from sync.worker import check_source
from tests.authors import PushedSource
from tests.builders import organization, step
from tests.git_hosts import PASSWORD, USER, https_host
from tests.pictures import stored_picture
from walkthroughs.errors import WalkthroughNotFound
from walkthroughs.models import Walkthrough
from walkthroughs.publishing import read
from walkthroughs.publishing.pictures import store_pictures

LEA = Person("Léa <x>", "lea@acme.example")
SECRETS = (PASSWORD, base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode())


class ProposingSource(PushedSource):
    """A source whose walkthrough `deploy` is live, and changes of it."""

    def git(self, *words, folder=None):
        done = subprocess.run(
            ["git", "-c", "user.name=Ana", "-c", "user.email=ana@acme.example", *words],
            cwd=folder or self.bare, capture_output=True, check=True, text=True,
        )  # fmt: skip
        return done.stdout.strip()

    @property
    def branch(self):
        return f"handrail/{self.row().id}"

    def live(self, **fields):
        """What is live, with other fields of its first step."""
        row = self.row()
        with self.database.transaction() as session:
            content = read.read_content(session, row.organization_id, row.id)
        first, *others = content.steps
        return replace(content, steps=(replace(first, **fields), *others))

    def propose(self, content, **more):
        row = self.row()
        change = Change(row.organization_id, row.id, content)
        return propose(self.database, self.settings, change, LEA, **more)

    def preview(self, content):
        row = self.row()
        change = Change(row.organization_id, row.id, content)
        return preview_proposal(self.database, self.settings, change)

    def state(self):
        row = self.row()
        with self.database.transaction() as session:
            return proposal_status(session, row.organization_id, row.id)

    def as_others(self, path, text, branch=None):
        """Push a change of a file as somebody else does."""
        folder = self.bare.parent / "others"
        if not folder.exists():
            self.git("clone", "-q", str(self.bare), str(folder), folder=self.bare.parent)
        self.git("fetch", "-q", folder=folder)
        self.git("checkout", "-q", "-B", "x", f"origin/{branch or 'main'}", folder=folder)
        (folder / path).write_text(text)
        self.git("commit", "-q", "-am", "Mine", folder=folder)
        self.git("push", "-q", "origin", f"HEAD:{branch or 'main'}", folder=folder)

    def merge(self, *options):
        """Merge the branch as a host does, and follow the author's copy."""
        folder = self.author.folder
        self.git("pull", "-q", "--no-rebase", str(self.bare), "main", folder=folder)
        self.git("fetch", "-q", str(self.bare), self.branch, folder=folder)
        self.git("merge", "-q", *options, "FETCH_HEAD", folder=folder)

    def delete_branch(self):
        self.git("update-ref", "-d", f"refs/heads/{self.branch}")


@pytest.fixture
def synced(database, settings, tmp_path):
    """A source on a host that takes pushes, synced."""
    made = ProposingSource(database, settings, tmp_path)
    with https_host(made.bare.parent, tmp_path) as host:
        made.host, made.settings = host, replace(settings, git_ca_file=host.authority)
        made.point_at(f"{host.origin}/guides.git", Token(PASSWORD, USER))
        made.sync()
        yield made
    made.author.repository.close()


@pytest.fixture
def local(database, settings, tmp_path):
    """A source that is a folder of this machine, with a hook that must not run."""
    made = ProposingSource(database, settings, tmp_path)
    made.point_at(str(made.bare), None)
    made.sync()
    hook(made, "touch ../ran; exit 1")
    yield made
    made.author.repository.close()


def hook(made, program):
    path = made.bare / "hooks" / "pre-receive"
    path.write_text(f"#!/bin/sh\n{program}\n")
    path.chmod(0o755)


def test_a_proposal_is_pushed_added_to_merged_and_live(synced):
    main = synced.git("rev-parse", "main")
    shown = synced.preview(synced.live(content="Do it."))
    first = synced.propose(
        synced.live(content="Do it."), note="Say it shorter", fingerprint=shown.fingerprint
    )

    assert (shown.diff, shown.appends, shown.branch) == (first.diff, False, synced.branch)
    assert "-Do one.\n+Do it.\n" in first.diff
    assert synced.git("rev-parse", "main") == main
    assert synced.git("log", "--format=%an|%ae|%cn|%s|%P", f"main..{synced.branch}") == (
        f"Léa x|lea@acme.example|Handrail|Say it shorter|{main}"
    )
    assert (synced.state().step, synced.state().proposal.git_commit) == (
        "proposed", first.proposal.git_commit
    )  # fmt: skip

    second = synced.propose(
        replace(
            synced.live(content="Do it."),
            steps=(*synced.live(content="Do it.").steps, step("three")),
        )
    )
    assert second.proposal.id == first.proposal.id
    assert synced.git("diff", "--name-status", first.proposal.git_commit, synced.branch) == (
        "A\twalkthroughs/deploy/steps/three.md\nM\twalkthroughs/deploy/walkthrough.yml"
    )
    assert synced.git("rev-list", "--count", f"main..{synced.branch}") == "2"
    assert synced.preview(synced.live()).appends

    synced.merge()
    synced.set(held_at=1)
    synced.push()
    synced.run()
    assert (synced.state().step, synced.state().sentence) == (
        "merged", "Merged, applies when the source is resumed"
    )  # fmt: skip
    with pytest.raises(NotProposed, match="not live yet"):
        synced.propose(synced.live(content="Other."))
    synced.set(held_at=None)
    synced.run()

    assert synced.state().step == "in_step"
    assert [each.id for each in synced.live().steps] == ["one", "two", "three"]
    assert synced.live().steps[0].content == "Do it."
    with pytest.raises(NothingToPropose):
        synced.propose(synced.live())
    third = synced.propose(synced.live(content="Again."))
    assert third.proposal.id != first.proposal.id
    assert synced.git("rev-list", "--count", f"main..{synced.branch}") == "1"


def test_locks_that_a_killed_git_left_are_no_hindrance(synced):
    synced.propose(synced.live(content="Do it."))
    refs = synced.settings.data_dir / "git" / synced.source_id / "refs" / "handrail"
    long_ago = time.time() - synced.settings.git_seconds - 1
    locks = [path.with_name(f"{path.name}.lock") for path in refs.rglob("wt_*") if path.is_file()]
    for lock in locks:
        lock.touch()
        os.utime(lock, (long_ago, long_ago))
    synced.propose(synced.live(content="Do it twice."))

    assert locks
    assert "+Do it twice." in synced.git("show", synced.branch)


def test_what_others_push_to_the_branch_stays_and_the_same_file_is_theirs(synced):
    first = synced.propose(synced.live(content="Do it."))
    synced.as_others(
        "walkthroughs/deploy/steps/two.md",
        "---\nid: two\ntitle: Two\n---\nTheirs.\n",
        synced.branch,
    )
    synced.propose(synced.live(content="Do it now."))

    files = f"{synced.branch}:walkthroughs/deploy/steps"
    assert synced.git("show", f"{files}/two.md").endswith("Theirs.")
    assert synced.git("show", f"{files}/one.md").endswith("Do it now.")
    synced.git("merge-base", "--is-ancestor", first.proposal.git_commit, synced.branch)

    synced.as_others(
        "walkthroughs/deploy/steps/one.md", "---\nid: one\ntitle: One\n---\nNo!\n", synced.branch
    )
    tip = synced.git("rev-parse", synced.branch)
    with pytest.raises(ProposalConflict, match=r"one\.md") as raised:
        synced.propose(synced.live(content="Mine."))
    assert "-Do it now.\n+No!\n" in raised.value.theirs
    assert synced.git("rev-parse", synced.branch) == tip
    assert synced.state().step == "proposed"


def test_who_pushes_between_our_look_and_our_push_is_not_overwritten(synced, monkeypatch):
    from sync.git import proposal_branch

    synced.propose(synced.live(content="Do it."))
    push, theirs = proposal_branch.ProposalBranch.push, "---\nid: two\ntitle: Two\n---\nTheirs.\n"

    def late(branch, commit):
        monkeypatch.setattr(proposal_branch.ProposalBranch, "push", push)
        synced.as_others("walkthroughs/deploy/steps/two.md", theirs, synced.branch)
        push(branch, commit)

    monkeypatch.setattr(proposal_branch.ProposalBranch, "push", late)
    synced.propose(synced.live(content="Do it now."))

    files = f"{synced.branch}:walkthroughs/deploy/steps"
    assert synced.git("show", f"{files}/two.md").endswith("Theirs.")
    assert synced.git("show", f"{files}/one.md").endswith("Do it now.")


def test_a_push_whose_answer_was_lost_is_found_by_the_next_look(synced, monkeypatch):
    from sync.git import proposal_branch

    push = proposal_branch.ProposalBranch.push

    def lost(branch, commit):
        push(branch, commit)
        raise HostUnavailable("Git could not push in time.")

    monkeypatch.setattr(proposal_branch.ProposalBranch, "push", lost)
    with pytest.raises(HostUnavailable):
        synced.propose(synced.live(content="Do it."))
    assert synced.state().step == "in_step"
    with pytest.raises(NothingToPropose):
        synced.preview(synced.live(content="Do it."))

    assert synced.state().step == "proposed"
    assert synced.state().proposal.git_commit == synced.git("rev-parse", synced.branch)


@pytest.mark.parametrize("trouble", ["read only", 403, 401])
def test_without_the_right_to_push_the_right_is_named_and_the_change_is_a_patch(
    synced, trouble, monkeypatch, caplog
):
    from sync.git import proposal_branch

    push = proposal_branch.ProposalBranch.push

    def refused(branch, commit):
        synced.host.trouble.append(trouble)
        try:
            push(branch, commit)
        finally:
            synced.host.recover()

    monkeypatch.setattr(proposal_branch.ProposalBranch, "push", refused)
    with pytest.raises(NotProposed, match="token may read, but not write") as raised:
        synced.propose(synced.live(content="Do it."))

    assert not any(secret in str(raised.value) + caplog.text for secret in SECRETS)
    assert synced.state().step == "in_step"
    patch = synced.bare.parent / "change.patch"
    patch.write_bytes(raised.value.patch)
    synced.git("am", "-q", str(patch), folder=synced.author.folder)
    assert synced.git(
        "show", "HEAD:walkthroughs/deploy/steps/one.md", folder=synced.author.folder
    ).endswith("Do it.")


def test_a_hook_of_the_host_that_refuses_is_quoted_in_a_few_visible_words(synced):
    hook(
        synced,
        f"printf 'Protected\\033[31m by \\u202e us {PASSWORD}\\n' >&2; yes | head -c 9000 >&2; exit 1",
    )
    with pytest.raises(NotProposed, match="takes no push") as raised:
        synced.propose(synced.live(content="Do it."))

    said = str(raised.value)
    assert "Protected" in said
    assert said.isprintable()
    assert len(said) < 700
    assert not any(secret in said for secret in SECRETS)
    assert b"Do it." in raised.value.patch
    assert synced.state().step == "in_step"


def test_a_host_that_is_away_keeps_everything_as_it_was(synced):
    synced.host.trouble.append(503)
    with pytest.raises(RepositoryUnavailable):
        synced.propose(synced.live(content="Do it."))
    synced.host.recover()

    assert synced.state().step == "in_step"


def test_a_branch_that_is_deleted_closes_the_proposal_and_the_next_one_begins_anew(synced):
    first = synced.propose(synced.live(content="Do it."))
    check_source(synced.database, synced.settings, synced.source_id)
    assert synced.state().step == "proposed"
    synced.delete_branch()
    check_source(synced.database, synced.settings, synced.source_id)

    assert synced.state().step == "closed"
    again = synced.propose(synced.live(content="Do that."))
    assert again.proposal.id != first.proposal.id
    assert synced.git("rev-list", "--count", f"main..{synced.branch}") == "1"
    with synced.database.transaction() as session:
        states = [each.state for each in list_proposals(session, source_id=synced.source_id)]
    assert sorted(states) == ["closed", "open"]


def test_a_squash_merge_that_is_changed_at_once_is_merged_and_the_branch_goes_on(synced):
    first = synced.propose(synced.live(content="Do it."))
    synced.merge("--squash")
    synced.author.commit()
    synced.author.write("one", "two", head="status: published\nservers: [acme]\ntags: [x]")
    synced.author.folder.joinpath("walkthroughs/deploy/steps/one.md").write_text(
        "---\nid: one\ntitle: One\n---\nDo it, please.\n"
    )
    synced.sync()

    assert synced.state().step == "in_step"
    assert synced.live().steps[0].content == "Do it, please."
    synced.propose(synced.live(content="Do it, please, now."))
    assert synced.git("diff", "--stat=200", f"main...{synced.branch}").count("|") == 1
    synced.git("merge-base", "--is-ancestor", first.proposal.git_commit, synced.branch)


def test_a_folder_that_is_renamed_meanwhile_is_found_by_its_id_and_the_merge_goes_live(synced):
    synced.propose(synced.live(content="Do it."))
    inside = synced.author.folder / "walkthroughs"
    (inside / "deploy").rename(inside / "shipping")
    synced.sync()
    assert synced.row().folder == "shipping"
    synced.propose(synced.live(content="Do it now."))
    assert "walkthroughs/deploy/steps/one.md" in synced.git(
        "ls-tree", "-r", "--name-only", synced.branch
    )
    synced.merge()
    synced.sync()

    assert (synced.state().step, synced.row().folder) == ("in_step", "shipping")
    assert synced.live().steps[0].content == "Do it now."


def test_a_merge_by_hand_into_a_renamed_folder_is_known_by_what_went_live(synced):
    synced.propose(synced.live(content="Do it."))
    inside = synced.author.folder / "walkthroughs"
    (inside / "deploy").rename(inside / "shipping")
    (inside / "shipping/steps/one.md").write_text("---\nid: one\ntitle: One\n---\nDo it.\n")
    synced.sync()
    check_source(synced.database, synced.settings, synced.source_id)

    assert synced.state().step == "in_step"
    assert synced.state().proposal.state == "merged"


def test_a_new_picture_of_the_dashboard_goes_along(synced):
    picture = stored_picture()
    row = synced.row()
    with synced.database.transaction() as session:
        store_pictures(session, row.organization_id, row.id, [picture])
    synced.propose(synced.live(content=f"![A fox](i/{picture.name})"))

    assert f"steps/i/{picture.name}" in synced.git("ls-tree", "-r", "--name-only", synced.branch)


def test_a_folder_of_this_machine_takes_proposals_and_none_of_its_programs_run(local):
    local.propose(local.live(content="Do it."))

    assert local.git("rev-list", "--count", f"main..{local.branch}") == "1"
    assert not list(local.bare.parent.rglob("ran"))


def test_what_cannot_be_proposed_says_why(local):
    row = local.row()
    with local.database.transaction() as session:
        other = organization(session, "other")
    with pytest.raises(WalkthroughNotFound):
        propose(local.database, local.settings, Change(other.id, row.id, local.live()), LEA)
    with pytest.raises(NotRewritten, match=r"one\.md:5"):
        local.propose(local.live(content="<script>"))
    shown = local.preview(local.live(content="Shown."))
    with pytest.raises(NotProposed, match="not what was shown"):
        local.propose(local.live(content="Not shown."), fingerprint=shown.fingerprint)
    with local.database.transaction() as session:
        session.get_one(Walkthrough, row.id).archived_at = 1
    with pytest.raises(NotProposed, match="archived"):
        local.propose(local.live(content="Do it."))


def test_the_commands_push_a_folder_and_list_what_is_proposed(local, flask, tmp_path):
    from sync.format.export import export
    from walkthroughs.content.values import AuthoredWalkthrough

    for path, data in export(AuthoredWalkthrough(local.live(content="Do it."))).items():
        (tmp_path / "new" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "new" / path).write_bytes(data)
    words = ("sync", "propose", "content", "deploy", "--from", str(tmp_path / "new"))

    assert flask("sync", "proposals") == "No proposals.\n"
    assert "+Do it.\n" in flask(*words, "--diff")
    assert flask("sync", "proposals") == "No proposals.\n"
    said = flask(*words, "--author", "Ana <ana@acme.example>")
    assert "+Do it.\n" in said
    assert f'Open a pull request for the branch "{local.branch}" at your host.' in said
    assert "say this already" in flask(*words, code=1)
    listed = flask("sync", "proposals", "content")
    assert f"open    content/deploy  {local.branch}" in listed
    assert "Ana <ana@acme.example>" in listed
    assert "no walkthrough" in flask(*words[:3], "other", *words[4:], code=1)
