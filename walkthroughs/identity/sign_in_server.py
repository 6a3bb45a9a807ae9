"""The MCP server that a request to a sign-in page is about."""

from __future__ import annotations

from dataclasses import dataclass

from walkthroughs.addresses import SignInAddresses


@dataclass(frozen=True, slots=True)
class SignInServer:
    """An MCP server with sign-in, at the address by which a request came.

    Attributes:
        resources: its addresses, by which apps name it.
        callback: where a provider sends people back to, the same for all of its addresses.
        provider_id: where its learners sign in; none if they do so with a code by e-mail.
        provider: what people call that.
    """

    id: str
    organization_id: str
    organization: str
    name: str
    addresses: SignInAddresses
    resources: frozenset[str]
    callback: str
    provider_id: str | None = None
    provider: str | None = None

    def is_meant_by(self, resource: str) -> bool:
        """Return whether an app that names *resource* means this server."""
        return plain_address(resource) in self.resources


def plain_address(address: str) -> str:
    """Return an address without what clients write in several ways: capitals, a last slash."""
    return address.lower().rstrip("/")
