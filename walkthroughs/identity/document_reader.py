"""Read the document of an app at its address, on the Internet and nowhere else."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from walkthroughs.identity.outside_http import HostUnusable, HttpAnswer, OutsideHttp

#: How long nobody asks again, in seconds, whatever the host says.
_SHORTEST, _LONGEST = 300, 24 * 3600
_MAX_ADDRESS_CHARACTERS = 500
_HOST = r"(?=[a-z0-9.-]{1,253}[:/])(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z][a-z0-9-]*"
_ADDRESS = re.compile(rf"https://{_HOST}(?::[0-9]{{1,5}})?/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*")


class DocumentUnreadable(HostUnusable):
    """The document cannot be read; `is_refused` says that it can be, and is not accepted."""


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
class DocumentReader(OutsideHttp):
    """Reads documents over https, on the Internet unless told otherwise."""

    def read(self, url: str) -> Document:
        """Return the document at *url*, which `is_document_address` has accepted.

        Raises:
            DocumentUnreadable: the host is away, slow or not public, sends something else or more.
        """
        try:
            answer = self.ask(url, {"Accept": "application/json"})
        except HostUnusable as error:
            raise DocumentUnreadable(str(error), is_refused=error.is_refused) from error
        return _document(url, answer)


def _document(url: str, answer: HttpAnswer) -> Document:
    host = urlsplit(url).hostname
    if answer.status != 200:
        is_redirect = 300 <= answer.status < 400
        message = f"{host} answered with status {answer.status} instead of the document."
        raise DocumentUnreadable(message, is_refused=is_redirect)
    try:
        metadata = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        message = f"The document of {host} is no JSON."
        raise DocumentUnreadable(message, is_refused=True) from error
    if not isinstance(metadata, dict) or metadata.get("client_id") != url:
        message = f"The document of {host} is that of another app."
        raise DocumentUnreadable(message, is_refused=True)
    return Document(metadata, _fresh_seconds(answer.headers.get("Cache-Control") or ""))


def _fresh_seconds(cache_control: str) -> int:
    found = re.search(r"max-age=([0-9]{1,9})", cache_control[:500])
    return min(max(int(found[1]) if found else 0, _SHORTEST), _LONGEST)
