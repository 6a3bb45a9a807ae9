"""What the pages and the endpoints of the authorization server share: servers, apps, refusals."""

from __future__ import annotations

from flask import abort, current_app, request

from walkthroughs.hosts import caller_of
from walkthroughs.identity.client_documents import ClientDocuments
from walkthroughs.identity.clients import Client, registered_client
from walkthroughs.identity.document_reader import DocumentReader, is_document_address
from walkthroughs.identity.servers import find_sign_in_server
from walkthroughs.identity.sign_in_server import SignInServer
from walkthroughs.identity.transactions import transaction
from walkthroughs.runtime import runtime

#: Where an application keeps what reads documents of apps, if not everything is as usual.
DOCUMENT_READER = "handrail-documents"


def requested_server(slug: str | None) -> SignInServer:
    """Return the server that the request is about; answer 404 if it has no sign-in."""
    with transaction() as session:
        server = find_sign_in_server(session, runtime().settings, request.host, slug)
    if server is None:
        abort(404)
    return server


def refuse_unreadable() -> None:
    """Answer 400 to what no client sends: JSON in place of a form, and control characters."""
    if request.is_json and request.method == "POST":
        abort(400)
    for parameters in (request.args, request.form):
        for name, value in parameters.items(multi=True):
            if any(letter < " " or letter == "\x7f" for letter in name + value):
                abort(400)


def described_client(server: SignInServer, client_id: str) -> Client | None:
    """Return the app with this id, and what it says of itself; none if nobody knows it.

    Raises:
        DocumentUnreadable: the app is known by a document, which cannot be read.
        ClientRefused: the document cannot be used.
        LimitReached: too many documents were asked for.
        HostsAwaited: the host of the document has to wait until others have answered.
    """
    parts = runtime()
    if not is_document_address(client_id):
        return registered_client(parts.settings.secret_keys, client_id)
    if not parts.settings.client_documents:
        return None
    reader = current_app.extensions.get(DOCUMENT_READER) or DocumentReader()
    caller = caller_of(request.remote_addr)
    documents = ClientDocuments(parts.database, reader, server.organization_id, caller)
    return documents.client(client_id)


def known_client(client_id: str) -> Client | None:
    """Return the app with this id, to compare it with whom a code or a token was given to."""
    if is_document_address(client_id):
        return Client(client_id, "", ()) if runtime().settings.client_documents else None
    return registered_client(runtime().settings.secret_keys, client_id)
