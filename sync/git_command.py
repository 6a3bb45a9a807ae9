"""Runs git on hostile repositories: nothing of theirs is run, and nobody is asked anything."""

from __future__ import annotations

import fcntl
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from git import Git

from sync.objects import Objects
from walkthroughs.errors import HandrailError

_SECONDS = 120
#: How far git may read ahead while we work on what it has read; what Linux grants by default.
_PIPE_BYTES = 1024 * 1024
_SAFE = (
    "core.hooksPath=/dev/null",
    "transfer.fsckObjects=true",
    "http.followRedirects=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "credential.helper=",
    "fetch.recurseSubmodules=false",
)
_ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PROTOCOL_FROM_USER": "0",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "LC_ALL": "C.UTF-8",
}


class RepositoryUnavailable(HandrailError):
    """The repository, its branch or its folder cannot be read now; nothing is changed by that."""


class CopyBroken(RepositoryUnavailable):
    """Our copy cannot be read; a new one can be made."""


class GitCommand:
    """Git in one folder, with the credentials of one source.

    Args:
        folder: where the bare copy is.
        shown: the repository as error messages name it, without secrets.
        environment: what the transport needs, secrets too: it never reaches a command line.
    """

    def __init__(self, folder: Path, shown: str, environment: Mapping[str, str]) -> None:
        self.folder, self._shown = folder, shown
        self._environment = _ENVIRONMENT | dict(environment)

    def text(self, *words: str, where: Path | None = None) -> str:
        """Return what git prints, without the last line's end.

        Raises:
            RepositoryUnavailable: git failed, or took longer than two minutes.
        """
        done = self._run(words, where or self.folder)
        if done.returncode:
            lines = done.stderr.decode(errors="replace").strip().splitlines()
            said = lines[-1][:300] if lines else "no reason given"
            raise RepositoryUnavailable(f"Git could not {words[0]} {self._shown}: {said}")
        return done.stdout.decode(errors="replace").strip()

    def succeeds(self, *words: str) -> bool:
        """Return whether git says yes."""
        return self._run(words, self.folder).returncode == 0

    @contextmanager
    def objects(self) -> Iterator[Objects]:
        """Yield the objects of the repository, through one process that ends with the block.

        Raises:
            CopyBroken: git ended early, or took longer than two minutes.
        """
        command = self._command(("cat-file", "--batch-command", "--buffer"))
        started: list[subprocess.Popen[bytes]] = []

        def start() -> subprocess.Popen[bytes]:
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            started.append(running.enter_context(process))
            _widen(process.stdout)
            return process

        def end() -> None:
            for process in started:
                process.kill()  # it only reads, so there is nothing to finish

        limit = threading.Timer(_SECONDS, end)
        limit.start()
        try:
            with ExitStack() as running:
                try:
                    yield Objects(start)
                finally:
                    end()
        except (BrokenPipeError, EOFError) as error:
            raise CopyBroken(
                f"Git could not read the copy of {self._shown}. It is tried again."
            ) from error
        finally:
            limit.cancel()

    def _command(self, words: tuple[str, ...]) -> list[str]:
        options = [word for setting in _SAFE for word in ("-c", setting)]
        return [Git.GIT_PYTHON_GIT_EXECUTABLE or "git", *options, *words]

    def _run(self, words: tuple[str, ...], where: Path) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(
                self._command(words),
                cwd=where,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise RepositoryUnavailable(
                f"Git did not answer for {self._shown} within {_SECONDS} s. It is tried again."
            ) from error


def _widen(pipe: IO[bytes] | None) -> None:
    """Let git read ahead, where the system grants it."""
    size = getattr(fcntl, "F_SETPIPE_SZ", None)
    if pipe is not None and size is not None:
        with suppress(OSError):
            fcntl.fcntl(pipe.fileno(), size, _PIPE_BYTES)
