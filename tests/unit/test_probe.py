"""What is pasted as an address, what git says when it fails, and what pages keep sealed."""

import base64
import hashlib
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.pages.git.sealed import Access, Owner, SealBroken, seal, unseal
from sync.git.access import host_access, pasted_address, ssh_address, token_user
from sync.git.credentials import DeployKey, Token
from sync.git.errors import AccessRefused, HostUnavailable, SourceInvalid
from sync.git.host_keys import _parsed, make_deploy_key, public_key
from sync.git.probe import explained

URL = "https://git.acme.example/acme/guides.git"
#: GitHub's own key, as it publishes it.
GITHUB = "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"


@pytest.mark.parametrize(
    ("pasted", "meant"),
    [
        (" https://github.com/acme/guides \n", "https://github.com/acme/guides"),
        ("https://github.com/acme/guides/tree/main/docs", "https://github.com/acme/guides"),
        ("https://gitlab.com/acme/team/guides/-/tree/main", "https://gitlab.com/acme/team/guides"),
        ("https://bitbucket.org/acme/guides/src/main/", "https://bitbucket.org/acme/guides"),
        ("https://codeberg.org/acme/guides/src/branch/main", "https://codeberg.org/acme/guides"),
        ("git@github.com:acme/guides.git", "ssh://git@github.com/acme/guides.git"),
        ("ssh://git@github.com/acme/guides.git", "ssh://git@github.com/acme/guides.git"),
        ("/etc/passwd", "/etc/passwd"),
        ("ext::sh -c id", "ext::sh -c id"),
        ("git@host:/etc", "git@host:/etc"),
        ("https://x.example/tree/main", "https://x.example/tree/main"),
    ],
)
def test_what_hosts_show_beside_their_buttons_becomes_an_address(pasted, meant):
    assert pasted_address(pasted) == meant


@given(st.text(alphabet=string.printable + "é\u202e", max_size=200))
def test_an_address_that_was_understood_is_not_changed_again(text):
    once = pasted_address(text)
    assert pasted_address(once) == once


def test_a_long_address_is_read_in_no_time():
    assert pasted_address("https://github.com/" + "a/tree/" * 50_000)
    assert pasted_address("a" * 100_000 + "@" + "b" * 100_000)


def test_each_host_has_its_own_words_and_user():
    assert "Contents: Read-only" in host_access("https://github.com/acme/guides").token
    assert "read_repository" in host_access("https://gitlab.acme.example/a/b").token
    assert host_access(URL).name == ""
    assert token_user("https://bitbucket.org/acme/guides") == "x-token-auth"
    assert token_user(URL) == "x-access-token"
    assert ssh_address("https://github.com/acme/guides") == "ssh://git@github.com/acme/guides.git"
    assert ssh_address(URL) is None


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        ("fatal: could not read Username for 'https://x': terminal prompts disabled",
         AccessRefused, "does not take the token"),
        ("git@x: Permission denied (publickey).", AccessRefused, "does not take the token"),
        ("fatal: unable to access '{url}/': The requested URL returned error: 301",
         SourceInvalid, "redirects are not followed"),
        ("remote: Repository not found.", AccessRefused, "knows no repository"),
        ("ERROR: Repository not found.\nfatal: Could not read from remote repository.",
         AccessRefused, "knows no repository"),
        ("fatal: unable to access '{url}/': server certificate verification failed. CAfile: none",
         SourceInvalid, "cannot prove who it is"),
        ("Host key verification failed.", SourceInvalid, "cannot prove who it is"),
        ("fatal: unable to access '{url}/': Failed to connect to x port 443: Connection refused",
         HostUnavailable, "does not answer"),
        ("fatal: unable to access '{url}/': The requested URL returned error: 502",
         HostUnavailable, "in trouble"),
        ("fatal: {url}/info/refs not valid: is this a git repository?", SourceInvalid,
         "no Git repository"),
        ("fatal: something else", HostUnavailable, "something else"),
        ("", HostUnavailable, "no reason given"),
    ],
)  # fmt: skip
def test_why_git_failed_is_put_into_words(said, kind, words):
    error = explained(URL, Token("x"), said.format(url=URL))
    assert type(error) is kind
    assert words in str(error)


def test_the_name_of_a_repository_is_not_taken_for_a_cause():
    url = "https://x.example/tls-certificate-refused.git"
    said = f"fatal: unable to access '{url}/': The requested URL returned error: 503"
    assert "in trouble" in str(explained(url, None, said))


def test_a_deploy_key_is_new_each_time_and_its_public_half_is_for_the_host():
    one, other = make_deploy_key(), make_deploy_key()
    assert one != other
    assert public_key(one).startswith("ssh-ed25519 AAAA")
    assert "PRIVATE" not in public_key(one)


def test_a_hosts_keys_are_read_whatever_it_says():
    said = f"# 1.2.3.4:22 SSH-2.0-x\n1.2.3.4 ssh-ed25519 {GITHUB}\nx\n1.2.3.4 ssh-rsa not!base64\n"
    digest = hashlib.sha256(base64.b64decode(GITHUB)).digest()
    fingerprint = base64.b64encode(digest).decode().rstrip("=")
    assert list(_parsed(said, "[x]:2222")) == [
        (f"[x]:2222 ssh-ed25519 {GITHUB}", f"ssh-ed25519 SHA256:{fingerprint}")
    ]
    assert fingerprint == "+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"


OWNERS = st.builds(Owner, st.sampled_from(["o1", "o2"]), st.sampled_from(["u1", "u2"]))


@given(OWNERS, OWNERS, st.integers(0, 3 * 3_600_000), st.sampled_from(["", "x", "é\u202e"]))
def test_what_is_sealed_comes_back_to_its_owner_in_time_and_to_nobody_else(
    owner, other, passed, token
):
    access = Access(url=URL, way="key", token=token, key="k", known_hosts="h", branches=("a", "b"))
    sealed = seal(access, owner, "secret", 0)
    if other == owner and passed <= 2 * 3_600_000:
        found = unseal(sealed, other, ["secret"], passed)
        assert found == access
        assert found.credential == DeployKey("k", "h")
    else:
        with pytest.raises(SealBroken):
            unseal(sealed, other, ["secret"], passed)
