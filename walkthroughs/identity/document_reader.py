"""Read the document of an app at its address, on the Internet and nowhere else."""

from __future__ import annotations

import http.client
import ipaddress
import json
import re
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from walkthroughs.errors import HandrailError

MAX_BYTES, SECONDS = 64 * 1024, 5.0
#: How long nobody asks again, in seconds, whatever the host says.
_SHORTEST, _LONGEST = 300, 24 * 3600
_MAX_ADDRESS_CHARACTERS = 500
_HOST = r"(?=[a-z0-9.-]{1,253}[:/])(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z][a-z0-9-]*"
_ADDRESS = re.compile(rf"https://{_HOST}(?::[0-9]{{1,5}})?/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*")


class DocumentUnreadable(HandrailError):
    """The document cannot be read; `is_refused` says that it can be, and is not accepted."""

    def __init__(self, reason: str, *, is_refused: bool = False) -> None:
        super().__init__(reason)
        self.is_refused = is_refused


@dataclass(frozen=True, slots=True)
class Document:
    """What an app says of itself, and for how many seconds it may be kept."""

    metadata: dict[str, Any]
    fresh_seconds: int


def is_document_address(client_id: str) -> bool:
    """Return whether the id of an app is the address of a document that may be read.

    It has a path without dots that lead elsewhere, and neither a user, a query nor a fragment.
    """
    if len(client_id) > _MAX_ADDRESS_CHARACTERS or not _ADDRESS.fullmatch(client_id):
        return False
    parts = urlsplit(client_id)
    return len(parts.path) > 1 and not {".", ".."} & set(parts.path.split("/"))


@dataclass(frozen=True, slots=True)
class DocumentReader:
    """Reads documents over https.

    Args:
        is_allowed: whether an address of a host may be asked. Networks of our own are not.
        context: which certificates are believed.
    """

    is_allowed: Callable[[str], bool] = lambda address: _is_public(address)  # noqa: PLW0108  it is below
    context: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    def read(self, url: str) -> Document:
        """Return the document at *url*, which `is_document_address` has accepted.

        Raises:
            DocumentUnreadable: the host is away, slow or not public, sends something else or more.
        """
        parts = urlsplit(url)
        try:
            host, port = parts.hostname or "", parts.port or 443
            address = self._address(host, port)
            connection = _Pinned(host, port, address, self.context)
        except (OSError, ValueError) as error:
            raise DocumentUnreadable(f"{parts.hostname} cannot be found.") from error
        # A timeout of the socket bounds each read only; this one bounds them all.
        deadline = threading.Timer(SECONDS, connection.abort)
        deadline.daemon = True
        deadline.start()
        try:
            connection.request("GET", parts.path, headers={"Accept": "application/json"})
            document = _document(url, connection)
        except (OSError, http.client.HTTPException) as error:
            raise DocumentUnreadable(f"{parts.hostname} did not send the document.") from error
        finally:
            deadline.cancel()
            connection.close()
        return document

    def _address(self, host: str, port: int) -> str:
        """Return the address that is asked; the name is not looked up again."""
        found = [each[4][0] for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        if not found or not all(self.is_allowed(str(each)) for each in found):
            raise DocumentUnreadable(f"{host} is not on the Internet.", is_refused=True)
        return str(found[0])


class _Pinned(http.client.HTTPSConnection):
    """A connection to one address of a host, whose certificate is checked for the host's name."""

    def __init__(self, host: str, port: int, address: str, context: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=SECONDS, context=context)
        self._address, self._tls = address, context
        self._open: socket.socket | None = None
        self.is_aborted = False

    def connect(self) -> None:
        """Connect to the address."""
        plain = self._open = socket.create_connection((self._address, self.port), self.timeout)
        if self.is_aborted:
            raise TimeoutError
        self.sock = self._open = self._tls.wrap_socket(plain, server_hostname=self.host)

    def abort(self) -> None:
        """End it, whatever it does: the thread that reads gets an error."""
        self.is_aborted = True
        if self._open is not None:
            # Not that of TLS, which is in use by the thread that reads.
            with suppress(OSError):  # it has ended already
                socket.socket.shutdown(self._open, socket.SHUT_RDWR)


def _document(url: str, connection: _Pinned) -> Document:
    host, response = urlsplit(url).hostname, connection.getresponse()
    if response.status != 200:
        is_redirect = 300 <= response.status < 400
        message = f"{host} answered with status {response.status} instead of the document."
        raise DocumentUnreadable(message, is_refused=is_redirect)
    body = response.read(MAX_BYTES + 1)
    if connection.is_aborted:
        raise TimeoutError
    if len(body) > MAX_BYTES:
        raise DocumentUnreadable(f"The document of {host} is too large.", is_refused=True)
    try:
        metadata = json.loads(body)
    except (ValueError, RecursionError) as error:
        message = f"The document of {host} is no JSON."
        raise DocumentUnreadable(message, is_refused=True) from error
    if not isinstance(metadata, dict) or metadata.get("client_id") != url:
        message = f"The document of {host} is that of another app."
        raise DocumentUnreadable(message, is_refused=True)
    return Document(metadata, _fresh_seconds(response.getheader("Cache-Control") or ""))


def _fresh_seconds(cache_control: str) -> int:
    found = re.search(r"max-age=([0-9]{1,9})", cache_control[:500])
    return min(max(int(found[1]) if found else 0, _SHORTEST), _LONGEST)


def _is_public(address: str) -> bool:
    """Return whether an address is on the Internet, also one that is written into another."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour or (parsed.teredo or (None, None))[1]
        if inner is not None:
            return _is_public(str(inner))
        if parsed in ipaddress.ip_network("64:ff9b::/96"):
            return _is_public(str(ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)))
    return parsed.is_global and not parsed.is_multicast
