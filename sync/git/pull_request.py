"""The page at which a host opens a pull request for a branch. Pure."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from sync.git.edit_link import HostKind, repository_page

#: Hosts take addresses of some thousand characters.
_MAX_TITLE, _MAX_TEXT = 200, 1000


def pull_request_link(
    url: str, base: str, branch: str, title: str, text: str, kind: str | None = None
) -> str | None:
    """Return the https:// address to open a pull request; none if the host's are not known.

    Title and text are filled in where the host allows: GitHub, GitLab, and Gitea from 1.25.

    Args:
        url: the source's address; its credentials, if any, are not repeated.
        base: the branch to merge into.
        branch: the branch with the change.
        title: of the pull request.
        text: its description.
        kind: `github` or `gitlab` for a host of one's own that is one.
    """
    found = repository_page(url, kind)
    if found is None or {"", ".", ".."} & {*base.split("/"), *branch.split("/")}:
        return None
    page, host = found
    title, text = title[:_MAX_TITLE], text[:_MAX_TEXT]
    compare = f"{page}/compare/{quote(base, safe='/')}...{quote(branch, safe='/')}"
    match host:
        case HostKind.GITHUB:
            return f"{compare}?{_query(expand='1', title=title, body=text)}"
        case HostKind.GITEA:
            return f"{compare}?{_query(title=title, body=text)}"
        case HostKind.GITLAB:
            fields = {
                "source_branch": branch,
                "target_branch": base,
                "title": title,
                "description": text,
            }
            query = _query(**{f"merge_request[{name}]": value for name, value in fields.items()})
            return f"{page}/-/merge_requests/new?{query}"
        case HostKind.BITBUCKET:
            return f"{page}/pull-requests/new?{_query(source=branch, dest=base)}"


def _query(**fields: str) -> str:
    return urlencode({name: value for name, value in fields.items() if value}, quote_via=quote)
