"""A change of what Git owns: written in the dashboard, proposed, merged by others, and live."""

import re

import git
import pytest

from sync.worker import check_source
from tests.dashboard import Visitor, app, owner, said, site
from tests.git_hosts import PASSWORD, USER, https_host
from tests.http.test_editor_page import form_of
from tests.http.test_git_page import Guides
from tests.pictures import picture_file
from walkthroughs.content.draft import text_hash
from walkthroughs.content.draft_changes import request_from_json
from walkthroughs.enums import Role
from walkthroughs.models import AuditEvent, KeptCopy, Member, Walkthrough, WalkthroughDraft
from walkthroughs.publishing import drafts

__all__ = ["app", "owner", "site"]


class Proposed(Guides):
    """A source of acme whose walkthrough `guide` is live, and the pages to propose a change."""

    def __init__(self, *parts):
        super().__init__(*parts)
        self.commit("The first words.")
        self.sync()
        with self.database.transaction() as session:
            self.row = session.query(Walkthrough).filter_by(external_id="guide").one().id

    def at(self, rest=""):
        return f"/o/acme/admin/walkthroughs/{self.row}/{rest}"

    @property
    def branch(self):
        return f"handrail/{self.row}"

    def git(self, *words):
        return self.author.repository.git.execute(["git", *words])

    def begin(self, visitor):
        return visitor.post(self.at("propose/begin"), page=self.at())

    def write(self, visitor, step="start", **texts):
        fields = form_of(visitor.get(self.at(f"?step={step}")), self.at("save"))
        return visitor.client.post(self.at("save"), data=fields | texts)

    def look(self, visitor):
        return said(visitor.get(self.at("propose/?changes=1")))

    def propose(self, visitor, **fields):
        shown = self.look(visitor)
        hidden = dict(re.findall(r'name="(csrf_token|fingerprint)" value="([^"]*)"', shown))
        return visitor.client.post(self.at("propose/"), data=hidden | fields)

    def merge(self):
        self.git(
            "-c",
            "user.name=Ana",
            "-c",
            "user.email=a@x.example",
            "merge",
            "-q",
            "--no-ff",
            self.branch,
        )

    def check(self):
        check_source(self.database, self.settings, self.id)

    def draft(self):
        with self.database.transaction() as session:
            return drafts.read(session, self.org, self.row)


@pytest.fixture
def guide(database, settings, site, tmp_path):
    made = Proposed(database, settings, site, tmp_path / "guides")
    yield made
    made.author.repository.close()


def state(page):
    banner = re.search(r'id="git-state">(.*?)</div>', said(page), re.S)[1]
    return " ".join(re.sub(r"<[^>]+>", "", banner).split())


def test_a_change_is_written_proposed_merged_and_live_and_the_banner_says_how_far_it_is(
    owner, guide, database
):
    page = owner.get(guide.at())
    assert state(page).startswith("In step with Git.")
    assert 'data-save-url="' not in said(page)
    assert "walkthroughs/guide/walkthrough.yml" in state(page)

    assert guide.begin(owner).status_code == 303
    page = owner.get(guide.at())
    assert "A proposal is being written." in state(page)
    assert 'data-save-url="' in said(page)
    assert "Publish changes" not in said(page)
    guide.write(owner, **{"step-text": "The new words."})
    guide.write(owner, step="finish", **{"step-title": "The end"})
    assert guide.live() == "The first words."

    assert "The repository is asked" in said(owner.get(guide.at("propose/")))
    shown = guide.look(owner)
    assert "<ins>+The new words.</ins>" in shown
    assert "<del>-The first words.</del>" in shown
    assert shown.count("<summary><code>") == 2
    done = guide.propose(owner, note="Say it better\n\nShorter, too.")
    assert done.status_code == 303
    assert guide.git("log", "-1", "--format=%an|%ae|%s", guide.branch) == (
        "owner|owner@acme.example|Say it better"
    )
    page = owner.get(guide.at())
    assert state(page).startswith(f"Proposed: {guide.branch}, open.")
    assert "Open a pull request" in state(page)
    with database.transaction() as session:
        audited = session.query(AuditEvent).filter_by(verb="walkthrough.propose").one()
        assert (audited.actor, audited.place, audited.after["branch"]) == (
            "owner@acme.example", "dashboard", guide.branch
        )  # fmt: skip

    guide.write(owner, **{"step-text": "The newer words."})
    assert "What was written since is not proposed yet." in state(owner.get(guide.at()))
    assert "on top of what is proposed" in guide.look(owner)
    guide.propose(owner)
    assert guide.git("rev-list", "--count", f"main..{guide.branch}") == "2"

    guide.merge()
    guide.set(held_at=5)
    guide.check()
    assert "Merged, applies when the source is resumed" in state(owner.get(guide.at()))
    guide.set(held_at=None)
    guide.check()
    assert guide.live() == "The newer words."
    page = owner.get(guide.at())
    assert "The last proposal was merged, and is live." in state(page)
    assert 'data-save-url="' not in said(page)
    assert not guide.draft().has_changes


