"""Providers of OpenID Connect, as operators speak of them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from walkthroughs.crypto import decrypt, encrypt
from walkthroughs.errors import HandrailError, NotFound
from walkthroughs.identity.openid_client import ProviderClient
from walkthroughs.identity.provider_metadata import url_fault
from walkthroughs.models.oidc import OidcProvider
from walkthroughs.settings import Settings

_MAX_NAME_CHARACTERS = 60
_MAX_SECRET_CHARACTERS = 2_000


def find_provider(session: Session, organization_id: str, name: str) -> OidcProvider:
    """Return the organization's provider with this name.

    Raises:
        NotFound: the organization has none of that name. Another one may.
    """
    found: OidcProvider | None = session.scalar(_named(organization_id, name))
    if found is None:
        raise NotFound(f'The organization has no provider "{name}". See: flask providers list')
    return found


def only_provider(session: Session, organization_id: str) -> OidcProvider:
    """Return the one provider that the organization has.

    Raises:
        HandrailError: it has none, or several.
    """
    query = select(OidcProvider).where(OidcProvider.organization_id == organization_id)
    found: Sequence[OidcProvider] = session.scalars(query.limit(2)).all()
    if not found:
        raise HandrailError(
            "The organization has no provider where learners could sign in. Add one with: "
            "flask providers add"
        )
    if len(found) > 1:
        raise HandrailError(
            "The organization has several providers. Name the one where learners sign in with: "
            "flask servers set SLUG --auth oidc --provider NAME"
        )
    return found[0]


def add_provider(
    session: Session,
    settings: Settings,
    organization_id: str,
    name: str,
    *,
    issuer: str,
    client_id: str,
    secret: str,
    replace: bool = False,
) -> OidcProvider:
    """Store a provider, its secret encrypted; with *replace*, change the one of that name.

    Raises:
        HandrailError: a value cannot be used, or there is one of that name.
    """
    _check(settings, name, issuer, client_id, secret)
    provider: OidcProvider | None = session.scalar(_named(organization_id, name))
    if provider is not None and not replace:
        raise HandrailError(
            f'There is a provider "{name}" already. Choose another name, or change it: --replace'
        )
    if provider is None:
        provider = OidcProvider(organization_id=organization_id, name=name)
        session.add(provider)
    provider.issuer, provider.client_id = issuer, client_id
    provider.client_secret = encrypt(settings.secret_key, secret)
    session.flush()
    return provider


def client_of(settings: Settings, provider: OidcProvider, callback: str) -> ProviderClient:
    """Return what we are called at a provider.

    Raises:
        SecretUnreadable: its secret was encrypted with a key that we do not have.
    """
    secret = decrypt(settings.secret_keys, provider.client_secret)
    return ProviderClient(provider.client_id, secret, callback)


def _check(settings: Settings, name: str, issuer: str, client_id: str, secret: str) -> None:
    if not name.strip() or len(name) > _MAX_NAME_CHARACTERS or not name.isprintable():
        raise HandrailError(
            f"Give the provider a name of 1 to {_MAX_NAME_CHARACTERS} characters. Learners read it "
            "on the button, such as Acme Login."
        )
    if fault := url_fault(issuer, settings):
        raise HandrailError(
            f'The issuer "{issuer[:200]}" {fault}. Copy it from the provider, such as '
            "https://login.example.com."
        )
    if "?" in issuer:
        raise HandrailError("An issuer has no query. Leave out what begins with the ?.")
    if not client_id.strip() or not client_id.isprintable():
        raise HandrailError("Give the client id that the provider has made for Handrail.")
    if not 0 < len(secret) <= _MAX_SECRET_CHARACTERS or not secret.isprintable():
        raise HandrailError("Give the client secret in one line, on standard input.")


def _named(organization_id: str, name: str) -> Select[OidcProvider]:
    return select(OidcProvider).where(
        OidcProvider.organization_id == organization_id, OidcProvider.name == name
    )
