"""A small provider of OpenID Connect on a real socket, and a server whose learners use it."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode, urljoin, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.signing_in import Academy, Browser, academy_served
from walkthroughs.database.pool import Database
from walkthroughs.enums import AuthType
from walkthroughs.identity.providers import add_provider
from walkthroughs.identity.sign_ins import set_auth
from walkthroughs.models import McpServer
from walkthroughs.settings import Settings

NAME, CLIENT_ID, SECRET = "Acme Login", "handrail", "s3cret:+% of ours"


@cache
def key(kid: str) -> RSAKey:
    """A key of the provider; making one takes a moment."""
    return RSAKey.generate_key(2048, parameters={"kid": kid})


@dataclass
class Provider:
    """What the provider does. A test changes what it needs.

    `answers` replaces the answer to a path: it is called with the request's handler.
    """

    issuer: str
    claims: dict[str, Any] = field(default_factory=lambda: {"sub": "lea-at-acme"})
    userinfo: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    keys: list[str] = field(default_factory=lambda: ["first"])
    signs_with: str = "first"
    clock_seconds: int = 0
    #: Of the answer through the browser.
    answer: dict[str, str | None] = field(default_factory=dict)
    answers: dict[str, Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=dict)
    #: Paths that were asked for.
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "authorization_response_iss_parameter_supported": True,
        } | self.metadata

    def authorize(self, asked: dict[str, str]) -> str:
        """Sign everybody in at once; return where the browser goes."""
        assert (asked["client_id"], asked["response_type"]) == (CLIENT_ID, "code")
        assert asked["code_challenge_method"] == "S256"
        assert set(asked["scope"].split()) == {"openid", "email"}
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked
        told = {"code": code, "state": asked["state"], "iss": self.issuer} | self.answer
        kept = {name: value for name, value in told.items() if value is not None}
        return f"{asked['redirect_uri']}?{urlencode(kept)}"

    def token(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """Return the tokens for a code, once; none for anybody else."""
        asked = self.codes.pop(form.get("code", ""), None)
        sent = base64.b64decode(authorization.removeprefix("Basic ")).decode().split(":")
        hashed = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(hashed).decode().rstrip("=")
        if (
            asked is None
            or [unquote_plus(each) for each in sent] != [CLIENT_ID, SECRET]
            or challenge != asked["code_challenge"]
            or form["redirect_uri"] != asked["redirect_uri"]
        ):
            return None
        now = int(time.time()) + self.clock_seconds
        claims = {
            "iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 60, "nonce": asked["nonce"],
        } | self.claims  # fmt: skip
        header = {"alg": "RS256", "kid": self.signs_with}
        id_token = jwt.encode(header, claims, key(self.signs_with))
        return {"access_token": "at-the-provider", "token_type": "Bearer", "id_token": id_token}


def send(request: BaseHTTPRequestHandler, answer: Any, status: int = 200, **headers: str) -> None:
    """Answer with JSON, or with bytes."""
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    request.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(body)


class _Handler(BaseHTTPRequestHandler):
    provider: Provider

    def do_GET(self) -> None:
        provider, parts = self.provider, urlsplit(self.path)
        provider.asked.append(parts.path)
        if parts.path in provider.answers:
            provider.answers[parts.path](self)
        elif parts.path == "/authorize":
            asked = {name: value for name, (value,) in parse_qs(parts.query).items()}
            send(self, b"", 302, Location=provider.authorize(asked))
        elif parts.path == "/keys":
            send(self, {"keys": [key(kid).as_dict(private=False) for kid in provider.keys]})
        elif parts.path == "/userinfo":
            assert self.headers["Authorization"] == "Bearer at-the-provider"
            send(self, {"sub": provider.claims["sub"]} | provider.userinfo)
        else:
            send(self, provider.document())

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if "/token" in self.provider.answers:
            self.provider.answers["/token"](self)
            return
        fields = {name: value for name, (value,) in parse_qs(form).items()}
        tokens = self.provider.token(fields, self.headers["Authorization"])
        send(self, tokens or {"error": "invalid_grant"}, 200 if tokens else 400)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def provider_served() -> Iterator[Provider]:
    """Run a provider on 127.0.0.1, whose cookies are not those of localhost."""
    handler = type("Handler", (_Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.handle_error = lambda *_: None  # who asks leaves early
    provider = handler.provider = Provider(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def use_provider(
    academy: Academy, issuer: str, name: str = NAME, client_id: str = CLIENT_ID
) -> None:
    """Let the learners of the server sign in at the provider."""
    with academy.database.transaction() as session:
        server = session.get_one(McpServer, academy.caller.server_id)
        add_provider(
            session, academy.settings, server.organization_id, name,
            issuer=issuer, client_id=client_id, secret=SECRET, replace=True,
        )  # fmt: skip
        set_auth(session, academy.settings, server, AuthType.OIDC, name)


@contextmanager
def school_served(
    database: Database, settings: Settings, provider: Provider, **columns: Any
) -> Iterator[Academy]:
    """Serve the product with one server whose learners sign in at *provider*."""
    with academy_served(database, settings, **columns) as academy:
        use_provider(academy, provider.issuer)
        yield academy


class Learner(Browser):
    """A browser that goes to the provider where another one types a code."""

    def leave(self, url: str) -> str:
        """Go to the provider; return where it sends the browser back to."""
        answer = self.submit(self.get(url), "provider")
        assert answer.status_code == 303, answer.text
        return self.get(answer.headers["location"]).headers["location"]

    def arrive(self, callback: str) -> httpx.Response:
        """Come back from the provider; return the page that this leads to."""
        answer = self.get(callback)
        while answer.status_code == 303:
            answer = self.get(urljoin(str(answer.url), answer.headers["location"]))
        return answer

    def sign_in(self, url: str, email: str = "") -> httpx.Response:
        return self.arrive(self.leave(url))
