"""Post the result of a commit to the Git host, which shows it beside the commit."""

from __future__ import annotations

import logging
import ssl
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import httpx2

from sync.git.address import resolve_host
from sync.git.credentials import Credential, Token
from sync.git.errors import RepositoryUnavailable
from walkthroughs.content.problems import Problem
from walkthroughs.enums import GitHost
from walkthroughs.settings import Settings

_log = logging.getLogger(__name__)
_NAME = "handrail"
_SECONDS = 5
#: GitHub's limit; GitLab takes more.
_MAX_LETTERS = 140


@dataclass(frozen=True, slots=True)
class CommitStatus:
    """What to show beside a commit: success, failure or pending, and one line."""

    state: str
    line: str


def commit_status(
    changes: int, problems: tuple[Problem, ...], reasons: tuple[str, ...]
) -> CommitStatus:
    """Judge a run. Pure."""
    if reasons:
        return CommitStatus("pending", _truncate(f"Waits for approval: {reasons[0]}"))
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        return CommitStatus("failure", _truncate(f"{problems[0]}", more))
    return CommitStatus("success", f"Live: {changes} change(s)")


def post_status(
    settings: Settings,
    kind: GitHost,
    url: str,
    credential: Credential | None,
    commit: str,
    found: CommitStatus,
) -> None:
    """Set the commit's status. Trouble is logged and stays without consequence."""
    if not isinstance(credential, Token):
        _log.warning("no commit status for %s: it needs a token", url)
        return
    address, headers, body = _request(kind, url, credential.token, commit, found)
    authority = settings.git_ca_file
    trusted = ssl.create_default_context(cafile=str(authority) if authority else None)
    try:
        host = resolve_host(address, settings)
        # To the address that was looked up, under the host's name.
        pinned = httpx2.URL(address).copy_with(host=host.addresses[0])
        with httpx2.Client(verify=trusted, timeout=_SECONDS, trust_env=False) as client:
            answer = client.post(
                pinned,
                headers=headers | {"Host": urlsplit(address).netloc},
                json=body,
                extensions={"sni_hostname": host.host},
            )
    except RepositoryUnavailable as error:
        _log.warning("no commit status for %s: %s", url, error)
        return
    except httpx2.HTTPError as error:
        _log.warning("no commit status for %s: %s", url, type(error).__name__)
        return
    if answer.status_code >= 300:
        _log.warning("no commit status for %s: the host said %d", url, answer.status_code)


def _request(
    kind: GitHost, url: str, token: str, commit: str, found: CommitStatus
) -> tuple[str, dict[str, str], dict[str, str]]:
    """Return address, headers and body. Pure.

    Sources: GitHub's REST reference, "Create a commit status"; GitLab's, "Set the pipeline
    status of a commit".
    """
    parts = urlsplit(url)
    path = parts.path.strip("/").removesuffix(".git")
    origin = f"{parts.scheme}://{parts.netloc}"
    if kind is GitHost.GITHUB:
        api = "https://api.github.com" if parts.netloc == "github.com" else f"{origin}/api/v3"
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
        body = {"state": found.state, "context": _NAME, "description": found.line}
        return f"{api}/repos/{path}/statuses/{commit}", headers, body
    states = {"failure": "failed"}
    body = {
        "state": states.get(found.state, found.state),
        "name": _NAME,
        "description": found.line,
    }
    address = f"{origin}/api/v4/projects/{quote(path, safe='')}/statuses/{commit}"
    return address, {"PRIVATE-TOKEN": token}, body


def _truncate(line: str, end: str = "") -> str:
    room = _MAX_LETTERS - len(end)
    return (line if len(line) <= room else f"{line[: room - 1]}…") + end
