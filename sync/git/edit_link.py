"""Where in its repository a walkthrough is written, and the page to edit it at its host. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, unquote, urlsplit

from sync.layout import MANIFEST, WALKTHROUGHS
from walkthroughs.models import ContentSource

#: Below a repository's own page. Sources: the addresses behind "Edit" and "View" at these hosts.
_GITHUB = "/edit/{branch}/{file}"
_GITLAB = "/-/edit/{branch}/{file}"
#: A host's page to edit a file, and the one to see a file or a folder.
_SEEN = {_GITHUB: "/blob/{branch}/{file}", _GITLAB: "/-/blob/{branch}/{file}"}
_PAGES = {
    "github.com": _GITHUB,
    "gitlab.com": _GITLAB,
    "bitbucket.org": "/src/{branch}/{file}",
    "codeberg.org": "/src/branch/{branch}/{file}",
}
#: By whose interface a host of one's own takes statuses of commits.
_KINDS = {"github": _GITHUB, "gitlab": _GITLAB}
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
    return EditLocation(file, _address(_page(url, kind), branch, file))


def view_address(
    url: str, branch: str, path: str, file: str, kind: str | None = None
) -> str | None:
    """Return the address to see *file*, a path below the source's folder, at its host.

    None if the host's addresses are not known. The arguments are those of `edit_location`.
    """
    parts = [part for part in f"{path}/{file}".split("/") if part]
    page = _page(url, kind)
    for edit, see in _SEEN.items():
        page = page.replace(edit, see) if page else None
    return _address(page, branch, "/".join(parts))


def view_address_of(source: ContentSource, file: str) -> str | None:
    """Return the address to see *file*, a path below the source's folder; none if not known."""
    kind = source.host_kind.value if source.host_kind else None
    return view_address(source.url, source.branch, source.path, file, kind)


def _address(page: str | None, branch: str, file: str) -> str | None:
    if page is None or not branch or {".", ".."} & {*file.split("/"), *branch.split("/")}:
        return None
    return page.format(branch=quote(branch, safe="/"), file=quote(file, safe="/"))


def _page(url: str, kind: str | None) -> str | None:
    """Return the page of a file, with places for branch and file, if the host's are known."""
    try:
        parts = urlsplit(url)
        host, port = _host(parts), parts.port
    except ValueError:
        return None
    names = unquote(parts.path).strip("/").removesuffix(".git").split("/")
    below = _PAGES.get(host) or _KINDS.get(kind or "") or _named(host)
    if below is None or parts.scheme not in {"https", "ssh"} or len(names) < 2:
        return None
    if not re.fullmatch(r"[a-z0-9.-]+", host) or {"", ".", ".."} & set(names):
        return None
    # The port of ssh says nothing about the port of https.
    at = f"{host}:{port}" if port and parts.scheme == "https" else host
    return f"https://{at}/{quote('/'.join(names), safe='/')}{below}"


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    return _SSH_ALIASES.get(host, host)


def _named(host: str) -> str | None:
    """Return the kind of host that its name contains, as in `gitlab.acme.example`."""
    return _GITLAB if host.startswith("gitlab.") else None
