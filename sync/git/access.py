"""How a repository is read at each kind of host: where keys and tokens are made. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from sync.git.edit_link import HostKind, repository_page

#: `git@host:path`, as hosts show it beside their buttons.
_SCP_FORM = re.compile(r"([A-Za-z0-9_][A-Za-z0-9_.+-]*)@([A-Za-z0-9_.-]+):(?!/)([^\s:]+)")
#: What follows a repository's address on the pages inside of it.
_PAGE_INSIDE = {
    HostKind.GITHUB: re.compile(r"/(tree|blob|commits)/.*"),
    HostKind.GITLAB: re.compile(r"/-/.*"),
    HostKind.BITBUCKET: re.compile(r"/src/.*"),
    HostKind.GITEA: re.compile(r"/src/(branch|commit)/.*"),
}


@dataclass(frozen=True, slots=True)
class HostAccess:
    """What a host calls the ways to read one repository, and where they are made.

    Attributes:
        name: of the host.
        token: what kind of token to make, and with which rights. Reading is enough.
        key: where a deploy key is added.
        webhook: where a webhook is added, and what to choose there.
        keys_path: the page for keys, below the repository's own; none if it is not known.
        hooks_path: likewise for webhooks.
    """

    name: str
    token: str
    key: str
    webhook: str
    keys_path: str | None = None
    hooks_path: str | None = None


_ACCESS: Mapping[HostKind, HostAccess] = {
    HostKind.GITHUB: HostAccess(
        "GitHub",
        "a fine-grained personal access token for this repository alone, with the permission "
        "“Contents: Read-only”",
        "Settings, Deploy keys, Add deploy key. Leave “Allow write access” off",
        "Settings, Webhooks, Add webhook. Content type: application/json. Events: just the push "
        "event",
        "/settings/keys/new",
        "/settings/hooks/new",
    ),
    HostKind.GITLAB: HostAccess(
        "GitLab",
        "a project access token with the role Reporter and the scope “read_repository”",
        "Settings, Repository, Deploy keys. Leave “Grant write permissions to this key” off",
        "Settings, Webhooks, Add new webhook. Trigger: push events",
        "/-/settings/repository",
        "/-/hooks",
    ),
    HostKind.BITBUCKET: HostAccess(
        "Bitbucket",
        "a repository access token with the scope “Repositories: Read”",
        "Repository settings, Access keys, Add key. It can only read",
        "Repository settings, Webhooks, Add webhook. Trigger: repository push",
        "/admin/access-keys/",
        "/admin/webhooks",
    ),
    HostKind.GITEA: HostAccess(
        "Gitea or Forgejo",
        "an access token with the permission “repository: Read”",
        "Settings, Deploy keys, Add deploy key. Leave write access off",
        "Settings, Webhooks, Add webhook, Gitea or Forgejo. Content type: application/json. "
        "Trigger: push events",
        "/settings/keys",
        "/settings/hooks",
    ),
}
_UNKNOWN = HostAccess(
    "",
    "an access token that may read this repository, and nothing else",
    "the repository's settings, under Deploy keys or Access keys. Reading is enough",
    "the repository's settings, under Webhooks. Content type: application/json. Event: push",
)
#: Whom a token's owner is, where it is not the same to the host.
_TOKEN_USERS = {HostKind.BITBUCKET: "x-token-auth"}
DEFAULT_TOKEN_USER = "x-access-token"  # noqa: S105  a name
#: The keys by which hosts prove who they are over SSH, as they publish their fingerprints.
HOST_FINGERPRINTS: Mapping[str, str] = {
    "github.com": "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU",
    "gitlab.com": "SHA256:eUXGGm1YGsMAS7vkcx6JOJdOGHPem5gQp4taiCfCLB8",
    "bitbucket.org": "SHA256:ybgmFkzwOSotHTHLJgHO0QN8L0xErw6vd0VhFA9m3SM",
    "codeberg.org": "SHA256:mIlxA9k46MmM6qdJOdMnAQpzGxF4WIVVL+fj+wZbw0g",
}


def pasted_address(text: str) -> str:
    """Return the address that was meant by what somebody pasted; what is not known stays.

    `git@host:path` becomes `ssh://`, and the address of a page inside of a repository becomes
    that of the repository.
    """
    text = text.strip()
    if found := _SCP_FORM.fullmatch(text):
        user, host, path = found.groups()
        return f"ssh://{user}@{host}/{path}"
    page = repository_page(text)
    if page is None or not text.startswith("https://"):
        return text
    return _PAGE_INSIDE[page[1]].sub("", text).rstrip("/")


def name_of_repository(url: str) -> str:
    """Return the end of an address: what its source is called, if nobody gives it a name."""
    return url.rstrip("/").rsplit("/", 1)[-1].removesuffix(".git")


def host_access(url: str, kind: str | None = None) -> HostAccess:
    """Return how the repository at *url* is read. *kind* is that of `edit_link`."""
    page = repository_page(url, kind)
    return _ACCESS[page[1]] if page else _UNKNOWN


def host_page(url: str, path: str | None) -> str | None:
    """Return a page of the repository's settings at its host; none if it is not known."""
    page = repository_page(url)
    return f"{page[0]}{path}" if page and path else None


def token_user(url: str) -> str:
    """Return in whose name a token is sent to the host of *url*."""
    page = repository_page(url)
    return _TOKEN_USERS.get(page[1], DEFAULT_TOKEN_USER) if page else DEFAULT_TOKEN_USER


def ssh_address(url: str) -> str | None:
    """Return where the repository at *url* is read with a deploy key; none if that is not known."""
    parts = urlsplit(url)
    if parts.scheme == "ssh":
        return url
    page = repository_page(url)
    if parts.hostname not in HOST_FINGERPRINTS or page is None:
        return None
    return f"ssh://git@{parts.hostname}{urlsplit(page[0]).path}.git"