def test_a_draft_of_what_git_owns_is_saved_and_never_published(owner, guide):
    assert guide.write(owner, **{"step-text": "Typed."}).status_code == 409
    guide.begin(owner)
    guide.write(owner, **{"step-text": "Typed."})
    refused = owner.get(guide.at("publish/"))
    assert refused.status_code == 303
    assert "managed by a Git repository" in said(owner.get(guide.at()))
    token = re.search(r'name="csrf_token" value="([^"]+)"', said(owner.get(guide.at())))[1]
    owner.client.post(
        guide.at("publish/"), data={"csrf_token": token, "fingerprint": "1.1.x", "servers": "1"}
    )
    owner.client.post(guide.at("publish/undo"), data={"csrf_token": token, "change": "undo 1"})
    assert guide.live() == "The first words."
    assert guide.draft().draft.steps[0].text == "Typed."


def test_what_is_not_written_as_a_proposal_is_not_pushed(owner, guide):
    assert owner.get(guide.at("propose/")).status_code == 303
    assert owner.post(guide.at("propose/patch"), page=guide.at()).status_code == 404
    guide.begin(owner)
    assert "say this already" in guide.look(owner)
    guide.write(owner, **{"step-text": ""})
    blocked = guide.look(owner)
    assert "It cannot be proposed yet" in blocked
    assert "fingerprint" not in blocked
    owner.post(guide.at("propose/"), page=guide.at())
    guide.write(owner, **{"step-text": "Shown."})
    assert "not what was shown any more" in said(
        owner.post(guide.at("propose/"), page=guide.at(), fingerprint="0" * 16, note="Kept.")
    )
    assert "handrail" not in guide.git("branch", "--list", "--all")


def test_steps_and_pictures_go_along_as_files(owner, guide):
    token = re.search(r'content="([^"]+)"', said(owner.get(guide.at())).split("csrf-token")[1])[1]
    picture = {"data": picture_file(), "headers": {"X-CSRFToken": token}}
    assert owner.client.post(guide.at("pictures/"), **picture).status_code == 403
    guide.begin(owner)
    path = owner.client.post(guide.at("pictures/"), **picture).json["path"]
    guide.write(owner, **{"step-text": f"Look: ![A fox]({path})", "do": "delete finish"})
    guide.write(owner, **{"do": "add start"})
    (new,) = (each.id for each in guide.draft().draft.steps if each.id != "start")
    guide.write(
        owner, step=new, **{"step-title": "New", "step-text": "Do it.", "step-section": "End"}
    )
    guide.propose(owner)

    changed = guide.git("diff", "--name-status", "main", guide.branch).splitlines()
    folder = "walkthroughs/guide/"
    assert sorted(changed) == sorted([
        f"D\t{folder}steps/finish.md", f"M\t{folder}steps/start.md", f"A\t{folder}steps/{path}",
        f"A\t{folder}steps/{new}.md", f"M\t{folder}walkthrough.yml",
    ])  # fmt: skip


