"""Where in its repository a walkthrough is written, and the page to edit it at its host. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import SplitResult, quote, unquote, urlsplit

from sync.layout import MANIFEST, WALKTHROUGHS
from walkthroughs.models import ContentSource


class HostKind(StrEnum):
    """Whose pages a host has."""

    GITHUB = "github"
    GITLAB = "gitlab"
    BITBUCKET = "bitbucket"
    GITEA = "gitea"  # and Forgejo


#: Below a repository's own page. Sources: the addresses behind "Edit" and "View" at these hosts.
_EDIT = {
    HostKind.GITHUB: "/edit/{branch}/{file}",
    HostKind.GITLAB: "/-/edit/{branch}/{file}",
    HostKind.BITBUCKET: "/src/{branch}/{file}",
    HostKind.GITEA: "/src/branch/{branch}/{file}",
}
#: A host's page to see a file or a folder, where it is another one.
_SEE = {
    HostKind.GITHUB: "/blob/{branch}/{file}",
    HostKind.GITLAB: "/-/blob/{branch}/{file}",
}
_HOSTS = {
    "github.com": HostKind.GITHUB,
    "gitlab.com": HostKind.GITLAB,
    "bitbucket.org": HostKind.BITBUCKET,
    "codeberg.org": HostKind.GITEA,
}
#: By whose interface a host of one's own takes statuses of commits.
_KINDS = {"github": HostKind.GITHUB, "gitlab": HostKind.GITLAB}
#: The beginning of the names of hosts of one's own, as in `gitlab.acme.example`.
_NAMED = {
    "gitlab.": HostKind.GITLAB,
    "gitea.": HostKind.GITEA,
    "forgejo.": HostKind.GITEA,
}
#: Where hosts take ssh on the port of https.
_SSH_ALIASES = {
    "ssh.github.com": "github.com",
    "altssh.gitlab.com": "gitlab.com",
    "altssh.bitbucket.org": "bitbucket.org",
}


@dataclass(frozen=True, slots=True)
class EditLocation:
    """Where something is written.

    Attributes:
        file: path in the repository.
        link: an https:// address to edit it, or to see it; none if the host's are not known.
    """

    file: str
    link: str | None


def edit_location(
    url: str, branch: str, path: str, folder: str, kind: str | None = None
) -> EditLocation:
    """Return where the walkthrough in *folder* of a content source is written.

    Args:
        url: the source's address; its credentials, if any, are not repeated.
        branch: the source's branch.
        path: the source's folder in the repository; empty for all of it.
        folder: the walkthrough's folder, a name below `walkthroughs/`.
        kind: `github` or `gitlab` for a host of one's own that is one.
    """
    parts = [part for part in path.split("/") if part]
    file = "/".join((*parts, WALKTHROUGHS, folder, MANIFEST))
    return EditLocation(file, _address(repository_page(url, kind), _EDIT, branch, file))


def view_address(
    url: str, branch: str, path: str, file: str, kind: str | None = None
) -> str | None:
    """Return the address to see *file*, a path below the source's folder, at its host.

    None if the host's addresses are not known. The arguments are those of `edit_location`.
    """
    parts = [part for part in f"{path}/{file}".split("/") if part]
    return _address(repository_page(url, kind), {**_EDIT, **_SEE}, branch, "/".join(parts))


def view_address_of(source: ContentSource, file: str) -> str | None:
    """Return the address to see *file*, a path below the source's folder; none if not known."""
    kind = source.host_kind.value if source.host_kind else None
    return view_address(source.url, source.branch, source.path, file, kind)


def line_address_of(source: ContentSource, file: str, line: int) -> str | None:
    """Return the address to see a line of *file* at its host; none if not known."""
    address = view_address_of(source, file)
    if address is None:
        return None
    mark = "lines-" if urlsplit(address).hostname == "bitbucket.org" else "L"
    return f"{address}#{mark}{line}"


def repository_page(url: str, kind: str | None = None) -> tuple[str, HostKind] | None:
    """Return a repository's page at its host, and whose pages that host has; none if not known.

    The arguments are those of `edit_location`.
    """
    try:
        parts = urlsplit(url)
        host, port = _host(parts), parts.port
    except ValueError:
        return None
    names = unquote(parts.path).strip("/").removesuffix(".git").split("/")
    found = _HOSTS.get(host) or _KINDS.get(kind or "") or _named(host)
    if found is None or parts.scheme not in {"https", "ssh"} or len(names) < 2:
        return None
    if not re.fullmatch(r"[a-z0-9.-]+", host) or {"", ".", ".."} & set(names):
        return None
    # The port of ssh says nothing about the port of https.
    at = f"{host}:{port}" if port and parts.scheme == "https" else host
    return f"https://{at}/{quote('/'.join(names), safe='/')}", found


def _address(
    page: tuple[str, HostKind] | None, below: Mapping[HostKind, str], branch: str, file: str
) -> str | None:
    if page is None or not branch or {".", ".."} & {*file.split("/"), *branch.split("/")}:
        return None
    where = below[page[1]].format(branch=quote(branch, safe="/"), file=quote(file, safe="/"))
    return page[0] + where


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    return _SSH_ALIASES.get(host, host)


def _named(host: str) -> HostKind | None:
    """Return the kind of host that its name begins with, as in `gitlab.acme.example`."""
    return next((kind for start, kind in _NAMED.items() if host.startswith(start)), None)
