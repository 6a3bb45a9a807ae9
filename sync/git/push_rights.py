"""Say which right a source's credential lacks to push, in the words of its host. Pure."""

from __future__ import annotations

from sync.git.address import is_local
from sync.git.credentials import Credential, DeployKey
from sync.git.edit_link import HostKind, repository_page

_TOKEN = {
    HostKind.GITHUB: '"Contents: read and write"',
    HostKind.GITLAB: 'the scope "write_repository" and the role Developer',
    HostKind.BITBUCKET: '"Repositories: write"',
    HostKind.GITEA: '"repository: read and write"',
}
_KEY = {
    HostKind.GITHUB: '"Allow write access"',
    HostKind.GITLAB: '"Grant write permissions to this key"',
    HostKind.BITBUCKET: "an access token or a user's key, since access keys only read there",
    HostKind.GITEA: '"Enable write access"',
}


def missing_right(url: str, kind: str | None, credential: Credential | None) -> str:
    """Return a sentence that says which right is missing, and what to do."""
    page = repository_page(url, kind)
    host = page[1] if page else None
    if isinstance(credential, DeployKey):
        right = _KEY[host] if host else "the right to write"
        return f"The source's deploy key may read, but not write. It needs {right}."
    if credential is not None:
        right = _TOKEN[host] if host else "the right to write to the repository"
        return f"The source's token may read, but not write. It needs {right}."
    if is_local(url):
        return "This server may not write to the folder of the repository."
    return "The source has no credential, and without one nothing can be pushed. Give it a token."