def test_a_draft_from_before_git_took_over_is_the_beginning_of_a_proposal(
    owner, guide, database, site
):
    def own(**columns):
        with database.transaction() as session:
            session.query(Walkthrough).filter_by(id=guide.row).update(columns)

    own(source_id=None)
    guide.write(owner, **{"step-text": "Before."})
    own(source_id=guide.id)
    assert "written here before Git took over" in state(owner.get(guide.at()))
    own(archived_at=5)
    guide.begin(owner)
    assert "is archived" in said(owner.get(guide.at()))
    own(archived_at=None)
    guide.begin(owner)
    assert guide.draft().draft.steps[0].text == "Before."
    assert "<ins>+Before.</ins>" in guide.look(owner)
    ours = f"/o/acme/admin/walkthroughs/{site['acme'][2]}/"
    owner.post(f"{ours}propose/begin", page=ours)
    assert "No repository owns" in said(owner.get(ours))


def test_a_proposal_is_discarded_and_brought_back(owner, guide, database):
    guide.begin(owner)
    guide.write(owner, **{"step-text": "Mine."})
    owner.post(guide.at("discard"), page=guide.at())
    page = said(owner.get(guide.at()))
    assert "Propose a change" in page
    undo = re.search(r'name="change" value="(undo [^"]+)"', page)[1]
    owner.post(guide.at("discard"), page=guide.at(), change=undo)
    assert guide.draft().draft.steps[0].text == "Mine."

    guide.propose(owner)
    guide.write(owner, **{"step-text": "Mine, and more."})
    owner.post(guide.at("discard"), page=guide.at())
    assert guide.draft().draft.steps[0].text == "Mine."
    assert "not proposed yet" not in state(owner.get(guide.at()))
    guide.git("branch", "-D", guide.branch)
    guide.check()
    assert "Closed: its branch is gone, unmerged." in state(owner.get(guide.at()))
    owner.post(guide.at("discard"), page=guide.at())
    assert guide.draft().draft.steps[0].text == "The first words."
    with database.transaction() as session:
        assert not session.query(WalkthroughDraft).one().is_proposal


def test_what_git_brings_below_a_proposal_is_merged_into_it_first(owner, guide):
    guide.begin(owner)
    guide.write(owner, **{"step-text": "Mine."})
    guide.author.write(("start", "", "The first words."), ("finish", "", "Theirs."), name="guide")
    guide.author.commit()
    guide.check()
    assert "came from Git after this proposal was begun" in said(owner.get(guide.at()))
    assert "Merge it in the editor" in guide.look(owner)
    owner.post(guide.at("rebase"), page=guide.at())
    shown = guide.look(owner)
    assert "<ins>+Mine.</ins>" in shown
    assert "Theirs." not in re.sub(r"<span>.*?</span>", "", shown)


def test_a_proposal_says_who_does_a_changed_step_again(owner, guide, database):
    def ask(level):
        asked = {"level-start": level, "level-unknown": "again"}
        return owner.post(guide.at("propose/again"), page=guide.at(), **asked)

    guide.begin(owner)
    guide.write(owner, **{"step-text": "Mine."})
    assert "Who has done a changed step" in said(owner.get(guide.at("propose/")))
    assert "must be" in said(owner.client.get(ask("once").location))
    for level, line in (("same", 0), ("again", 1), ("again", 1)):
        assert ask(level).status_code == 303
        shown = guide.look(owner)
        assert shown.count("<ins>+revision: 2</ins>") == line
        assert f'name="level-start" value="{level}" checked' in shown
    refused = guide.propose(owner, **{"level-start": "once"})
    assert (refused.status_code, "must be" in said(refused)) == (200, True), "nothing is pushed"
    shown = said(guide.propose(owner, note="Why", **{"level-start": "same"}))
    assert "look at them once more" in shown
    assert "revision: 2" not in shown
    assert ">Why</textarea>" in shown.replace("\n", "")
    ask("again")
    assert guide.propose(owner).status_code == 303
    guide.merge()
    guide.check()
    row = guide.draft()
    assert (row.live.steps[0].revision, row.has_changes, row.is_proposal) == (2, False, False)
    assert ask("again").location.endswith("/propose/")  # which sends on to the editor
    assert guide.draft().draft.steps[0].revision == "same"
    with database.transaction() as session:
        assert session.query(KeptCopy).count() == 0


