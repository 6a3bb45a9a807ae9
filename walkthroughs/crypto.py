"""Encrypt secrets that the database stores, hash tokens, derive keys."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from walkthroughs.errors import HandrailError


class SecretUnreadable(HandrailError):
    """A stored secret was encrypted with a key that this process does not have."""

    def __init__(self) -> None:
        super().__init__(
            "A stored secret was encrypted with another HANDRAIL_SECRET_KEY. "
            "Set the old key as HANDRAIL_SECRET_KEY_PREVIOUS, or enter the secret again."
        )


def hash_token(token: str) -> str:
    """Return what is stored of a token. It has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def encrypt(secret_key: str, text: str) -> str:
    """Return *text* encrypted and authenticated (Fernet: AES-128-CBC with HMAC-SHA256)."""
    return _fernet(secret_key).encrypt(text.encode()).decode()


def decrypt(secret_keys: Sequence[str], encrypted: str) -> str:
    """Return the text that was encrypted with one of *secret_keys*.

    Raises:
        SecretUnreadable: it was encrypted with another key.
    """
    try:
        return MultiFernet(map(_fernet, secret_keys)).decrypt(encrypted.encode()).decode()
    except InvalidToken as error:
        raise SecretUnreadable from error


def _fernet(secret_key: str) -> Fernet:
    derived = HKDF(SHA256(), length=32, salt=None, info=b"handrail stored secrets")
    return Fernet(base64.urlsafe_b64encode(derived.derive(secret_key.encode())))


def derive_key(secret_key: str, label: str) -> str:
    """Return a key (hex) for one purpose, named by *label*."""
    return hmac.new(secret_key.encode(), label.encode(), hashlib.sha256).hexdigest()
