"""How a source proves who it is: a token over https, a deploy key over ssh.

A credential is kept sealed as JSON and handed to git in its environment or in
files that only this process's user can read, never on a command line.
"""

from __future__ import annotations

import base64
import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sync.git.address import Transport
from sync.git.copies import key_folder
from walkthroughs.crypto import decrypt, encrypt
from walkthroughs.errors import HandrailError


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """An access token, sent as the password of *user* to the repository's host only."""

    token: str
    user: str = "x-access-token"


@dataclass(frozen=True, slots=True, repr=False)
class DeployKey:
    """A private key, and the host keys (lines of a known_hosts file) that are believed."""

    key: str
    known_hosts: str


Credential = Token | DeployKey


def encrypt_credential(secret_key: str, credential: Credential) -> str:
    """Return *credential* for the database."""
    kind = "token" if isinstance(credential, Token) else "key"
    return encrypt(secret_key, json.dumps({"kind": kind, **asdict(credential)}))


def decrypt_credential(secret_keys: Sequence[str], stored: str | None) -> Credential | None:
    """Return the credential of a source, if it has one."""
    if stored is None:
        return None
    facts = json.loads(decrypt(secret_keys, stored))
    return Token(**facts) if facts.pop("kind") == "token" else DeployKey(**facts)


def check_fits_url(url: str, credential: Credential | None) -> None:
    """Refuse a credential that does not fit the address.

    Raises:
        HandrailError: with what to do instead.
    """
    if isinstance(credential, Token) and not url.startswith("https://"):
        raise HandrailError("A token is sent over https:// only. Give a deploy key for ssh://.")
    if isinstance(credential, DeployKey):
        if not url.startswith("ssh://"):
            raise HandrailError("A deploy key is for an address of the form ssh://git@host/path.")
        if not credential.known_hosts.strip():
            raise HandrailError(
                "A deploy key needs the host's own keys, as ssh-keyscan prints them: "
                "without them, anybody could answer in the host's place."
            )


@contextmanager
def environment(
    url: str, credential: Credential | None, way: Transport, data_dir: Path
) -> Iterator[dict[str, str]]:
    """Yield what git's environment needs while the block runs; files are gone afterwards."""
    with ExitStack() as files:
        identity = _NO_IDENTITY
        if isinstance(credential, DeployKey):
            identity = _identity(files.enter_context(key_folder(data_dir)), credential)
        ssh = {"GIT_SSH_COMMAND": shlex.join([*_SSH, *identity, *way.ssh_options])}
        header = _header(url, credential) if isinstance(credential, Token) else {}
        yield {**way.variables, **ssh, **_settings({**way.settings, **header})}


def _settings(settings: Mapping[str, str]) -> dict[str, str]:
    """Say git's *settings* in variables: a token must be in no argument and in no file."""
    variables = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings.items()):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return variables


def _header(url: str, credential: Token) -> dict[str, str]:
    """Set the header for this host only."""
    origin = f"{urlsplit(url).scheme}://{urlsplit(url).netloc}/"
    pair = base64.b64encode(f"{credential.user}:{credential.token}".encode()).decode()
    return {f"http.{origin}.extraHeader": f"Authorization: Basic {pair}"}


_SSH = (
    "ssh", "-F", "/dev/null", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes",
    "-o", "GlobalKnownHostsFile=/dev/null", "-o", "IdentitiesOnly=yes", "-o", "ConnectTimeout=20",
)  # fmt: skip


#: Has no key and knows no host.
_NO_IDENTITY = ["-o", "UserKnownHostsFile=/dev/null", "-o", "IdentityFile=none"]


def _identity(folder: Path, credential: DeployKey) -> list[str]:
    """Write the key and the hosts' keys into *folder*; return the options that name them."""
    hosts, key = folder / "known_hosts", folder / "key"
    hosts.write_text(credential.known_hosts.rstrip("\n") + "\n")
    key.touch(mode=0o600)
    key.write_text(credential.key.rstrip("\n") + "\n")
    return ["-o", f"UserKnownHostsFile={hosts}", "-i", str(key)]
