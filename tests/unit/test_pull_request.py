"""The page at which a host opens a pull request, and the right that a push needs there."""

import pytest

from sync.git.credentials import DeployKey, Token
from sync.git.pull_request import pull_request_link
from sync.git.push_rights import missing_right

BRANCH = "handrail/wt_1"


@pytest.mark.parametrize(
    ("url", "kind", "link"),
    [
        ("https://github.com/acme/guides.git", None, "https://github.com/acme/guides/compare/main...handrail/wt_1?expand=1&title=A%20%26%20b&body=c"),
        ("ssh://git@git.acme.example/acme/guides.git", "github", "https://git.acme.example/acme/guides/compare/main...handrail/wt_1?expand=1&title=A%20%26%20b&body=c"),
        ("https://gitlab.com/a/b/guides", None, "https://gitlab.com/a/b/guides/-/merge_requests/new?merge_request%5Bsource_branch%5D=handrail%2Fwt_1&merge_request%5Btarget_branch%5D=main&merge_request%5Btitle%5D=A%20%26%20b&merge_request%5Bdescription%5D=c"),
        ("https://codeberg.org/acme/guides", None, "https://codeberg.org/acme/guides/compare/main...handrail/wt_1?title=A%20%26%20b&body=c"),
        ("ssh://git@forgejo.acme.example:2222/acme/guides", None, "https://forgejo.acme.example/acme/guides/compare/main...handrail/wt_1?title=A%20%26%20b&body=c"),
        ("ssh://git@bitbucket.org/acme/guides.git", None, "https://bitbucket.org/acme/guides/pull-requests/new?source=handrail%2Fwt_1&dest=main"),
        ("https://git.acme.example/acme/guides", None, None),
        ("/srv/github.com/guides", None, None),
    ],
)  # fmt: skip
def test_known_hosts_have_a_page_with_title_and_text_filled_in(url, kind, link):
    assert pull_request_link(url, "main", BRANCH, "A & b", "c", kind) == link


def test_a_long_title_and_text_are_cut_so_that_the_address_is_no_longer_than_hosts_take():
    link = pull_request_link("https://github.com/a/b", "main", BRANCH, "t" * 999, "x" * 9999)

    assert link.endswith(f"title={'t' * 200}&body={'x' * 1000}")


def test_nothing_leads_out_of_the_repository():
    assert pull_request_link("https://github.com/a/b", "../../c", BRANCH, "A", "") is None


@pytest.mark.parametrize(
    ("url", "credential", "right"),
    [
        ("https://github.com/a/b", Token("x"), "token may read, but not write. It needs \"Contents: read and write\""),
        ("ssh://git@github.com/a/b", DeployKey("k", "h"), "deploy key may read, but not write. It needs \"Allow write access\""),
        ("https://gitlab.com/a/b", Token("x"), "write_repository"),
        ("https://git.acme.example/a/b", Token("x"), "the right to write"),
        ("https://github.com/a/b", None, "no credential"),
        ("/srv/guides", None, "may not write to the folder"),
    ],
)  # fmt: skip
def test_the_right_that_is_missing_is_named_as_its_host_does(url, credential, right):
    assert right in missing_right(url, None, credential)
