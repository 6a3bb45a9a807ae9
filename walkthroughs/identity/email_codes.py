"""Codes by e-mail: who reads the mail of an address is its learner."""

from __future__ import annotations

import hmac
import re
import secrets

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from walkthroughs.crypto import derive_key, hash_token
from walkthroughs.errors import HandrailError
from walkthroughs.identity.sign_in_server import SignInServer
from walkthroughs.ids import id_factory, now_ms
from walkthroughs.models.sign_in import SignInCode
from walkthroughs.settings import Settings

DIGITS, MINUTES, TRIES = 8, 10, 5
#: ASCII, and one address at most: what some mail server would read as two is refused.
_ADDRESS = re.compile(
    r"(?=.{3,254}\Z)[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]+\.[A-Za-z]+"
)
_new_id = id_factory("sic")


class CodeRefused(HandrailError):
    """The code is not the one that was sent. `ended` says that no other try will do."""

    def __init__(self, message: str, *, ended: bool) -> None:
        super().__init__(message)
        self.ended = ended


def read_address(typed: str) -> str | None:
    """Return the e-mail address that somebody typed, in small letters; none if it is none."""
    address = typed.strip().lower()
    return address if _ADDRESS.fullmatch(address) and ".." not in address else None


def make_code(
    session: Session, settings: Settings, server: SignInServer, email: str, browser: str
) -> tuple[str, str]:
    """Store a code for the learner *email* in *browser*; return its id and the code.

    *browser* is a secret that the browser keeps; the code counts in no other.
    """
    session.execute(delete(SignInCode).where(SignInCode.expires_at < now_ms()))
    code_id, code = _new_id(), f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    row = SignInCode(
        id=code_id,
        organization_id=server.organization_id,
        mcp_server_id=server.id,
        email=email,
        code_hash=_hash(settings, code_id, code),
        browser_hash=hash_token(browser),
        expires_at=now_ms() + MINUTES * 60_000,
    )
    session.add(row)
    return code_id, code


def email_of_code(session: Session, server: SignInServer, code_id: str, browser: str) -> str | None:
    """Return for whom a code was sent that this browser asked for; none if it has ended."""
    email: str | None = session.scalar(
        select(SignInCode.email).where(*_counts(server, code_id, browser))
    )
    return email


def check_code(
    session: Session,
    settings: Settings,
    server: SignInServer,
    code_id: str,
    browser: str,
    typed: str,
    tries: int = TRIES,
) -> str:
    """Return whose code this is, and end it. A wrong one is counted; the caller commits.

    It is looked at only if fewer than *tries* were wrong before.

    Raises:
        CodeRefused: it is wrong, too old, used or another browser's, or there were too many tries.
    """
    tried = session.execute(
        update(SignInCode)
        .where(*_counts(server, code_id, browser), SignInCode.tries < tries)
        .values(tries=SignInCode.tries + 1)
        .returning(SignInCode.email, SignInCode.code_hash, SignInCode.tries)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if tried is None:
        raise CodeRefused("This code has ended. Ask for a new one.", ended=True)
    digits = re.sub(r"[\s-]", "", typed[:40])
    if not hmac.compare_digest(tried.code_hash, _hash(settings, code_id, digits)):
        left = TRIES - tried.tries
        if left == 0:
            raise CodeRefused("Five tries were wrong. Ask for a new code.", ended=True)
        raise CodeRefused(f"This is not the code. Tries left: {left}.", ended=False)
    session.execute(delete(SignInCode).where(SignInCode.id == code_id))
    email: str = tried.email
    return email


def _counts(server: SignInServer, code_id: str, browser: str) -> tuple[ColumnElement[bool], ...]:
    return (
        SignInCode.id == code_id,
        SignInCode.mcp_server_id == server.id,
        SignInCode.organization_id == server.organization_id,
        SignInCode.browser_hash == hash_token(browser),
        SignInCode.expires_at > now_ms(),
        SignInCode.tries < TRIES,
    )


def _hash(settings: Settings, code_id: str, code: str) -> str:
    """Return what is stored: with a key, since there are few enough codes to try them all."""
    return derive_key(settings.secret_key, f"sign-in code {code_id} {code}")
