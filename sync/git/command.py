"""Run git on hostile repositories: it runs none of their programs and asks no questions."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from sync.git.errors import CopyDamaged, HostUnavailable, Stopped
from sync.git.objects import Awaited, Objects

#: How soon a stop is noticed while git runs.
_TICK_SECONDS = 0.25
#: How far git may read ahead while we work on what it has read; what Linux grants by default.
_PIPE_BYTES = 1024 * 1024
_SAFE_CONFIG = (
    "core.hooksPath=/dev/null",
    "transfer.fsckObjects=true",
    "http.followRedirects=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "credential.helper=",
    "fetch.recurseSubmodules=false",
    # What is larger than any step goes through git in pieces, not through its memory.
    "core.bigFileThreshold=1m",
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
#: Tells git, and the programs that it starts, from all others; `Orphans` looks for it.
STARTED_BY = "HANDRAIL_STARTED_BY"


def own_mark() -> str:
    """Return the mark of this process: its number, and within what that means something."""
    numbering = "?"
    with suppress(OSError):  # not every system tells
        numbering = str(Path("/proc/self/ns/pid").readlink())
    return f"{numbering} {os.getpid()}"


#: Git adds these whenever ssh fails; the line before them says why.
_UNHELPFUL_LINES = (
    "fatal: Could not read from remote repository.",
    "Please make sure you have the correct access rights",
    "and the repository exists.",
)


class GitCommand:
    """Git in one folder, with the credentials of one source.

    Args:
        folder: where the bare copy is.
        shown: the repository as error messages name it, without secrets.
        environment: what the transport needs, secrets too: it never reaches a command line.
        seconds: how long one command may take, or one answer of a command that answers many.
        stop: once it is set, a command that runs ends with `Stopped`.
    """

    def __init__(
        self,
        folder: Path,
        shown: str,
        environment: Mapping[str, str],
        seconds: float,
        stop: threading.Event | None = None,
    ) -> None:
        self.folder, self._shown, self.seconds = folder, shown, seconds
        self._stop = stop or threading.Event()
        self._environment = _ENVIRONMENT | {STARTED_BY: own_mark()} | dict(environment)

    def text(self, *words: str, cwd: Path | None = None) -> str:
        """Return what git prints, without the last line's end.

        Raises:
            HostUnavailable: git failed, or took too long.
        """
        done = self.run(*words, cwd=cwd)
        if done.returncode:
            lines = done.stderr.decode(errors="replace").splitlines()
            words_of_git = [each for each in lines if each.strip() and each not in _UNHELPFUL_LINES]
            # The last line is often only the echo of the one before, such as that of a full disk.
            said = "; ".join(words_of_git[-2:])[-300:] or "no reason given"
            if "terminal prompts disabled" in said:
                said = "the host wants a token, or another one than this source has"
            raise HostUnavailable(f"Git could not {words[0]} {self._shown}: {said}")
        return done.stdout.decode(errors="replace").strip()

    def run_ok(self, *words: str) -> bool:
        """Return whether git says yes."""
        return self.run(*words).returncode == 0

    @contextmanager
    def objects(self) -> Iterator[Objects]:
        """Yield the objects of the repository, through one process that ends with the block.

        Raises:
            CopyDamaged: git ended early, or took too long.
            Stopped: it is to stop.
        """
        command = self._command(("cat-file", "--batch-command", "--buffer"))
        started: list[subprocess.Popen[bytes]] = []
        awaited = Awaited()

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
            _enlarge_pipe(process.stdout)
            return process

        def end() -> None:
            for process in started:
                process.kill()  # it only reads, so there is nothing to finish

        ended = threading.Event()
        patience = (awaited, self.seconds, self._stop)
        watch = threading.Thread(target=_end_if_late, args=(*patience, ended, end))
        watch.start()
        try:
            with ExitStack() as running:
                try:
                    yield Objects(start, awaited)
                finally:
                    end()
        except (BrokenPipeError, EOFError) as error:
            if self._stop.is_set():
                raise Stopped from error
            raise CopyDamaged(
                f"Git could not read the copy of {self._shown}. It is tried again."
            ) from error
        finally:
            ended.set()
            watch.join()

    def _command(self, words: tuple[str, ...]) -> list[str]:
        options = [word for setting in _SAFE_CONFIG for word in ("-c", setting)]
        return ["git", *options, *words]

    def _communicate(self, process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
        """Return what the process printed; raise if it takes too long, or is to stop."""
        until = time.monotonic() + self.seconds
        while True:
            try:
                left = until - time.monotonic()
                return process.communicate(timeout=max(0.0, min(left, _TICK_SECONDS)))
            except subprocess.TimeoutExpired:
                if self._stop.is_set():
                    raise Stopped from None
                if time.monotonic() >= until:
                    raise

    def run(
        self, *words: str, cwd: Path | None = None, data: bytes | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """Return what git prints and how it ended, for the caller to judge; *data* is its input.

        Raises:
            HostUnavailable: git took too long.
        """
        with (
            _input(data) as given,
            subprocess.Popen(
                self._command(words),
                cwd=cwd or self.folder,
                env=self._environment,
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            ) as process,
        ):
            try:
                said, complained = self._communicate(process)
            except BaseException as error:
                # Git's children, too: the one that talks to the host would wait on for ever.
                os.killpg(process.pid, signal.SIGKILL)
                if not isinstance(error, subprocess.TimeoutExpired):
                    raise
                raise HostUnavailable(
                    f"Git did not {words[0]} {self._shown} within {self.seconds:g} s. "
                    "It is tried again."
                ) from error
        return subprocess.CompletedProcess(words, process.returncode, said, complained)


@contextmanager
def _input(data: bytes | None) -> Iterator[IO[bytes] | int]:
    """Yield what a process reads *data* from: a file, which it reads at its own pace.

    Through a pipe it would have to take it at once: `communicate` takes no input a second time,
    and Python 3.11 forgets what was left of it.
    """
    if data is None:
        yield subprocess.DEVNULL
        return
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        yield file


def _end_if_late(
    awaited: Awaited,
    seconds: float,
    stop: threading.Event,
    ended: threading.Event,
    end: Callable[[], None],
) -> None:
    """End git if it is to stop, or if one answer takes longer than *seconds*; our work may."""
    while not ended.wait(min(_TICK_SECONDS, seconds)):
        since = awaited.since
        is_late = since is not None and time.monotonic() - since > seconds
        if is_late or stop.is_set():
            end()
            return


def _enlarge_pipe(pipe: IO[bytes] | None) -> None:
    """Let git read ahead, where the system grants it."""
    size = getattr(fcntl, "F_SETPIPE_SZ", None)
    if pipe is not None and size is not None:
        with suppress(OSError):
            fcntl.fcntl(pipe.fileno(), size, _PIPE_BYTES)
