"""Names below localhost, such as acme.localhost, for programs that ask the system about them."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def local_names() -> Iterator[None]:
    """Let every name below localhost lead to this machine, as browsers have it."""
    look_up = socket.getaddrinfo

    def local(host, *rest, **more):
        named = host.decode() if isinstance(host, bytes) else host
        is_local = isinstance(named, str) and named.endswith(".localhost")
        return look_up("127.0.0.1" if is_local else host, *rest, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", local)
        yield
