"""Ask an SSH host for the keys by which it proves who it is, and make deploy keys."""

from __future__ import annotations

import base64
import binascii
import hashlib
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
)

from sync.git.access import HOST_FINGERPRINTS
from sync.git.address import ResolvedHost, key_alias, resolve_host
from sync.git.errors import HostUnavailable, SourceInvalid
from walkthroughs.settings import Settings

#: What a host proves itself by; the first is the strongest, and asked for alone if it is there.
_KINDS = "ed25519,ecdsa,rsa"
_MAX_KEYS = 5
_COMMENT = "handrail"


@dataclass(frozen=True, slots=True)
class HostKeys:
    """The keys of a host.

    Attributes:
        lines: as a known_hosts file has them.
        fingerprints: of each, with its kind, as hosts publish them.
        is_known: whether one of them is the key that the host publishes; the others are left out.
    """

    lines: str
    fingerprints: tuple[str, ...]
    is_known: bool


def make_deploy_key() -> str:
    """Return a new private key, as OpenSSH writes it."""
    made = Ed25519PrivateKey.generate()
    return made.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()


def public_key(private_key: str) -> str:
    """Return the public half of a key that `make_deploy_key` made: what a host is given."""
    key = load_ssh_private_key(private_key.encode(), None).public_key()
    return f"{key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()} {_COMMENT}"


def scan_host_keys(url: str, settings: Settings, seconds: float) -> HostKeys:
    """Return the keys of the host of *url*, an ssh:// address. Takes no longer than *seconds*.

    Raises:
        SourceInvalid: the address cannot be used, or another host answers in this one's place.
        HostUnavailable: it does not answer.
    """
    host = resolve_host(url, settings)
    found = _parsed(_scan(host, seconds), key_alias(host))
    published = HOST_FINGERPRINTS.get(host.host)
    if not found:
        raise HostUnavailable(
            f'The host "{host.host}" does not answer on port {host.port} as an SSH server. '
            "See whether the address is right, and whether this server may reach it."
        )
    if published is None:
        return HostKeys(
            "\n".join(line for line, _ in found), tuple(each for _, each in found), is_known=False
        )
    own = [(line, each) for line, each in found if each.endswith(published)]
    if not own:
        raise SourceInvalid(
            f"What answers as {host.host} has none of the keys that {host.host} publishes. "
            "Somebody may be answering in its place: nothing was sent there."
        )
    return HostKeys(own[0][0], (own[0][1],), is_known=True)


def _scan(host: ResolvedHost, seconds: float) -> str:
    words = ["ssh-keyscan", "-T", str(max(1, int(seconds))), "-t", _KINDS, "-p", str(host.port)]
    try:
        done = subprocess.run(
            [*words, "--", host.addresses[0]],
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise HostUnavailable(
            f'The host "{host.host}" did not answer within {seconds:g} s. Try again, or see '
            "whether this server may reach it."
        ) from error
    return done.stdout.decode(errors="replace")


def _parsed(said: str, alias: str) -> Sequence[tuple[str, str]]:
    """Return each key as a line of known_hosts under *alias*, and its fingerprint. Pure."""
    found = []
    for line in said.splitlines()[: 4 * _MAX_KEYS]:
        words = line.split()
        if line.startswith("#") or len(words) < 3:
            continue
        kind, key = words[1:3]
        try:
            digest = hashlib.sha256(base64.b64decode(key, validate=True)).digest()
        except binascii.Error:
            continue
        fingerprint = f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"
        if kind.isascii() and kind.isprintable():
            found.append((f"{alias} {kind} {key}", f"{kind} {fingerprint}"))
    return found[:_MAX_KEYS]
