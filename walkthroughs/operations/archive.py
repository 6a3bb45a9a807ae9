"""The file of a backup: the database, the secret key sealed with a passphrase, and what it is."""

from __future__ import annotations

import base64
import io
import json
import secrets
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from walkthroughs.errors import HandrailError
from walkthroughs.whole_files import whole_file

FORMAT = 1
_ABOUT, _KEY, _DUMP = "backup.json", "secret-key", "database.dump"
#: OWASP's advice for scrypt: 128 MiB and about a second for each guess.
_COST = 2**17


@dataclass(frozen=True, slots=True)
class About:
    """What a backup says of itself: the schema's revision, and PostgreSQL's major version."""

    revision: str
    postgres: int
    made_at: int
    format: int = FORMAT


def write(path: Path, about: About, secret_key: str, passphrase: str, dump: Path) -> None:
    """Write a backup, readable by its owner only. It is there whole, or not at all."""
    with whole_file(path) as file, tarfile.open(fileobj=file, mode="w") as tar:
        _add(tar, _ABOUT, json.dumps(asdict(about)).encode())
        _add(tar, _KEY, _seal(secret_key, passphrase))
        tar.add(dump, _DUMP)


@contextmanager
def opened(path: Path, passphrase: str) -> Iterator[tuple[About, str, IO[bytes]]]:
    """Yield what a backup is, its secret key, and its dump.

    Raises:
        HandrailError: it is no backup, of a later release, or the passphrase is another.
    """
    try:
        tar = tarfile.open(path)  # noqa: SIM115  closed below
    except (tarfile.TarError, EOFError) as error:
        raise _unreadable(path) from error
    with tar:
        about = _about(path, _read(tar, path, _ABOUT).read())
        sealed = _read(tar, path, _KEY).read()
        yield about, _open_seal(sealed, passphrase), _read(tar, path, _DUMP)


def _about(path: Path, stored: bytes) -> About:
    facts = json.loads(stored)
    if facts.get("format") != FORMAT:
        raise HandrailError(
            f"{path} was made by a later release of Handrail. Restore it with that."
        )
    return About(**facts)


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))


def _read(tar: tarfile.TarFile, path: Path, name: str) -> IO[bytes]:
    try:
        file = tar.extractfile(name)
    except (KeyError, tarfile.TarError):
        file = None
    if file is None:
        raise _unreadable(path)
    return file


def _unreadable(path: Path) -> HandrailError:
    return HandrailError(f"{path} is no backup of Handrail, or is cut short.")


def _seal(secret_key: str, passphrase: str) -> bytes:
    salt = secrets.token_bytes(16)
    return base64.b64encode(salt) + b"." + _cipher(passphrase, salt).encrypt(secret_key.encode())


def _open_seal(sealed: bytes, passphrase: str) -> str:
    salt, _, token = sealed.partition(b".")
    try:
        return _cipher(passphrase, base64.b64decode(salt)).decrypt(token).decode()
    except InvalidToken as error:
        raise HandrailError("The backup was made with another passphrase.") from error


def _cipher(passphrase: str, salt: bytes) -> Fernet:
    key = Scrypt(salt, length=32, n=_COST, r=8, p=1).derive(passphrase.encode())
    return Fernet(base64.urlsafe_b64encode(key))
