"""The branch of a proposal: fetch it, put a commit on it, and push that; never by force."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sync.git.address import is_local
from sync.git.command import GitCommand
from sync.git.errors import (
    BranchMoved,
    CopyDamaged,
    HostUnavailable,
    MayNotPush,
    PushFailed,
    PushRefused,
)

#: Where the host's branch is kept in the bare copy, and the last commit that was made here.
_FETCHED, _MADE = "refs/handrail/fetched/", "refs/handrail/made/"
#: For a folder of this machine: its owner's programs are not run, as those of others are not.
_RECEIVE = " ".join(
    [
        "git -c core.hooksPath=/dev/null -c receive.denyCurrentBranch=refuse",
        "-c receive.autogc=false -c core.alternateRefsCommand=true receive-pack",
    ]
)
#: What hosts say to a credential that may read and not write.
_NO_RIGHT = re.compile(
    r"returned error: 40[134]|terminal prompts disabled|service not enabled|read[- ]only|"
    r"write access|not allowed to (?:push|write)|not authorized|permission[^\n]{0,200}denied|"
    r"access denied|insufficient permission|could not read username",
    re.IGNORECASE,
)
_MOVED = re.compile(
    r"\((?:fetch first|non-fast-forward|stale info)\)|cannot lock ref|incorrect old"
)
_MAX_WORDS = 500


@dataclass(frozen=True, slots=True)
class Person:
    """Whose change it is."""

    name: str
    email: str

    def __str__(self) -> str:
        return (
            f"{_plain(self.name, 100) or self.email.partition('@')[0]} <{_plain(self.email, 200)}>"
        )


@dataclass(frozen=True, slots=True)
class Commit:
    """What to commit.

    Attributes:
        parents: what it stands on; the first is the one that *changes* are made in.
        changes: path in the repository -> new bytes; none takes the file away.
        message: what it is for.
        author: whose change it is.
        committer: who makes the commit.
        at: when, in seconds since 1970.
    """

    parents: Sequence[str]
    changes: Mapping[str, bytes | None]
    message: str
    author: Person
    committer: Person
    at: int


class ProposalBranch:
    """One branch of a repository, of which nothing is ever taken away.

    Args:
        git: runs git in the copy of the repository.
        url: where the repository is.
        name: of the branch; only characters that need no quotes.
        secrets: what must not be in an error.
    """

    def __init__(self, git: GitCommand, url: str, name: str, secrets: Sequence[str] = ()) -> None:
        self._git, self._url, self._name = git, url, name
        self._secrets = secrets

    def fetch(self, tip: str) -> None:
        """Bring the branch here, unless its commit *tip* is here already.

        Raises:
            RepositoryUnavailable: it cannot be fetched.
        """
        if not self.has(tip):
            self._git.text(
                "fetch", "--quiet", "--no-tags", "--no-write-fetch-head",
                "--no-recurse-submodules", "--", self._url,
                f"+refs/heads/{self._name}:{_FETCHED}{self._name}",
            )  # fmt: skip

    def has(self, commit: str) -> bool:
        """Return whether *commit* is in the copy."""
        return self._git.run_ok("cat-file", "-e", f"{commit}^{{commit}}")

    def last_made(self) -> str | None:
        """Return the last commit that was made in this copy for the branch."""
        found = self._git.run("rev-parse", "--verify", "--quiet", f"{_MADE}{self._name}")
        return found.stdout.decode().strip() or None

    def common_base(self, one: str, other: str) -> str | None:
        """Return the newest commit that both have in their history."""
        return self._git.run("merge-base", one, other).stdout.decode().strip() or None

    def commit(self, wanted: Commit) -> str:
        """Make a commit in the copy, and return its id. Nothing is pushed.

        Raises:
            CopyDamaged: the copy cannot be written.
        """
        modes = self._modes(wanted)
        done = self._git.run(
            "fast-import", "--quiet", "--done", "--force",
            data=_stream(wanted, f"{_MADE}{self._name}", modes),
        )  # fmt: skip
        if done.returncode:
            raise CopyDamaged(
                f"Git could not make a commit in the copy of {self._url}: "
                f"{_plain(done.stderr.decode(errors='replace'), _MAX_WORDS)}"
            )
        return self._git.text("rev-parse", "--verify", f"{_MADE}{self._name}")

    def push(self, commit: str) -> None:
        """Push *commit* to the branch, unless that would take something away from it.

        Raises:
            PushFailed: the host did not take it; the class says why.
            HostUnavailable: the host does not answer.
        """
        url = self._url
        options = [f"--receive-pack={_RECEIVE}"] if is_local(url) else []
        done = self._git.run(
            "push", "--porcelain", "--no-follow-tags", "--no-signed", "--recurse-submodules=no",
            *options, "--", url, f"{commit}:refs/heads/{self._name}",
        )  # fmt: skip
        if done.returncode:
            raise self._failure(
                done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
            )

    def patch(self, commit: str) -> bytes:
        """Return *commit*, which has one parent, as `git am` reads it.

        Raises:
            HostUnavailable: git failed.
        """
        words = ("format-patch", "--stdout", "--no-signature", "-1", commit)
        done = self._git.run(*words)
        if done.returncode:
            raise HostUnavailable(f"Git could not make a patch of {commit}.")
        return done.stdout

    def _modes(self, wanted: Commit) -> dict[str, str]:
        """Return the modes of the files that change: a program stays one."""
        paths = sorted(wanted.changes)
        done = self._git.run(
            "--literal-pathspecs", "ls-tree", "-z", wanted.parents[0], "--", *paths
        )
        lines = (line.partition("\t") for line in done.stdout.decode(errors="replace").split("\0"))
        return {path: head.split(" ")[0] for head, tab, path in lines if tab}

    def _failure(self, said: str, complained: str) -> PushFailed | HostUnavailable:
        """Return the error of a push that failed. Judges by git's own line first."""
        refusals = [line.split("\t")[-1] for line in said.splitlines() if line.startswith("!")]
        words = self._words_of_host(complained, refusals)
        if _MOVED.search(" ".join(refusals)):
            return BranchMoved(words)
        if refusals:
            is_right = _NO_RIGHT.search(words) and "hook declined" not in refusals[0]
            return MayNotPush(words) if is_right else PushRefused(words)
        if _NO_RIGHT.search(complained):
            return MayNotPush(words)
        return HostUnavailable(f"Git could not push to {self._url}: {words}")

    def _words_of_host(self, complained: str, refusals: Sequence[str]) -> str:
        """Return what the host said, else what git said: some words, without secrets."""
        lines = [line.strip() for line in re.split(r"[\r\n]+", complained)]
        told = [
            line.removeprefix("remote:").strip() for line in lines if line.startswith("remote:")
        ]
        fatal = [line.removeprefix("fatal:").strip() for line in lines if line.startswith("fatal:")]
        text = "; ".join(line for line in [*told, *refusals] or fatal or lines if line)
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return _plain(text, _MAX_WORDS) or "no reason given"


def _stream(wanted: Commit, ref: str, modes: Mapping[str, str]) -> bytes:
    """Return what fast-import reads to make a commit. Pure."""
    message = wanted.message.encode()
    lines: list[bytes] = [
        f"commit {ref}\n".encode(),
        f"author {wanted.author} {wanted.at} +0000\n".encode(),
        f"committer {wanted.committer} {wanted.at} +0000\n".encode(),
        b"data %d\n%b\n" % (len(message), message),
        f"from {wanted.parents[0]}\n".encode(),
        *(f"merge {parent}\n".encode() for parent in wanted.parents[1:]),
    ]
    for path, data in sorted(wanted.changes.items()):
        if data is None:
            lines.append(f"D {_quoted(path)}\n".encode())
        else:
            lines.append(f"M {modes.get(path, '100644')} inline {_quoted(path)}\n".encode())
            lines.append(b"data %d\n%b\n" % (len(data), data))
    return b"".join([*lines, b"done\n"])


def _quoted(path: str) -> str:
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _plain(text: str, limit: int) -> str:
    """Return *text* in one line of visible characters, without what ends a name in a commit."""
    shown = "".join(each if each.isprintable() and each not in "<>" else " " for each in text)
    return " ".join(shown.split())[:limit]
