"""Open the repository of a content source, with its credential."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sync.git.credentials import decrypt_credential
from sync.git.errors import NotUsableHere
from sync.git.repository import Repository, open_repository
from walkthroughs.errors import HandrailError
from walkthroughs.models import ContentSource
from walkthroughs.settings import Settings


@contextmanager
def open_repository_of(
    settings: Settings, source: ContentSource, stop: threading.Event | None = None
) -> Iterator[Repository]:
    """Yield the source's repository. Once *stop* is set, its git ends with `Stopped`.

    Raises:
        SourceInvalid: its address or its credential cannot be used; `NotUsableHere` if that is for
            the key or the settings of this process.
        HostUnavailable: its host is unknown.
    """
    try:
        credential = decrypt_credential(settings.secret_keys, source.credential)
    except HandrailError as error:
        raise NotUsableHere(str(error)) from error
    with open_repository(
        source.id,
        source.url,
        source.branch,
        credential,
        settings,
        stop,
    ) as repository:
        yield repository
