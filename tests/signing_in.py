"""A served product whose servers have sign-in, a mail server, and a person with a browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import httpx
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from sqlalchemy import text
from starlette.types import ASGIApp

from app import build_app, create_app
from tests.builders import content, new_course, server
from tests.http.posting import post
from tests.serving import free_port, served
from tests.waiting import PATIENCE
from walkthroughs.database.pool import Database
from walkthroughs.enums import AuthType, SignIn
from walkthroughs.identity.document_reader import DocumentReader
from walkthroughs.identity.oauth_requests import DOCUMENT_READER
from walkthroughs.learning.caller import Caller
from walkthroughs.mcp_server.results import VIEW
from walkthroughs.models import McpServer
from walkthroughs.publishing import assignments
from walkthroughs.settings import Settings

LEA = "lea@x.example"
CALLBACK = "http://127.0.0.1:7777/callback"
VERIFIER = "v" * 50


class Mailbox(Message):
    """A mail server that keeps what it gets."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list = []

    def handle_message(self, message) -> None:
        self.messages.append(message)

    def code(self) -> str:
        """The code in the newest message."""
        return re.search(r"\d{4} \d{4}", self.messages[-1].get_payload())[0]


@contextmanager
def mail_server() -> Iterator[tuple[str, Mailbox]]:
    """Run a mail server; yield its URL and its mailbox."""
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port(), ready_timeout=PATIENCE)
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{controller.port}", mailbox
    finally:
        controller.stop()


@dataclass
class Academy:
    """A served organization with one server that has sign-in, and its course."""

    origin: str
    database: Database
    settings: Settings
    mailbox: Mailbox
    caller: Caller
    walkthrough_id: str
    slug: str = "acme"
    #: Ends the process, as it were, and begins another at the same address.
    restart: Callable[[], None] = lambda: None

    @property
    def resource(self) -> str:
        return f"{self.origin}/s/{self.slug}/mcp"

    @property
    def own_host(self) -> str:
        """The address of the same server on a host of its own."""
        return f"{self.origin.replace('localhost', f'{self.slug}.localhost')}/mcp"

    @property
    def oauth(self) -> str:
        return f"{self.origin}/s/{self.slug}/oauth"

    def set(self, **columns) -> None:
        with self.database.transaction() as session:
            row = session.get_one(McpServer, self.caller.server_id)
            for name, value in columns.items():
                setattr(row, name, value)

    def beside(self, slug: str, **columns) -> Academy:
        """Make another server for the same course, served by the same process."""
        with self.database.transaction() as session:
            row = server(session, self.caller.organization_id, slug, **columns)
            assignments.assign(session, row.organization_id, row.id, [self.walkthrough_id])
            caller = replace(self.caller, server_id=row.id)
        return replace(self, slug=slug, caller=caller)

    def register(self, **metadata) -> dict:
        given = {"client_name": "Tester", "redirect_uris": [CALLBACK]} | metadata
        answer = httpx.post(f"{self.oauth}/register", json=given, verify=False)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def authorize_url(self, client_id: str, /, **more: str | None) -> str:
        asked = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": CALLBACK,
            "code_challenge": create_s256_code_challenge(VERIFIER),
            "code_challenge_method": "S256",
            "state": "xyz",
            "resource": self.resource,
        } | more
        kept = {name: value for name, value in asked.items() if value is not None}
        return f"{self.oauth}/authorize?{urlencode(kept)}"

    def exchange(self, **form: str) -> httpx.Response:
        return httpx.post(f"{self.oauth}/token", data=form, verify=False)

    def tokens(self, browser: Browser | None = None, email: str = LEA) -> dict:
        """Sign in from beginning to end; return the tokens and the client's id."""
        client_id = self.register()["client_id"]
        answer = (browser or Browser(self)).allow(self.authorize_url(client_id), email)
        got = self.exchange(
            grant_type="authorization_code",
            code=answer["code"],
            client_id=client_id,
            redirect_uri=CALLBACK,
            code_verifier=VERIFIER,
        )
        assert got.status_code == 200, got.text
        return got.json() | {"client_id": client_id}

    def refresh(self, tokens: dict, **more: str) -> httpx.Response:
        return self.exchange(
            grant_type="refresh_token",
            refresh_token=tokens["refresh_token"],
            client_id=tokens["client_id"],
            **more,
        )


