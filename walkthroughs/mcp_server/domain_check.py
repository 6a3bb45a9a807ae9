"""Look whether a server's own domain leads here: its proof, its address and its certificate."""

from __future__ import annotations

import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from dns.resolver import Resolver
from sqlalchemy.orm import Session

from walkthroughs.errors import HandrailError
from walkthroughs.identity.outside_http import HostUnusable, HttpAnswer, OutsideHttp
from walkthroughs.identity.provider_metadata import outside_http
from walkthroughs.ids import now_ms
from walkthroughs.mcp_server.domains import read_records, verify
from walkthroughs.mcp_server.refusals import ONLY_POST
from walkthroughs.mcp_server.tenant import NOT_HERE
from walkthroughs.models import McpServer
from walkthroughs.settings import Settings

#: For the whole look. What it asks has limits of its own, but looking up a name has none.
_SECONDS = 12


@dataclass(frozen=True, slots=True)
class DomainCheck:
    """What was found.

    Attributes:
        is_proved: whether the record is there that proves whose the domain is.
        proof_fault: why that could not be read, as a sentence; none if it could.
        fault: why assistants that ask the domain do not arrive here; none if they do.
    """

    is_proved: bool
    proof_fault: str | None
    fault: str | None


def check_domain(
    settings: Settings,
    domain: str,
    server_id: str,
    *,
    resolver: Resolver | None = None,
    http: OutsideHttp | None = None,
    port: int = 443,
) -> DomainCheck:
    """Ask the name servers and the domain itself, in twelve seconds at most.

    A domain that leads into our own network is not asked, as all other hosts that others name.

    Args:
        settings: whether domains are trusted, and hosts of our own network asked.
        domain: a name that `domain_fault` has nothing against.
        server_id: what the record of proof has to say.
        resolver: which name servers are asked; by default those of the system.
        http: what asks the domain; by default as providers are asked.
        port: where it answers.
    """

    def look() -> DomainCheck:
        fault = _fault(domain, port, http or outside_http(settings))
        if settings.trust_domains:
            return DomainCheck(is_proved=True, proof_fault=None, fault=fault)
        try:
            return DomainCheck(server_id in read_records(domain, resolver), None, fault)
        except HandrailError as error:
            return DomainCheck(is_proved=False, proof_fault=str(error), fault=fault)

    pool = ThreadPoolExecutor(1)
    try:
        return pool.submit(look).result(timeout=_SECONDS)
    except TimeoutError:
        late = f"Looking at {domain} took more than {_SECONDS} seconds. Try again."
        return DomainCheck(is_proved=False, proof_fault=late, fault=late)
    finally:
        pool.shutdown(wait=False)


def note_check(
    session: Session, settings: Settings, server: McpServer, domain: str, found: DomainCheck
) -> None:
    """Keep what was found out about *domain*, and serve it if it is proved.

    Nothing is kept if the server has another domain by now. What was proved once stays so.

    Raises:
        HandrailError: another server has the domain.
    """
    if server.custom_domain != domain:
        return
    server.domain_checked_at, server.domain_fault = now_ms(), found.fault
    if found.is_proved and not server.domain_verified_at:
        verify(session, settings, server, is_proved=True)


def _fault(domain: str, port: int, http: OutsideHttp) -> str | None:
    try:
        answer = http.ask(f"https://{domain}:{port}/mcp", {"Accept": "application/json"})
    except HostUnusable as error:
        return _why_unusable(domain, error)
    if _is_ours(answer, domain):
        return None
    return f"Something else answers at {domain} (status {answer.status}). Point it here."


def _why_unusable(domain: str, error: HostUnusable) -> str:
    cause = error.__cause__
    if error.is_refused:
        return str(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"The certificate of {domain} is no good: {cause.verify_message.rstrip('.')}."
    if isinstance(cause, ssl.SSLError):
        return f"{domain} answers without TLS. Your proxy needs a certificate for it."
    if isinstance(cause, socket.gaierror):
        return f"{domain} has no address yet. Add the record, then wait some minutes."
    return f"{domain} does not answer on port 443. Look at its record, and at your proxy."


def _is_ours(answer: HttpAnswer, domain: str) -> bool:
    """Return whether an MCP endpoint of Handrail answers; it may not serve the domain yet."""
    if answer.status == 401:
        return f"//{domain}" in (answer.headers.get("www-authenticate") or "")
    body = answer.body.decode("utf-8", "replace")
    return {405: ONLY_POST, 421: NOT_HERE}.get(answer.status, "\0") in body
