"""Validate a repository address, resolve its host, and pin git to the resolved addresses."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Network, ip_address
from pathlib import Path

from sync.git.errors import HostUnavailable, NotUsableHere, SourceInvalid
from walkthroughs.settings import Settings

#: One form, with no character that git, curl and ssh might read in different ways.
_REMOTE = re.compile(
    r"(?P<scheme>https|ssh)://(?:(?P<user>[A-Za-z0-9_][A-Za-z0-9_.+-]*)@)?"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|(?!-)(?:[A-Za-z0-9_-]+\.)*[A-Za-z0-9_-]+)(?::(?P<port>[0-9]{1,5}))?"
    r"/[^\x00-\x1f\x7f]*"
)
_LOCAL_PREFIXES = ("/", "file://")
_LOCAL_SETTINGS = Path(__file__).with_name("local.gitconfig")
_PORTS = {"https": 443, "ssh": 22}
_GLOBAL_IPV6 = IPv6Network("2000::/3")
#: A network without IPv4 reaches it by these addresses; the last four bytes count.
_NAT64 = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class ResolvedHost:
    """A host and the addresses that it has, the preferred one first."""

    host: str
    port: int
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Transport:
    """How git gets to an address: variables, settings of git, options of ssh."""

    variables: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    ssh_options: tuple[str, ...] = ()


def transport(url: str, branch: str, settings: Settings) -> Transport:
    """Return how to get to a repository, and to no other place than was looked up just now.

    Raises:
        SourceInvalid: the address or the branch cannot be used; it says why.
        HostUnavailable: the host is unknown.
    """
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,200}", branch) or ".." in branch:
        raise SourceInvalid(f'"{branch[:80]}" cannot be a branch name.')
    if is_local(url) and settings.allow_local_repositories:
        # A variable would not reach the git that serves the folder: it asks the global settings.
        return Transport({"GIT_ALLOW_PROTOCOL": "file", "GIT_CONFIG_GLOBAL": str(_LOCAL_SETTINGS)})
    variables = {"GIT_ALLOW_PROTOCOL": "https:ssh"}
    if settings.git_ca_file is not None:
        variables["GIT_SSL_CAINFO"] = str(settings.git_ca_file)
    resolved = resolve_host(url, settings)
    return Transport(variables, _settings(resolved), _ssh_options(resolved))


def is_local(url: str) -> bool:
    """Return whether *url* is a folder of this machine."""
    return url.startswith(_LOCAL_PREFIXES)


def resolve_host(url: str, settings: Settings) -> ResolvedHost:
    """Return where the host of *url* is.

    Raises:
        SourceInvalid: the address cannot be used, or its host is in a private network and the
            operator does not allow that.
        HostUnavailable: the host is unknown.
    """
    user, at, _ = url.partition("://")[2].split("/")[0].rpartition("@")
    if at and (":" in user or not url.startswith("ssh://")):
        raise SourceInvalid(
            "A content source's address must not hold credentials. Give a token or a deploy key."
        )
    parts = _REMOTE.fullmatch(url)
    if parts is None:
        raise NotUsableHere(
            f'"{url[:200]}" cannot be a content source. Give an https:// or ssh:// address'
            " (folders of this machine only where the operator allows them)."
        )
    host, port = parts["host"].strip("[]").lower(), int(parts["port"] or _PORTS[parts["scheme"]])
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", error)
        raise HostUnavailable(
            f'The host "{host}" of {url} cannot be found: {why}. Correct the address, or see '
            "whether this machine can look up names. It is tried again."
        ) from error
    addresses = tuple(dict.fromkeys(str(each[4][0]) for each in found))
    private = [each for each in addresses if not is_public(each)]
    if private and not settings.allow_private_hosts:
        raise NotUsableHere(
            f'The host "{host}" of {url} is at {private[0]}, which is not a public address. '
            "Give a public one, or let the operator set HANDRAIL_ALLOW_PRIVATE_HOSTS=1."
        )
    return ResolvedHost(host, port, addresses)


def is_public(address: str) -> bool:
    """Return whether *address* is one of the internet, not of this machine or its network. Pure."""
    ip = ip_address(address.partition("%")[0])
    if ip.version == 6 and (ip.ipv4_mapped or ip in _NAT64):
        ip = IPv4Address(int(ip) & 0xFFFFFFFF)
    if ip.version == 6 and (ip.sixtofour or ip not in _GLOBAL_IPV6):
        return False
    return ip.is_global and not ip.is_multicast


def key_alias(resolved: ResolvedHost) -> str:
    """Return what a host's keys are listed under in a known_hosts file, as ssh does itself."""
    is_usual = resolved.port == _PORTS["ssh"]
    return resolved.host if is_usual else f"[{resolved.host}]:{resolved.port}"


def _settings(resolved: ResolvedHost) -> dict[str, str]:
    if ":" in resolved.host:
        return {}  # an IPv6 address is where it says, and curl takes none here
    shown = (f"[{each}]" if ":" in each else each for each in resolved.addresses)
    return {"http.curloptResolve": f"{resolved.host}:{resolved.port}:{','.join(shown)}"}


def _ssh_options(resolved: ResolvedHost) -> tuple[str, ...]:
    """Name the address to ssh, and what the host's keys are listed under."""
    return ("-o", f"HostName={resolved.addresses[0]}", "-o", f"HostKeyAlias={key_alias(resolved)}")
