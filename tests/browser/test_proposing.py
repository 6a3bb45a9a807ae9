"""What Git owns: a change is proposed in the dashboard, merged by a maintainer, and live."""

import subprocess
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from sync.git.credentials import Token, encrypt_credential
from sync.sync_source import sync_source
from tests.authors import Author
from tests.browser.conftest import faults
from tests.browser.writing import (
    ask,
    begin,
    end,
    expect_editor,
    expect_saved,
    next_step,
    open_step,
    select,
    write,
)
from tests.git_hosts import PASSWORD, USER, https_host
from walkthroughs.identity.links import create_link
from walkthroughs.models import ContentSource, Walkthrough


class Maintainer:
    """Somebody who merges at the host, and the source that follows it."""

    def __init__(self, database, settings, host, folder, organization_id):
        self.database, self.settings = database, settings
        self.author = Author(folder / "work")
        self.bare = folder / "hosted" / "guides.git"
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", self.bare], check=True)
        sealed = encrypt_credential(settings.secret_key, Token(PASSWORD, USER))
        with database.transaction() as session:
            source = ContentSource(
                organization_id=organization_id,
                name="team guides",
                url=f"{host.origin}/guides.git",
                credential=sealed,
            )
            session.add(source)
            session.flush()
            self.source_id = source.id
        self.author.write(
            "start", "finish", name="deploy-it", head="servers: [acme]\nstatus: published"
        )
        manifest = self.author.folder / "walkthroughs/deploy-it/walkthrough.yml"
        manifest.write_text(manifest.read_text().replace("title: Deploy", "title: Deploy it"))
        self.author.commit()
        self.push()
        self.sync()
        with database.transaction() as session:
            self.row = session.query(Walkthrough).filter_by(external_id="deploy-it").one().id

    @property
    def branch(self):
        return f"handrail/{self.row}"

    def git(self, *words):
        return self.author.repository.git.execute(
            ["git", "-c", "user.name=Ana", "-c", "user.email=ana@x.example", *words]
        )

    def push(self, branch="main"):
        self.git("push", "-q", str(self.bare), f"HEAD:refs/heads/{branch}")

    def merge(self):
        self.git("fetch", "-q", str(self.bare), self.branch)
        self.git("merge", "-q", "--no-ff", "-m", "Merge it", "FETCH_HEAD")
        self.push()

    def correct(self, old, new):
        """Change the first step on the branch of the proposal."""
        self.git("fetch", "-q", str(self.bare), self.branch)
        self.git("checkout", "-q", "FETCH_HEAD")
        file = self.author.folder / "walkthroughs/deploy-it/steps/start.md"
        file.write_text(file.read_text().replace(old, new))
        self.author.commit()
        self.push(self.branch)
        self.git("checkout", "-q", "main")

    def sync(self):
        sync_source(self.database, self.settings, self.source_id)


@pytest.fixture
def host(tmp_path):
    """A host that takes pushes."""
    (tmp_path / "hosted").mkdir()
    with https_host(tmp_path / "hosted", tmp_path) as made:
        yield made


@pytest.fixture
def settings(settings, host):
    """The dashboard trusts the certificate of the host."""
    return replace(settings, git_ca_file=host.authority)


@pytest.fixture
def maintainer(database, settings, tmp_path, site, host):
    with database.transaction() as session:
        organization_id = session.query(ContentSource.organization_id).first()[0]
    made = Maintainer(database, settings, host, tmp_path, organization_id)
    made.site = site
    yield made
    made.author.repository.close()


async def texts(client):
    """Return what an assistant is told of each step."""
    view, taken = await select(client, "Deploy it"), []
    while view["step"]:
        taken.append(view["step"]["content"])
        view = await next_step(client, view)
    return taken


def test_proposals_are_added_to_corrected_and_merged_by_a_maintainer_and_a_client_sees_them(
    browser, maintainer, database
):
    with database.transaction() as session:
        learner = (
            f"{maintainer.site.origin}/s/acme/mcp/u/{create_link(session, 'acme', 'lea@x.example')}"
        )
    page = begin(browser, maintainer.site)
    page.get_by_role("link", name="Deploy it").click()
    expect(page.locator("#git-state")).to_contain_text("In step with Git")
    told = faults(page)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("button", name="Propose a change").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#git-state")).to_contain_text("A proposal is being written")
    expect_editor(page)
    write(page, "Begin well.")
    open_step(page, "Finish")
    write(page, "End well.")
    page.keyboard.press("Control+s")
    expect_saved(page)
    told += faults(page)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("link", name="Propose…").click()
    expect(page.locator("ins", has_text="Begin well.")).to_be_visible()
    expect(page.locator("ins", has_text="End well.")).to_be_visible()
    told += faults(page)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_label("What is the change for?").fill("Say how well")
    page.get_by_role("button", name="Propose 2 changed files").click()
    expect(page.locator("#git-state")).to_contain_text(f"{maintainer.branch}, open.")
    told += faults(page)
    page.set_viewport_size({"width": 1440, "height": 900})

    expect_editor(page)
    open_step(page, "Finish")
    write(page, "End very well.")
    expect(page.locator("#git-state")).to_contain_text("not proposed yet")
    page.get_by_role("link", name="Propose…").click()
    expect(page.get_by_text("on top of what is proposed already")).to_be_visible()
    page.get_by_role("button", name="Propose 1 changed file").click()
    expect(page.locator("#git-state")).not_to_contain_text("not proposed yet")
    count = subprocess.run(
        ["git", "rev-list", "--count", f"main..{maintainer.branch}"],
        cwd=maintainer.bare, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert count.stdout == "2\n"

    maintainer.correct("Begin well.", "Begin at once.")
    expect_editor(page)
    open_step(page, "Start")
    write(page, "Begin soon.")
    expect(page.locator("#git-state")).to_contain_text("not proposed yet")
    page.get_by_role("link", name="Propose…").click()
    expect(page.get_by_role("alert")).to_contain_text("Somebody else has changed")
    expect(page.locator("ins", has_text="Begin at once.")).to_be_visible()
    told += faults(page)
    page.set_viewport_size({"width": 1440, "height": 900})

    maintainer.merge()
    maintainer.sync()
    page.get_by_role("link", name="Back to the editor").click()
    expect(page.locator("#stale")).to_contain_text("came from Git")
    told += faults(page)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("button", name="Discard changes").click()
    expect(page.locator("#git-state")).to_contain_text("was merged, and is live")
    expect(page.get_by_role("button", name="Propose a change")).to_be_visible()
    end(page)
    assert ask(learner, texts) == ["Begin at once.", "End very well."]
    assert told == []