def test_of_two_who_choose_neither_loses_a_choice_nor_is_told_what_is_not_so(
    owner, guide, database, monkeypatch
):
    def send(form, rest="propose/again", **fields):
        shown = said(owner.client.post(guide.at(rest), data=form | fields, follow_redirects=True))
        return shown, [each.revision for each in guide.draft().draft.steps]

    guide.begin(owner)
    guide.write(owner, **{"step-text": "Mine."})
    guide.write(owner, step="finish", **{"step-text": "Mine."})
    page = guide.look(owner)
    form = dict(re.findall(r'name="(csrf_token|fingerprint|seen-level-\w+)" value="([^"]*)"', page))
    assert form["seen-level-start"] == form["seen-level-finish"] == text_hash("same")
    both = form | {"level-start": "same", "level-finish": "same"}
    shown, levels = send(both, **{"level-start": "again"})
    assert ("Kept" in shown, levels) == (True, ["again", "same"])
    # Another one, whose page was shown before that, and who chooses for the other step.
    shown, levels = send(both, **{"level-finish": "again"})
    assert ("Kept" in shown, levels) == (True, ["again", "again"])
    shown, levels = send(both)
    assert ("Kept" in shown, levels) == (False, ["again", "again"])

    chosen = form | {"seen-level-start": text_hash("again"), "level-start": "same"}
    save = drafts.save

    def save_after_another(session, organization_id, walkthrough_id, wanted, by):
        gone = {"request_id": "r", "base": 9, "changes": [{"kind": "delete_step", "step": "start"}]}
        save(session, organization_id, walkthrough_id, request_from_json(gone), "b@x.example")
        return save(session, organization_id, walkthrough_id, wanted, by)

    monkeypatch.setattr(drafts, "save", save_after_another)
    for rest in ("propose/again", "propose/", "propose/patch"):
        shown, _ = send(chosen, rest)
        assert ("nothing was kept" in shown, "Kept:" in shown) == (True, False), rest
    with pytest.raises(git.GitCommandError):
        guide.git("rev-parse", "--verify", guide.branch)


def test_what_was_written_after_proposing_outlives_the_merge(owner, guide, database):
    guide.begin(owner)
    guide.write(owner, **{"step-text": "Mine."})
    owner.post(guide.at("propose/again"), page=guide.at("propose/"), **{"level-start": "again"})
    guide.propose(owner)
    guide.write(owner, step="finish", **{"step-text": "More."})
    guide.merge()
    guide.check()
    row = guide.draft()
    assert (row.is_proposal, row.is_stale, row.draft.steps[1].text) == (True, True, "More.")
    assert row.draft.steps[0].revision == "same"  # they are asked by now, and not once more
    owner.post(guide.at("rebase"), page=guide.at())
    guide.propose(owner)
    assert guide.git("diff", "--name-only", "main", guide.branch) == (
        "walkthroughs/guide/steps/finish.md"
    )
    with database.transaction() as session:
        assert {each.reason for each in session.query(KeptCopy)} == {"rebased"}


def test_a_form_that_is_sent_twice_is_one_proposal(owner, guide):
    guide.begin(owner)
    guide.write(owner, **{"step-text": "Mine."})
    shown = guide.look(owner)
    hidden = dict(re.findall(r'name="(csrf_token|fingerprint)" value="([^"]*)"', shown))
    for _ in range(2):
        assert owner.client.post(guide.at("propose/"), data=hidden).status_code == 303
    assert guide.git("rev-list", "--count", f"main..{guide.branch}") == "1"


