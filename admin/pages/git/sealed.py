"""What is known of a repository between two pages, kept in their forms and nowhere else.

It holds a private key, so it is encrypted; and it is good for one member, one organization and
a few hours.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from sync.git.access import token_user
from sync.git.credentials import Credential, DeployKey, Token
from walkthroughs.crypto import SecretUnreadable, decrypt, encrypt
from walkthroughs.errors import HandrailError

#: To make a token at a host, and to come back, a member has so long.
_LASTS_MS = 2 * 3_600_000
_PURPOSE = "access to a repository"


class SealBroken(HandrailError):
    """What a form brought back is not this member's, or too old."""

    def __init__(self) -> None:
        super().__init__(
            "These pages were open for too long, so what was entered is gone. Begin again; "
            "nothing was stored."
        )


@dataclass(frozen=True, slots=True, repr=False)
class Access:
    """How a repository is read, and what was found there.

    Attributes:
        source_id: whose access is changed; empty for a source that does not exist yet.
        url: the repository.
        way: `none`, `token` or `key`; empty while it is not chosen.
        is_open: whether the host shows it to everybody.
        note: what the host said without a credential, if it shows the repository to nobody.
        token: what was entered last.
        key: the private key that was made for it.
        known_hosts: the host's keys, which are believed from now on.
        fingerprints: of these.
        branches: of the repository, the default one first.
        folders: those that hold walkthroughs.
        branch: the one to follow.
        path: the folder to read.
        name: what the source is called.
        is_planned: whether all this was tried together, and what comes in was shown.
    """

    source_id: str = ""
    url: str = ""
    way: str = ""
    is_open: bool = False
    note: str = ""
    token: str = ""
    key: str = ""
    known_hosts: str = ""
    fingerprints: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    branch: str = ""
    path: str = ""
    name: str = ""
    is_planned: bool = False

    @property
    def credential(self) -> Credential | None:
        """Return what the chosen way gives to the host."""
        match self.way:
            case "token":
                return Token(self.token, token_user(self.url))
            case "key":
                return DeployKey(self.key, self.known_hosts)
            case _:
                return None

    @property
    def secret_files(self) -> dict[str, str]:
        """Return the same, as a source is given it."""
        match self.way:
            case "token":
                return {"token_file": self.token}
            case "key":
                return {"key_file": self.key, "known_hosts_file": self.known_hosts}
            case _:
                return {}


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose values these are: a member, in one organization."""

    organization_id: str
    user_id: str


def seal(access: Access, owner: Owner, secret_key: str, now: int) -> str:
    """Return *access* as text for a form."""
    facts = {"for": _PURPOSE, "until": now + _LASTS_MS, "access": asdict(access), **asdict(owner)}
    return encrypt(secret_key, json.dumps(facts))


def unseal(sealed: str, owner: Owner, secret_keys: Sequence[str], now: int) -> Access:
    """Return what `seal` was given.

    Raises:
        SealBroken: it is another member's, of another organization, too old, or made up.
    """
    try:
        facts = json.loads(decrypt(secret_keys, sealed))
        whose = Owner(facts["organization_id"], facts["user_id"])
        if facts["for"] != _PURPOSE or whose != owner or now > facts["until"]:
            raise SealBroken
        access = Access(**facts["access"])
    except (SecretUnreadable, KeyError, TypeError, ValueError) as error:
        raise SealBroken from error
    return replace(
        access,
        fingerprints=tuple(access.fingerprints),
        branches=tuple(access.branches),
        folders=tuple(access.folders),
    )
