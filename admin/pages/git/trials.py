"""Try a repository while a member waits: in bounded time, few at once, in no transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from admin.pages.git.sealed import Access
from sync.git.access import pasted_address, ssh_address
from sync.git.errors import AccessRefused, RepositoryUnavailable
from sync.git.host_keys import HostKeys, make_deploy_key, scan_host_keys
from sync.git.probe import ASK_SECONDS, list_branches, list_folders
from walkthroughs.errors import HandrailError
from walkthroughs.identity.outside_waits import Kind, waiting
from walkthroughs.models import db
from walkthroughs.runtime import runtime
from walkthroughs.settings import Settings

_MAX_TOKEN = 4_000


@contextmanager
def trial(*rows: object) -> Iterator[None]:
    """Run the block, in which hosts are waited for, without a connection to the database.

    The block may read *rows* as they are.

    Raises:
        HostsAwaited: several are waited for already, and go on to be.
    """
    for row in rows:
        db.session.expunge(row)
    db.session.rollback()
    with waiting(runtime().database, Kind.REPOSITORY):
        yield


def try_address(settings: Settings, typed: str) -> Access:
    """Return how the repository at the address that was typed can be read.

    Raises:
        HandrailError: it cannot be: nobody answers, or the address is refused.
    """
    url = pasted_address(typed)
    access = Access(url=url, key=make_deploy_key())
    if url.startswith("ssh://"):
        return _with_host_keys(replace(access, way="key"), _scan(settings, url))
    try:
        branches = list_branches(settings, url, None)
    except AccessRefused as refused:
        return replace(access, way="token", note=str(refused))
    return replace(access, way="none", is_open=True, branches=branches.names)


def try_access(settings: Settings, access: Access, way: str) -> Access:
    """Return *access* with the branches of the repository, as the way that was chosen shows them.

    Raises:
        HandrailError: the host does not take it, or does not answer.
    """
    if way == "key":
        access = _for_key(settings, access)
    elif way == "token" and not access.token:
        raise HandrailError("Paste the token.")
    elif way not in {"token", "none"}:
        raise HandrailError("Choose how the repository is read.")
    access = replace(access, way=way)
    branches = list_branches(settings, access.url, access.credential)
    return replace(access, branches=branches.names)


def with_token(access: Access, typed: str) -> Access:
    """Return *access* with the token that was typed; without one, the last one is kept."""
    return replace(access, token=typed.strip()[:_MAX_TOKEN] or access.token)


def find_folders(settings: Settings, access: Access) -> Access:
    """Return *access* with the folders of its branch that hold walkthroughs; none if unknown."""
    branch = access.branch or (access.branches or ("main",))[0]
    try:
        folders = list_folders(settings, access.url, branch, access.credential)
    except RepositoryUnavailable:
        folders = ()  # a folder can be typed, and is looked at then
    path = access.path or (folders[0] if folders else "")
    return replace(access, branch=branch, folders=folders, path=path)


def _for_key(settings: Settings, access: Access) -> Access:
    """Return *access* with the address for deploy keys, and the keys of its host."""
    url = ssh_address(access.url)
    if url is None:
        raise HandrailError(
            "For a deploy key, give the repository's ssh:// address: it is under “Clone” or "
            "“Code” at your host."
        )
    if access.known_hosts and url == access.url:
        return access
    return _with_host_keys(replace(access, url=url), _scan(settings, url))


def _scan(settings: Settings, url: str) -> HostKeys:
    return scan_host_keys(url, settings, min(settings.git_seconds, ASK_SECONDS))


def _with_host_keys(access: Access, keys: HostKeys) -> Access:
    # What a host publishes was compared; else a member has to.
    shown = () if keys.is_known else keys.fingerprints
    return replace(access, known_hosts=keys.lines, fingerprints=shown)