def test_what_others_pushed_to_the_same_file_is_shown_and_stays(owner, guide):
    guide.begin(owner)
    guide.write(owner, **{"step-text": "Mine."})
    guide.propose(owner)
    guide.git("checkout", "-q", guide.branch)
    file = guide.author.folder / "walkthroughs/guide/steps/start.md"
    file.write_text(file.read_text().replace("Mine.", "Theirs."))
    theirs = guide.author.commit()
    guide.git("checkout", "-q", "main")
    guide.write(owner, **{"step-text": "Mine again."})
    shown = guide.look(owner)
    assert "Somebody else has changed" in shown
    assert "<ins>+Theirs.</ins>" in shown
    assert guide.git("rev-parse", guide.branch) == theirs
    over = re.search(r"propose/\?changes=1&amp;over=(\w+)", shown)[1]
    shown = said(owner.get(guide.at(f"propose/?changes=1&over={over}")))
    assert "<del>-Theirs.</del>" in shown
    hidden = dict(re.findall(r'name="(csrf_token|fingerprint|over)" value="([^"]*)"', shown))
    assert owner.client.post(guide.at("propose/"), data=hidden).status_code == 303
    assert guide.git("rev-parse", f"{guide.branch}~") == theirs


def test_an_earlier_version_is_restored_into_a_proposal(owner, guide):
    guide.commit("The second words.")
    guide.check()
    shown = said(owner.get(guide.at("history/")))
    assert "Restore into a proposal" in shown
    owner.post(guide.at("history/restore"), page=guide.at("history/"), version="1")
    assert "A proposal is being written." in state(owner.get(guide.at()))
    assert "<ins>+The first words.</ins>" in guide.look(owner)
    assert guide.live() == "The second words."


def test_a_viewer_sees_the_state_and_an_editor_proposes(app, owner, guide, database, site):
    with database.transaction() as session:
        foreign = session.query(Member).filter_by(organization_id=site["other"][0]).one()
        member = Member(organization_id=guide.org, user_id=foreign.user_id, role=Role.VIEWER)
        session.add(member)
        session.flush()
        member_id = member.id
    vera = Visitor(app)
    vera.sign_in("owner@other.example", site["other"][3])
    page = vera.get(guide.at())
    assert "editors can propose a change" in state(page)
    assert "propose/begin" not in said(page)
    token = re.search(r'content="([^"]+)"', said(page).split("csrf-token")[1])[1]
    for rest in ("begin", "", "patch"):
        sent = vera.client.post(guide.at(f"propose/{rest}"), data={"csrf_token": token})
        assert sent.status_code == 404
    with database.transaction() as session:
        session.get_one(Member, member_id).role = Role.EDITOR
    guide.begin(vera)
    guide.write(vera, **{"step-text": "Mine."})
    assert guide.propose(vera).status_code == 303
    with database.transaction() as session:
        session.get_one(Member, member_id).role = Role.VIEWER
    assert f"Proposed: {guide.branch}, open." in state(vera.get(guide.at()))


def test_without_the_right_to_push_it_is_named_and_the_patch_is_downloaded(
    app, owner, guide, tmp_path, monkeypatch
):
    from dataclasses import replace

    from admin.pages.editor import propose_page
    from sync.git.credentials import Token, encrypt_credential

    guide.begin(owner)
    guide.write(owner, **{"step-text": "Mine."})
    with https_host(guide.author.folder.parent, tmp_path) as host:
        parts = app.extensions["handrail"]
        app.extensions["handrail"] = replace(
            parts, settings=replace(parts.settings, git_ca_file=host.authority)
        )
        sealed = encrypt_credential(guide.settings.secret_key, Token(PASSWORD, USER))
        guide.set(url=f"{host.origin}/guides/.git", credential=sealed)
        host.trouble.append("read only")
        shown = said(guide.propose(owner, note="Better"))
        assert "token may read, but not write." in shown
        assert ">Better</textarea>" in shown.replace("\n", "")
        patch = owner.post(guide.at("propose/patch"), page=guide.at(), note="Better")
        assert "guide.patch" in patch.headers["Content-Disposition"]
        assert "+Mine." in said(patch)
        assert "Subject: [PATCH] Better" in said(patch)
        host.recover()
        host.well.clear()
        host.trouble.append("silent")
        monkeypatch.setattr(propose_page, "SECONDS", 0.5)
        assert "did not answer within 0.5 seconds" in guide.look(owner)
    assert guide.draft().draft.steps[0].text == "Mine."
