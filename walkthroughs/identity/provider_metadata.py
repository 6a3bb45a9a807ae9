"""What a provider of OpenID Connect says of itself (discovery), and how it is asked."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from walkthroughs.errors import HandrailError
from walkthroughs.hosts import LOOPBACK
from walkthroughs.identity.outside_http import HostUnusable, HttpAnswer, OutsideHttp
from walkthroughs.settings import Settings

_WELL_KNOWN = "/.well-known/openid-configuration"
_MAX_CHARACTERS = 1_000
_PLAIN = re.compile(r"[!-~]+")
_BASIC, _POST = "client_secret_basic", "client_secret_post"


class ProviderFailed(HandrailError):
    """A provider is away or answers with what cannot be used. `is_away` says: try again later."""

    def __init__(self, reason: str, *, is_away: bool = False) -> None:
        super().__init__(reason)
        self.is_away = is_away


@dataclass(frozen=True, slots=True)
class ProviderMetadata:
    """What of a provider's document counts.

    Attributes:
        names_itself: whether each of its answers says whose it is (RFC 9207).
        secret_method: how we prove who we are at the token endpoint.
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    names_itself: bool
    secret_method: str

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON, from which `ProviderMetadata(**json)` makes it again."""
        return asdict(self)


def outside_http(settings: Settings) -> OutsideHttp:
    """Return what asks providers: in our own network only where the settings allow it."""
    return OutsideHttp(lambda _: True) if settings.allow_private_hosts else OutsideHttp()


def url_fault(url: str, settings: Settings) -> str | None:
    """Return what is wrong with an address of a provider, as the end of a sentence; else none."""
    if len(url) > _MAX_CHARACTERS or not _PLAIN.fullmatch(url):
        return "is no address"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is no address"
    if not host or parts.username is not None or parts.fragment or "#" in url:
        return "is no address of a host without user and fragment"
    if parts.scheme == "https":
        return None
    if parts.scheme == "http" and host in LOOPBACK:
        allowed = settings.allow_private_hosts
        return None if allowed else "is on this machine (HANDRAIL_ALLOW_PRIVATE_HOSTS allows it)"
    return "does not begin with https://"


def discover(http: OutsideHttp, settings: Settings, issuer: str) -> ProviderMetadata:
    """Ask the provider that calls itself *issuer* what it offers.

    Raises:
        ProviderFailed: it is away, or its document cannot be used.
    """
    url = f"{issuer.rstrip('/')}{_WELL_KNOWN}"
    if fault := url_fault(url, settings):
        raise ProviderFailed(f"The issuer {issuer[:200]} {fault}.")
    return read_metadata(read_json(url, ask(http, url)), settings, issuer)


def read_metadata(document: Mapping[str, Any], settings: Settings, issuer: str) -> ProviderMetadata:
    """Return what of a discovery document counts.

    Raises:
        ProviderFailed: it is that of another issuer, or misses an address that may be asked.
    """
    if document.get("issuer") != issuer:
        said = str(document.get("issuer"))[:200]
        raise ProviderFailed(
            f'The document at {issuer.rstrip("/")}{_WELL_KNOWN} is that of the issuer "{said}", '
            f'not of "{issuer}". Both must be the same, to the letter.'
        )
    required = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    found = {name: _endpoint(document, name, settings) for name in required}
    has_userinfo = document.get("userinfo_endpoint") is not None
    methods = document.get("token_endpoint_auth_methods_supported") or [_BASIC]
    if not isinstance(methods, list) or not {_BASIC, _POST} & set(map(str, methods)):
        raise ProviderFailed("It accepts no client secret, by which we prove who we are.")
    return ProviderMetadata(
        issuer=issuer,
        userinfo_endpoint=_endpoint(document, "userinfo_endpoint", settings)
        if has_userinfo
        else None,
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
        secret_method=_BASIC if _BASIC in methods else _POST,
        **found,
    )


def _endpoint(document: Mapping[str, Any], name: str, settings: Settings) -> str:
    url = document.get(name)
    if not isinstance(url, str):
        raise ProviderFailed(f"Its document names no {name}.")
    if fault := url_fault(url, settings):
        raise ProviderFailed(f"Its {name} {url[:200]!r} {fault}.")
    return url


def ask(
    http: OutsideHttp, url: str, headers: Mapping[str, str] | None = None, body: str | None = None
) -> HttpAnswer:
    """Return the answer of a provider; see `OutsideHttp.ask`.

    Raises:
        ProviderFailed: there is none that can be used, or it says that it is out of order.
    """
    try:
        answer = http.ask(url, {"Accept": "application/json", **(headers or {})}, body)
    except HostUnusable as error:
        raise ProviderFailed(str(error), is_away=not error.is_refused) from error
    if answer.status >= 500 or answer.status == 429:
        message = f"{urlsplit(url).hostname} answered with status {answer.status}."
        raise ProviderFailed(message, is_away=True)
    return answer


def read_json(url: str, answer: HttpAnswer) -> dict[str, Any]:
    """Return the object that a provider answered with.

    Raises:
        ProviderFailed: the status is not 200, or it is no object of JSON.
    """
    where = url.partition("?")[0]
    if answer.status != 200:
        raise ProviderFailed(f"{where} answered with status {answer.status}.")
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise ProviderFailed(f"What {where} answered is no JSON.") from error
    if not isinstance(document, dict):
        raise ProviderFailed(f"What {where} answered is no object of JSON.")
    return document
