"""An author who writes walkthroughs in a real Git repository, and a course that follows it."""

from __future__ import annotations

import subprocess

from git import Actor, Repo
from sqlalchemy import select, text

from sync.git import credentials
from sync.runs import SyncRequest
from sync.status import read_status
from sync.sync_source import plan_source, sync_source
from tests.builders import learner, organization, server
from walkthroughs.learning import progress
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.models import ContentSource, SyncRun, Walkthrough

ANA = Actor("Ana", "ana@acme.example")


class Author:
    """Somebody who writes walkthroughs and commits them."""

    def __init__(self, folder):
        self.folder = folder
        is_new = not (folder / ".git").exists()
        self.repository = Repo.init(folder, initial_branch="main") if is_new else Repo(folder)

    def write(self, *steps, name="deploy", head="status: published\nservers: [acme]"):
        """Write a walkthrough; a step is its id, or (id, extra front matter, body)."""
        base = self.folder / "walkthroughs" / name
        listed = []
        for step in steps:
            step_id, extra, body = step if isinstance(step, tuple) else (step, "", f"Do {step}.")
            path = base / "steps" / f"{step_id}.md"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"---\nid: {step_id}\ntitle: {step_id.title()}\n{extra}---\n{body}\n")
            listed.append(f"  - steps/{step_id}.md")
        for path in (base / "steps").glob("*.md"):
            if f"  - steps/{path.name}" not in listed:
                path.unlink()
        manifest = "\n".join([f"id: {name}", "title: Deploy", head, "steps:", *listed, ""])
        (base / "walkthrough.yml").write_text(manifest)

    def commit(self):
        self.repository.git.add("--all")
        return self.repository.index.commit("Write", author=ANA, committer=ANA).hexsha


class Course:
    """An organization with a server, a learner and a content source."""

    def __init__(self, database, settings, folder, slug="acme"):
        self.database, self.settings = database, settings
        self.author = Author(folder)
        with database.transaction() as session:
            org = organization(session, slug)
            srv = server(session, org.id, slug)
            who = learner(session, org.id)
            source = ContentSource(organization_id=org.id, name="content", url=str(folder))
            session.add(source)
            session.flush()
            self.source_id = source.id
            self.caller = Caller(org.id, srv.id, who.id)

    def sync(self):
        self.author.commit()
        return sync_source(self.database, self.settings, self.source_id)

    def row(self, name="deploy"):
        mine = Walkthrough.organization_id == self.caller.organization_id
        with self.database.transaction() as session:
            query = select(Walkthrough).where(mine, Walkthrough.external_id == name)
            return session.scalars(query).one()

    def select(self):
        return progress.select(
            self.database, ContentCache(), self.caller, self.row().id, resume=True
        )

    def next(self, step_id):
        return progress.advance(self.database, ContentCache(), self.caller, step_id)

    def progress_rows(self):
        with self.database.transaction() as session:
            return session.execute(text("SELECT xmin::text, * FROM walkthrough_progress")).all()


class SyncedSource(Course):
    """A course whose source can be read and changed."""

    def source(self):
        with self.database.transaction() as session:
            return session.get_one(ContentSource, self.source_id)

    def set(self, **values):
        with self.database.transaction() as session:
            row = session.get_one(ContentSource, self.source_id)
            for name, value in values.items():
                setattr(row, name, value)

    def run(self, **order):
        return sync_source(self.database, self.settings, self.source_id, SyncRequest(**order))

    def plan(self):
        return plan_source(self.database, self.settings, self.source_id)

    def runs(self):
        with self.database.transaction() as session:
            return session.scalars(select(SyncRun).order_by(SyncRun.started_at)).all()

    def drop(self, name):
        for path in sorted((self.author.folder / "walkthroughs" / name).rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()

    def status(self):
        return read_status(self.database, self.source(), self.settings.secret_keys)


class PushedSource(SyncedSource):
    """A source whose author pushes to a bare repository that a host serves."""

    def __init__(self, database, settings, folder):
        super().__init__(database, settings, folder / "work")
        self.bare = folder / "hosted" / "guides.git"
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", self.bare], check=True)
        self.author.write("one", "two")

    def point_at(self, url, credential):
        sealed = (
            credentials.encrypt_credential(self.settings.secret_key, credential)
            if credential
            else None
        )
        self.set(url=url, credential=sealed)

    def push(self):
        self.author.commit()
        self.author.repository.git.push(str(self.bare), "main")

    def sync(self):
        self.push()
        return self.run()
