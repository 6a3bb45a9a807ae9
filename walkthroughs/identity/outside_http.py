"""Requests to hosts that others name: bounded in time and size, and not to our own network."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from walkthroughs.errors import HandrailError

MAX_BYTES, SECONDS = 64 * 1024, 5.0


class HostUnusable(HandrailError):
    """A host gave no answer; `is_refused` says that it was not asked, or must not be believed."""

    def __init__(self, reason: str, *, is_refused: bool = False) -> None:
        super().__init__(reason)
        self.is_refused = is_refused


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What a host answered."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


def is_public(address: str) -> bool:
    """Return whether an address is on the Internet, also one that is written into another."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour or (parsed.teredo or (None, None))[1]
        if inner is not None:
            return is_public(str(inner))
        if parsed in ipaddress.ip_network("64:ff9b::/96"):
            return is_public(str(ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)))
    return parsed.is_global and not parsed.is_multicast


@dataclass(frozen=True, slots=True)
class OutsideHttp:
    """Asks hosts, one request at a time. Redirects are answers like others, and not followed.

    Args:
        is_allowed: whether an address of a host may be asked. Networks of our own are not.
        context: which certificates are believed; by default those that the system believes.
    """

    is_allowed: Callable[[str], bool] = is_public
    context: ssl.SSLContext | None = None

    def ask(self, url: str, headers: Mapping[str, str], body: str | None = None) -> HttpAnswer:
        """Return the answer to GET, or with a *body* to POST. The caller has checked the *url*.

        Raises:
            HostUnusable: the host is away, slow or not public, or sends more than `MAX_BYTES`.
        """
        parts, end = urlsplit(url), time.monotonic() + SECONDS
        host = parts.hostname or ""
        try:
            is_tls = parts.scheme == "https"
            port = parts.port or (443 if is_tls else 80)
            address = self._address(host, port)
            context = (self.context or ssl.create_default_context()) if is_tls else None
            left = max(0.1, end - time.monotonic())
            connection = _Pinned(host, port, address, context, left)
        except (OSError, ValueError) as error:
            raise HostUnusable(f"{host} cannot be found.") from error
        # A timeout of the socket bounds each read only; this one bounds them all.
        deadline = threading.Timer(left, connection.abort)
        deadline.daemon = True
        deadline.start()
        try:
            path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
            connection.request("GET" if body is None else "POST", path, body, dict(headers))
            return _answer(host, connection)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise HostUnusable(f"{host} did not answer.") from error
        finally:
            deadline.cancel()
            connection.close()

    def _address(self, host: str, port: int) -> str:
        """Return the address that is asked; the name is not looked up again."""
        found = _look_up(host, port)
        if not found or not all(map(self.is_allowed, found)):
            raise HostUnusable(f"{host} is not on the Internet.", is_refused=True)
        return found[0]


def _look_up(host: str, port: int) -> list[str]:
    """Return the addresses of a host; give up after `SECONDS`.

    The system takes no deadline, so a thread of its own asks it, and ends when the system does.
    """
    found: Future[list[str]] = Future()

    def ask() -> None:
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.set_result([str(row[4][0]) for row in rows])
        except (OSError, ValueError) as error:
            found.set_exception(error)

    threading.Thread(target=ask, name="look-up", daemon=True).start()
    return found.result(timeout=SECONDS)


class _Pinned(http.client.HTTPConnection):
    """A connection to one address of a host, whose certificate is checked for the host's name.

    Without a *context* it is not encrypted.
    """

    def __init__(
        self, host: str, port: int, address: str, context: ssl.SSLContext | None, seconds: float
    ) -> None:
        super().__init__(host, port, timeout=seconds)
        if context is not None:
            self.default_port = 443
        self._address, self._tls = address, context
        self._open: socket.socket | None = None
        self.is_aborted = False

    def connect(self) -> None:
        """Connect to the address."""
        plain = self.sock = self._open = socket.create_connection(
            (self._address, self.port), self.timeout
        )
        if self.is_aborted:
            raise TimeoutError
        if self._tls is not None:
            self.sock = self._open = self._tls.wrap_socket(plain, server_hostname=self.host)

    def abort(self) -> None:
        """End it, whatever it does: the thread that reads gets an error."""
        self.is_aborted = True
        if self._open is not None:
            # Not that of TLS, which is in use by the thread that reads.
            with suppress(OSError):  # it has ended already
                socket.socket.shutdown(self._open, socket.SHUT_RDWR)


def _answer(host: str, connection: _Pinned) -> HttpAnswer:
    response = connection.getresponse()
    body = response.read(MAX_BYTES + 1)
    if connection.is_aborted:
        raise TimeoutError
    if len(body) > MAX_BYTES:
        raise HostUnusable(f"What {host} sends is too large.", is_refused=True)
    return HttpAnswer(response.status, response.headers, body)
