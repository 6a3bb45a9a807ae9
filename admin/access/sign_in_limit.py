"""Limit failed sign-ins of each account and each address, over all processes."""

from __future__ import annotations

from sqlalchemy import delete, func, select

from walkthroughs.crypto import hash_token
from walkthroughs.ids import now_ms
from walkthroughs.models import SignInFailure, db

#: Allowed failures within the window. An address has more: an office shares one.
_PER_ACCOUNT, _PER_ADDRESS = 10, 100
_WINDOW_MS = 15 * 60 * 1000


def is_refused(email: str, address: str) -> bool:
    """Return whether the account or the address had too many failures within the window."""
    counted = db.session.execute(
        select(SignInFailure.counted_for, func.count().label("failures"))
        .where(
            SignInFailure.counted_for.in_([_account(email), _address(address)]),
            SignInFailure.failed_at > now_ms() - _WINDOW_MS,
        )
        .group_by(SignInFailure.counted_for)
    ).all()
    failures: dict[str, int] = {row.counted_for: row.failures for row in counted}
    for_account, for_address = (
        failures.get(name, 0) for name in (_account(email), _address(address))
    )
    return for_account >= _PER_ACCOUNT or for_address >= _PER_ADDRESS


def count_failure(email: str, address: str) -> None:
    """Store a failed sign-in, and delete those older than the window."""
    db.session.execute(delete(SignInFailure).where(SignInFailure.failed_at < now_ms() - _WINDOW_MS))
    db.session.add_all(
        SignInFailure(counted_for=name) for name in (_account(email), _address(address))
    )
    db.session.commit()


def forget_failures(email: str) -> None:
    """Delete the failures of an account, after a successful sign-in."""
    db.session.execute(delete(SignInFailure).where(SignInFailure.counted_for == _account(email)))
    db.session.commit()


def _account(email: str) -> str:
    return f"account:{hash_token(email.strip().lower())}"


def _address(address: str) -> str:
    return f"address:{hash_token(address)}"
