"""Apps that describe themselves by a document at an address: copies of it, and its host away."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from walkthroughs.database.pool import Database
from walkthroughs.identity import request_limits
from walkthroughs.identity.clients import Client, ClientRefused, read_metadata
from walkthroughs.identity.document_reader import Document, DocumentReader, DocumentUnreadable
from walkthroughs.identity.outside_waits import HostsAwaited, Kind, waiting
from walkthroughs.identity.redirects import redirect_host
from walkthroughs.identity.request_limits import Limit, LimitReached
from walkthroughs.ids import id_factory, now_ms
from walkthroughs.models.oauth import ClientDocument

#: How old a copy may be when the host does not answer.
_LONGEST_MS = 7 * 24 * 3600 * 1000
#: Hosts are asked at the wish of strangers.
_FETCHES = Limit("document", 60, 60)
#: So that one of them does not use up those of all.
_FETCHES_OF_CALLER = Limit("document-of-caller", 20, 60, is_of_caller=True)
_new_id = id_factory("doc")


@dataclass(frozen=True, slots=True)
class ClientDocuments:
    """The documents that an organization's servers have seen, as *caller* asks for them."""

    database: Database
    reader: DocumentReader
    organization_id: str
    caller: str

    def client(self, url: str) -> Client:
        """Return the app whose document is at *url*, from a copy if there is a fresh one.

        Raises:
            DocumentUnreadable: it cannot be read, and there is no copy of the last days.
            LimitReached: too many were asked for, and there is no such copy.
            HostsAwaited: as many hosts are waited for as may be, and there is no such copy.
            ClientRefused: it names no redirect address, or one that is not accepted.
        """
        copy = self._copy(url)
        if copy is not None and copy.fresh_until > now_ms():
            return client_of(url, copy.metadata_)
        try:
            document = self._read(url)
        except (DocumentUnreadable, LimitReached, HostsAwaited) as error:
            is_refused = isinstance(error, DocumentUnreadable) and error.is_refused
            if copy is None or is_refused or copy.fetched_at < now_ms() - _LONGEST_MS:
                raise
            return client_of(url, copy.metadata_)
        client = client_of(url, document.metadata)
        self._keep(url, document)
        return client

    def _read(self, url: str) -> Document:
        limits = ((_FETCHES_OF_CALLER, self.caller), (_FETCHES, "all"))
        # Who is refused holds no place, and who gets none is not counted.
        for limit, whom in limits:
            request_limits.refuse_if_reached(self.database, self.organization_id, limit, whom)
        with waiting(self.database, Kind.DOCUMENT, self.caller):
            for limit, whom in limits:
                request_limits.take(self.database, self.organization_id, limit, whom)
            return self.reader.read(url)

    def _copy(self, url: str) -> ClientDocument | None:
        query = select(ClientDocument).where(
            ClientDocument.organization_id == self.organization_id, ClientDocument.url == url
        )
        with self.database.transaction() as session:
            copy: ClientDocument | None = session.scalar(query)
        return copy

    def _keep(self, url: str, document: Document) -> None:
        now = now_ms()
        values = {
            "metadata": document.metadata,
            "fetched_at": now,
            "fresh_until": now + document.fresh_seconds * 1000,
        }
        row = {"id": _new_id(), "organization_id": self.organization_id, "url": url}
        table = ClientDocument.__table__
        kept = insert(table).values(row | values)
        with self.database.begin() as connection:
            connection.execute(delete(table).where(table.c.fetched_at < now - _LONGEST_MS))
            connection.execute(
                kept.on_conflict_do_update(index_elements=["organization_id", "url"], set_=values)
            )


def client_of(url: str, metadata: dict[str, object]) -> Client:
    """Return the app that a document describes.

    Raises:
        ClientRefused: it names no redirect address, or one that is not accepted.
    """
    method = str(metadata.get("token_endpoint_auth_method", ""))
    if method.startswith("client_secret") or "client_secret" in metadata:
        raise ClientRefused("The document names a secret, which everybody can read.")
    name, redirects = read_metadata(metadata)
    return Client(url, name, redirects, document_host=redirect_host(url))
