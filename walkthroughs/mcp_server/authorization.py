"""Ask for a sign-in: the answers that make clients open a browser, or renew their token.

Most clients understand status 401. Some tools find out late that they need a learner, or that the
token has ended since it was looked up: they leave a note, and the answer is exchanged for 401.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mcp.types import CallToolResult, TextContent
from starlette.types import Message, Send

from walkthroughs.addresses import SCOPE, SignInAddresses
from walkthroughs.mcp_server.refusals import Refused, send_refusal

#: Parts of the names of clients that take a challenge from a result, and none from a status.
_RESULT_READERS = (b"openai", b"chatgpt")
_CHALLENGE_KEY = "mcp/www_authenticate"
_ASK = (
    "This server keeps each learner's place, so it asks for a sign-in. Let your MCP client sign "
    "in: it opens a page in the browser. A personal link works as well."
)
_ENDED = (
    "The sign-in has ended, so this call changed nothing. The learner's progress is kept. "
    "Let your MCP client sign in again."
)


@dataclass(slots=True)
class LearnerSignIn:
    """What a request to a server with sign-in brings, and whether it is refused for that.

    Attributes:
        metadata: the address of the resource's metadata, on the host that the request came to.
        has_token: whether it has a token, good or bad.
        reads_results: whether the client takes a challenge from a result only.
        is_refused: set by what finds out that a sign-in is needed.
    """

    metadata: str
    has_token: bool
    reads_results: bool
    is_refused: bool = False

    @property
    def challenge(self) -> str:
        """Return the value of `WWW-Authenticate`."""
        error = ', error="invalid_token"' if self.has_token else ""
        return f'Bearer resource_metadata="{self.metadata}", scope="{SCOPE}"{error}'

    def refusal(self) -> Refused:
        """Return what answers with status 401."""
        challenge = (b"www-authenticate", self.challenge.encode())
        return Refused(401, _ENDED if self.has_token else _ASK, (challenge,))

    def refuse(self) -> CallToolResult:
        """Refuse a tool call. What it returns is the answer to clients that read results only."""
        text = TextContent(type="text", text=self.refuse_in_words())
        return CallToolResult(
            content=[text], is_error=True, _meta={_CHALLENGE_KEY: [self.challenge]}
        )

    def refuse_in_words(self) -> str:
        """Refuse another request. What it returns is for the same clients: their answer's words."""
        self.is_refused = True
        return _ENDED if self.has_token else _ASK

    def exchanging(self, send: Send, body: bytes) -> Send:
        """Return *send*, with status 401 in place of an answer that was refused meanwhile."""
        replaced = False

        async def send_or_refuse(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start" and self.is_refused:
                replaced = not self.reads_results
                if replaced:
                    refusal = self.refusal()
                    await send_refusal(send, refusal, body)
            if not replaced:
                await send(message)

        return send_or_refuse


def bearer_token(headers: Mapping[bytes, bytes]) -> str | None:
    """Return the token that a request has in its `Authorization`; none if it has no such."""
    kind, _, token = headers.get(b"authorization", b"").partition(b" ")
    return token.strip().decode("latin-1") if kind.lower() == b"bearer" else None


def learner_sign_in(
    addresses: SignInAddresses, headers: Mapping[bytes, bytes], *, has_token: bool, late: bool
) -> LearnerSignIn:
    """Return what a request brings.

    Args:
        addresses: where to sign in.
        headers: of the request.
        has_token: whether it has a token.
        late: whether the server asks for a sign-in when a tool needs it.
    """
    agent = headers.get(b"user-agent", b"").lower() if late else b""
    reads_results = any(name in agent for name in _RESULT_READERS)
    return LearnerSignIn(addresses.resource_metadata, has_token, reads_results)


def add_security_schemes(result: dict[str, Any], anonymous: frozenset[str]) -> None:
    """Say in a list of tools which of them need a sign-in, for clients that read results only."""
    needed = {"type": "oauth2", "scopes": [SCOPE]}
    for tool in result.get("tools", ()):
        schemes = [{"type": "noauth"}, needed] if tool["name"] in anonymous else [needed]
        tool["securitySchemes"] = schemes
        tool["_meta"] = {**tool.get("_meta", {}), "securitySchemes": schemes}
