"""Try a repository that no content source follows yet. What is fetched is removed at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sync.git import copies
from sync.git.access import host_access
from sync.git.address import transport
from sync.git.command import GitCommand
from sync.git.credentials import Credential, DeployKey, check_fits_url, environment
from sync.git.errors import AccessRefused, HostUnavailable, RepositoryUnavailable, SourceInvalid
from sync.git.folders import content_folders
from sync.git.repository import Repository, open_repository
from walkthroughs.settings import Settings

#: How long a host may take to say which branches it has, and to send one: somebody is waiting.
ASK_SECONDS, FETCH_SECONDS = 15.0, 60.0
#: As many names as people choose from.
_MAX_BRANCHES = 200
_REF = re.compile(r"[0-9a-f]{40,64}\trefs/heads/([A-Za-z0-9_][A-Za-z0-9_./-]{0,200})")
_DEFAULT = re.compile(r"ref: refs/heads/(\S{1,201})\tHEAD")


@dataclass(frozen=True, slots=True)
class Branches:
    """The branches of a repository, the host's own choice first."""

    names: tuple[str, ...]

    @property
    def default(self) -> str:
        """Return the branch that a source follows, if nobody chooses."""
        return self.names[0] if self.names else "main"


def list_branches(settings: Settings, url: str, credential: Credential | None) -> Branches:
    """Return the branches of a repository; takes no longer than `ASK_SECONDS`.

    Raises:
        SourceInvalid: the address or the credential cannot be used.
        AccessRefused: the host shows it to nobody, or not with this credential.
        HostUnavailable: it cannot be asked now.
        HandrailError: the credential does not fit the address.
    """
    check_fits_url(url, credential)
    route = transport(url, "main", settings)
    seconds = min(settings.git_seconds, ASK_SECONDS)
    with environment(url, credential, route, settings.data_dir) as variables:
        git = GitCommand(Path("/"), url, variables, seconds)
        try:
            done = git.run("ls-remote", "--symref", "--", url, "HEAD", "refs/heads/*")
        except HostUnavailable as error:
            raise HostUnavailable(
                f"The host of {url} did not answer within {seconds:g} s. Try again, or see whether "
                "the address is right and this server may reach it."
            ) from error
    if done.returncode:
        raise explained(url, credential, done.stderr.decode(errors="replace"))
    said = done.stdout.decode(errors="replace").splitlines()
    names = [found[1] for line in said if (found := _REF.fullmatch(line)) is not None]
    default = next((found[1] for line in said if (found := _DEFAULT.fullmatch(line))), "main")
    if not names:
        raise SourceInvalid(
            f"The repository {url} is empty. Push a first commit with a folder “walkthroughs”, "
            "then try again."
        )
    names.sort(key=lambda name: (name != default, name))
    return Branches(tuple(names[:_MAX_BRANCHES]))


@contextmanager
def open_trial(
    settings: Settings, url: str, branch: str, credential: Credential | None
) -> Iterator[tuple[Repository, str]]:
    """Yield the newest commit of a branch, fetched without its history, and its repository.

    The copy is gone after the block. A command of Git takes no longer than `FETCH_SECONDS`.

    Raises:
        RepositoryUnavailable: it cannot be fetched.
    """
    check_fits_url(url, credential)
    bounded = replace(settings, git_seconds=min(settings.git_seconds, FETCH_SECONDS))
    with (
        copies.trial_name(settings.data_dir) as name,
        open_repository(name, url, branch, credential, bounded) as repository,
    ):
        repository.head()  # says so if there is no such branch
        yield repository, repository.fetch_newest()


def list_folders(
    settings: Settings, url: str, branch: str, credential: Credential | None
) -> tuple[str, ...]:
    """Return the folders of a branch that hold walkthroughs; the empty one is all of it.

    Raises:
        RepositoryUnavailable: it cannot be fetched.
    """
    with (
        open_trial(settings, url, branch, credential) as (repository, commit),
        repository.git.objects() as objects,
    ):
        return content_folders(objects, commit)


