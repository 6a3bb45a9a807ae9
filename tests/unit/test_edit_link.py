"""The page at which somebody edits what they may not edit in the dashboard."""

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.git.edit_link import edit_location, line_address_of
from walkthroughs.enums import GitHost
from walkthroughs.models import ContentSource

DEPLOY = "walkthroughs/deploy/walkthrough.yml"


def link(url, branch="main", path="", folder="deploy", kind=None):
    return edit_location(url, branch, path, folder, kind).link


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("https://github.com/acme/guides.git", "https://github.com/acme/guides/edit/main/"),
        ("https://github.com/acme/guides/", "https://github.com/acme/guides/edit/main/"),
        ("https://GitHub.com/acme/guides", "https://github.com/acme/guides/edit/main/"),
        ("ssh://git@github.com/acme/guides.git", "https://github.com/acme/guides/edit/main/"),
        ("ssh://git@ssh.github.com:443/acme/x.git", "https://github.com/acme/x/edit/main/"),
        ("https://gitlab.com/a/b/guides.git", "https://gitlab.com/a/b/guides/-/edit/main/"),
        ("https://gitlab.acme.example:8443/a/b", "https://gitlab.acme.example:8443/a/b/-/edit/main/"),
        ("ssh://git@gitlab.acme.example:2222/a/b.git", "https://gitlab.acme.example/a/b/-/edit/main/"),
        ("ssh://git@bitbucket.org/acme/guides.git", "https://bitbucket.org/acme/guides/src/main/"),
        ("https://codeberg.org/acme/guides", "https://codeberg.org/acme/guides/src/branch/main/"),
    ],
)  # fmt: skip
def test_known_hosts_have_a_page_for_the_file(url, page):
    assert link(url) == page + DEPLOY


def test_a_host_of_ones_own_is_what_it_takes_reports_as():
    url = "ssh://git@git.acme.example/acme/guides.git"

    assert link(url) is None
    assert link(url, kind="github") == f"https://git.acme.example/acme/guides/edit/main/{DEPLOY}"
    assert link(url, kind="gitlab") == f"https://git.acme.example/acme/guides/-/edit/main/{DEPLOY}"


@pytest.mark.parametrize(
    "url",
    [
        "https://git.acme.example/acme/guides.git", "http://github.com/acme/guides",
        "file:///srv/guides.git", "/srv/github.com/guides", "javascript://github.com/acme/%0Aalert(1)",
        "git@github.com:acme/guides.git", "https://github.com/", "https://github.com/acme", "",
        "https://github.com.evil.example/acme/guides", "https://github.com:x/a/b", "https://[/a/b",
        "https://gitlab.<b>/a/b", "https://github.com/acme/../evil", "https://github.com/%2e%2e/evil",
        "https://github.com//acme",
    ],
)  # fmt: skip
def test_others_have_none_and_the_file_is_told(url):
    found = edit_location(url, "main", "/docs/", "deploy")

    assert (found.file, found.link) == (f"docs/{DEPLOY}", None)


def test_credentials_are_not_repeated():
    found = link("https://me:secret@github.com/acme/guides")

    assert found == f"https://github.com/acme/guides/edit/main/{DEPLOY}"


def test_what_an_address_cannot_hold_is_escaped():
    found = link("https://github.com/a {branch}/g%20h", "fix/#1", "my docs/?a", 'a&b"<{file}>%2e')

    assert found == (
        "https://github.com/a%20%7Bbranch%7D/g%20h/edit/fix/%231/my%20docs/%3Fa/"
        "walkthroughs/a%26b%22%3C%7Bfile%7D%3E%252e/walkthrough.yml"
    )


def test_nothing_leads_out_of_the_repository():
    assert link("https://github.com/a/b", path="../../c/d") is None
    assert link("https://github.com/a/b", branch="../../c") is None
    assert link("https://github.com/a/b", folder="..") is None
    assert link("https://github.com/a/b", branch="") is None


@given(st.text(), st.text(), st.text(), st.sampled_from([None, "github", "gitlab"]))
def test_a_link_is_https_and_names_the_file_as_it_is(url, branch, folder, kind):
    for address in (url, f"https://{url}", "https://github.com/acme/guides"):
        found = edit_location(address, branch, "", folder, kind)
        if found.link is not None:
            parts = urlsplit(found.link)
            assert (parts.scheme, parts.query, parts.fragment) == ("https", "", "")
            assert unquote(parts.path).endswith(f"/{branch}/{found.file}")
            assert not set(found.link) & set(" <>\"'\\\n\0")


@pytest.mark.parametrize(
    ("url", "kind", "line"),
    [
        ("https://github.com/a/b", None, "https://github.com/a/b/blob/main/docs/x.md#L7"),
        ("https://bitbucket.org/a/b", None, "https://bitbucket.org/a/b/src/main/docs/x.md#lines-7"),
        ("https://git.x.example/a/b", None, None),
        ("https://git.x.example/a/b", GitHost.GITLAB, "https://git.x.example/a/b/-/blob/main/docs/x.md#L7"),
    ],
)  # fmt: skip
def test_a_line_is_seen_at_its_host(url, kind, line):
    source = ContentSource(url=url, branch="main", path="docs", host_kind=kind)

    assert line_address_of(source, "x.md", 7) == line
