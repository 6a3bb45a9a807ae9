"""Secrets at rest: sealed with a key derived from the installation's own. Pure."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from walkthroughs.errors import HandrailError


def seal(secret_key: str, text: str) -> str:
    """Return *text* encrypted and authenticated (Fernet: AES-128-CBC with HMAC-SHA256)."""
    return _fernet(secret_key).encrypt(text.encode()).decode()


def unseal(secret_key: str, sealed: str) -> str:
    """Return what was sealed.

    Raises:
        HandrailError: it was sealed with another key.
    """
    try:
        return _fernet(secret_key).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise HandrailError(
            "A stored secret was sealed with another HANDRAIL_SECRET_KEY. "
            "Set the old key again, or enter the secret anew."
        ) from error


def _fernet(secret_key: str) -> Fernet:
    derived = HKDF(SHA256(), length=32, salt=None, info=b"handrail stored secrets")
    return Fernet(base64.urlsafe_b64encode(derived.derive(secret_key.encode())))
