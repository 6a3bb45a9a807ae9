"""A server's own domain: its owner proves it with a TXT record."""

from __future__ import annotations

from dns.exception import DNSException
from dns.resolver import NXDOMAIN, NoAnswer, Resolver
from sqlalchemy import select
from sqlalchemy.orm import Session

from walkthroughs.addresses import domain_fault, domain_record, slug_fault
from walkthroughs.errors import HandrailError
from walkthroughs.ids import now_ms
from walkthroughs.models import McpServer
from walkthroughs.settings import Settings

#: For all questions about one name together.
_SECONDS = 5


def check_names(settings: Settings, slug: str, domain: str | None) -> None:
    """Refuse a slug or a domain that a server cannot have.

    Raises:
        HandrailError: with what to do instead.
    """
    if fault := slug_fault(slug):
        raise HandrailError(fault)
    if domain and (fault := domain_fault(domain, settings.base_host)):
        raise HandrailError(fault)


def verify(
    session: Session,
    settings: Settings,
    server: McpServer,
    resolver: Resolver | None = None,
    *,
    is_proved: bool | None = None,
) -> None:
    """Serve the server's domain from now on, if it has the TXT record that names the server.

    With *is_proved* somebody has looked for the record already, and it is not asked for again.

    Where `settings.trust_domains` is set, no record is asked for.

    Raises:
        HandrailError: the server has no domain, there is no such record, the name servers do not
            answer, or another server has proved the domain.
    """
    domain = server.custom_domain
    if domain is None:
        raise HandrailError(f'"{server.slug}" has no domain of its own. Set one first.')
    taken = select(McpServer.id).where(
        McpServer.custom_domain == domain,
        McpServer.domain_verified_at.is_not(None),
        McpServer.id != server.id,
    )
    if is_proved is None:
        is_proved = settings.trust_domains or server.id in read_records(domain, resolver)
    if not is_proved:
        raise HandrailError(
            f"{domain_record(domain)} has no TXT record with the text {server.id}. "
            "Add it at the domain's DNS host, wait some minutes, and verify again."
        )
    if session.scalar(taken) is not None:
        raise HandrailError(f"Another server has {domain}. Take it away from that one first.")
    server.domain_verified_at = now_ms()


def read_records(domain: str, resolver: Resolver | None = None) -> set[str]:
    """Return the texts of the TXT records that prove whose a domain is, within five seconds.

    Raises:
        HandrailError: the name servers do not answer.
    """
    name = domain_record(domain)
    try:
        answer = (resolver or Resolver()).resolve(name, "TXT", lifetime=_SECONDS, search=False)
    except (NXDOMAIN, NoAnswer):
        return set()
    except DNSException as error:
        raise HandrailError(
            f"The name servers did not answer about {name} ({type(error).__name__}). Try again."
        ) from error
    return {b"".join(each.strings).decode("ascii", "replace").strip() for each in answer}