class TlsEnded(httpx.HTTPTransport):
    """A proxy in front that ends TLS, and tells the server nothing of it."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        plain = request.url.copy_with(scheme="http")
        sent = httpx.Request(request.method, plain, headers=request.headers, stream=request.stream)
        return super().handle_request(sent)


class Browser:
    """A browser with its cookies and a person who reads mail. Pages work without scripts."""

    def __init__(self, academy: Academy, transport: type[httpx.HTTPTransport] | None = None):
        self.academy, self.transport = academy, transport
        self.cookies = httpx.Cookies()

    def get(self, url: str) -> httpx.Response:
        return self.request("GET", url)

    def request(self, method: str, url: str, **more) -> httpx.Response:
        transport = self.transport() if self.transport else None
        # Nothing here is https, and reading certificates takes longer than a request.
        with httpx.Client(cookies=self.cookies, transport=transport, verify=False) as client:
            answer = client.request(method, url, **more)
            self.cookies = client.cookies
        return answer

    def submit(self, page: httpx.Response, step: str, **fields: str) -> httpx.Response:
        """Send the form of *page* whose step this is."""
        assert page.status_code == 200, page.text
        for shown in re.findall(r"<form.*?</form>", page.text, re.S):
            hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', shown))
            buttons = set(re.findall(r'name="step" value="([\w-]*)"', shown))
            if step in buttons:
                sent = {name: unescape(value) for name, value in hidden.items()}
                form = sent | {"step": step} | fields
                headers = {"referer": str(page.url)}  # as the pages' policy has it
                return self.request("POST", str(page.url), data=form, headers=headers)
        raise AssertionError(f"no step {step} in {page.text}")

    def ask_code(self, url: str, email: str = LEA) -> httpx.Response:
        return self.submit(self.get(url), "email", email=email)

    def sign_in(self, url: str, email: str = LEA) -> httpx.Response:
        """Sign in with a code; return the page that asks for consent."""
        page = self.ask_code(url, email)
        answer = self.submit(page, "code", code=self.academy.mailbox.code())
        assert answer.status_code == 303, answer.text
        return self.get(urljoin(url, answer.headers["location"]))

    def consent_page(self, url: str, email: str = LEA) -> httpx.Response:
        page = self.get(url)
        return page if 'value="allow"' in page.text else self.sign_in(url, email)

    def allow(self, url: str, email: str = LEA) -> dict[str, str]:
        """Do all that a person does; return what the app is answered."""
        return answer_of(self.submit(self.consent_page(url, email), "allow"))


def answer_of(response: httpx.Response) -> dict[str, str]:
    """Return what a redirect tells the app."""
    assert response.status_code in {302, 303}, response.text
    query = urlsplit(response.headers["location"]).query
    return {name: value for name, (value,) in parse_qs(query).items()}


@contextmanager
def academy_served(
    database: Database,
    settings: Settings,
    reader: DocumentReader | None = None,
    base_url: str = "http://localhost:{port}",
    certificate: Path | None = None,
    mail: AbstractContextManager[tuple[str, Mailbox]] | None = None,
    slug: str = "acme",
    around: Callable[[ASGIApp], ASGIApp] = lambda app: app,
    **columns,
) -> Iterator[Academy]:
    """Serve the whole product with one server that asks for a sign-in at connect.

    *reader* reads documents of apps in place of the usual one, which asks no host of this machine;
    *mail* runs another mail server than one that takes everything; *around* wraps what is served.
    """
    port = free_port()
    with mail or mail_server() as (smtp_url, mailbox):
        settings = replace(
            settings,
            base_url=base_url.format(port=port),
            given_client_documents=reader is not None or None,
            smtp_url=smtp_url,
            mail_from="learn@handrail.example",
        )
        with database.transaction() as session:
            caller, row = new_course(session, content("one", "two", "three", "four", "five"), slug)
            made = session.get_one(McpServer, caller.server_id)
            made.auth_type, made.sign_in = AuthType.OAUTH, SignIn.AT_CONNECT
        with ExitStack() as running:

            def serve() -> None:
                running.close()
                app = create_app(settings)
                app.extensions[DOCUMENT_READER] = reader
                whole = around(build_app(settings, app))
                running.enter_context(served(whole, port=port, certificate=certificate))

            serve()
            origin = settings.base_url
            academy = Academy(origin, database, settings, mailbox, caller, row, slug, serve)
            academy.set(**columns)
            yield academy


@pytest.fixture
def academy(database: Database, settings: Settings) -> Iterator[Academy]:
    with academy_served(database, settings) as made:
        yield made


def call(academy, token, name, url=None, **arguments):
    body = {"name": name, "arguments": arguments}
    request = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": body}
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return post(url or academy.resource, request, **headers)


def step_of(response):
    assert response.status_code == 200, response.text
    return response.json()["result"]["_meta"][VIEW]["step"]


def start(academy, token):
    return step_of(
        call(academy, token, "select_walkthrough", walkthrough_id=academy.walkthrough_id)
    )


def go_on(academy, token, step):
    return call(academy, token, "next_walkthrough_step", current_step_id=step["id"])


def redeem(academy, code, client_id, **more):
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "client_id": client_id,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }
    return academy.exchange(**(form | more))


def sql(academy, statement):
    with academy.database.transaction() as session:
        session.execute(text(statement))
