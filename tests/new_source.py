"""A repository at a host on loopback, and a member who adds it step by step."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace

import pytest

from tests.authors import Author
from tests.dashboard import said
from tests.git_hosts import https_host

PAGE = "/o/acme/admin/git/new/"


class Hosted:
    """The author's repository `guides.git`, and the host that serves it."""

    def __init__(self, folder, host):
        self.host, self.bare = host, folder / "hosted" / "guides.git"
        self.url = f"{host.origin}/guides.git"
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", self.bare], check=True)
        self.author = Author(folder / "work")
        self.author.write("one", "two", name="guide")
        self.push()

    def push(self, branch="main"):
        made = self.author.commit()
        self.author.repository.git.push(str(self.bare), f"HEAD:{branch}")
        return made


class Steps:
    """Fills in one page after the other; `shown` is the last one."""

    def __init__(self, visitor):
        self.visitor, self.shown, self.status = visitor, said(visitor.get(PAGE)), 200

    @property
    def sealed(self):
        found = re.search(r'name="sealed" value="([^"]+)"', self.shown)
        return found[1] if found else ""

    @property
    def step(self):
        return re.search(r'name="step" value="(\w+)"', self.shown)[1]

    def send(self, **fields):
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.shown)[1]
        known = {"csrf_token": token, "step": self.step, "sealed": self.sealed}
        answer = self.visitor.client.post(PAGE, data=known | fields)
        self.shown, self.status, self.location = said(answer), answer.status_code, answer.location
        return self


@pytest.fixture
def host(tmp_path):
    with https_host(tmp_path / "hosted", tmp_path) as made:
        yield made


@pytest.fixture
def settings(settings, host):
    """Settings that trust the host, and admit no folders of this machine."""
    return replace(settings, git_ca_file=host.authority, allow_local_repositories=False)


@pytest.fixture
def hosted(tmp_path, host):
    made = Hosted(tmp_path, host)
    yield made
    made.author.repository.close()