def check_folder(
    settings: Settings, url: str, branch: str, path: str, credential: Credential | None
) -> None:
    """Fetch a branch, and see that *path* of it holds walkthroughs.

    Raises:
        RepositoryUnavailable: it cannot be fetched, or the folder is not there.
    """
    with (
        open_trial(settings, url, branch, credential) as (repository, commit),
        repository.snapshot(commit, path, {}),
    ):
        pass


def explained(url: str, credential: Credential | None, said: str) -> RepositoryUnavailable:
    """Return why git failed, in words that say what to do. Pure."""
    said = said.replace(url, "the repository")  # whose name may be any word
    for pattern, found in _CAUSES:
        if pattern.search(said):
            return found(url, credential)
    last = [line for line in said.splitlines() if line.strip()][-1:]
    return HostUnavailable(f"Git could not read {url}: {''.join(last)[-300:] or 'no reason given'}")


def _refused(url: str, credential: Credential | None) -> RepositoryUnavailable:
    host = host_access(url)
    if credential is None:
        return AccessRefused(
            f"{host.name or 'The host'} does not show {url} to everybody: it is private, or "
            "there is no such repository."
        )
    if isinstance(credential, DeployKey):
        return AccessRefused(
            f"The host does not take the deploy key for {url}. Add the key to this very "
            f"repository: {host.key}. A key that was just added may take a minute."
        )
    return AccessRefused(
        f"The host does not take the token for {url}. See that it was copied whole, has not "
        f"ended, and is {host.token}."
    )


def _missing(url: str, credential: Credential | None) -> RepositoryUnavailable:
    hidden = ", or what you gave may not see it" if credential else ", or it is private"
    return AccessRefused(f"The host knows no repository at {url}{hidden}. Look at the spelling.")


def _moved(url: str, _credential: Credential | None) -> RepositoryUnavailable:
    return SourceInvalid(
        f"The host sends {url} on to another address, and redirects are not followed. Open the "
        "repository in a browser, and copy the address from there."
    )


def _unproven(url: str, _credential: Credential | None) -> RepositoryUnavailable:
    return SourceInvalid(
        f"The host of {url} cannot prove who it is: its certificate or key is not the right one. "
        "For a host with a certificate of your own, the operator sets HANDRAIL_GIT_CA_FILE."
    )


def _silent(url: str, _credential: Credential | None) -> RepositoryUnavailable:
    return HostUnavailable(
        f"The host of {url} does not answer. See whether the address and its port are right, and "
        "whether this server may reach it."
    )


def _troubled(url: str, _credential: Credential | None) -> RepositoryUnavailable:
    return HostUnavailable(f"The host of {url} is in trouble or too busy. Try again in a minute.")


def _no_repository(url: str, _credential: Credential | None) -> RepositoryUnavailable:
    return SourceInvalid(
        f"There is something at {url}, but no Git repository. Copy the address under “Clone” or "
        "“Code” at your host."
    )


#: What git says, in the order in which it is looked for, and what it means.
_CAUSES = tuple(
    (re.compile(pattern, re.IGNORECASE), found)
    for pattern, found in (
        (r"host key verification failed|host identification has changed", _unproven),
        (r"terminal prompts disabled|could not read (username|password)", _refused),
        (r"authentication failed|permission denied|returned error: 40[13]|access denied", _refused),
        (r"returned error: 3\d\d|redirect", _moved),
        (r"returned error: 404|repository .{0,200}not found|does not exist", _missing),
        (r"certificate|SSL|TLS", _unproven),
        (r"returned error: (5\d\d|429)", _troubled),
        (r"is this a git repository|not appear to be a git repository", _no_repository),
        (r"refused|failed to connect|couldn't connect|timed out|unreachable|no route", _silent),
    )
)
