"""Limit failed sign-ins of each account and each address, over all processes.

Browsers that have signed in to an account are counted apart, all of one account together, and by
nothing else: neither strangers who guess nor those who share an address close the account to them.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, func, select

from walkthroughs.crypto import hash_token
from walkthroughs.hosts import caller_of
from walkthroughs.ids import now_ms
from walkthroughs.models import SignInFailure, db

_WINDOW_MS = 15 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Limit:
    """What is counted, and how many are allowed within the window.

    An address has more than an account: an office shares one.
    """

    prefix: str
    per_account: int
    per_address: int


SIGN_IN = Limit("", 10, 100)
LOST_PASSWORD = Limit("lost-", 3, 20)


def is_refused(email: str, address: str, browser: str | None = None) -> bool:
    """Return whether there were too many failures within the window; see `seconds_left`."""
    return seconds_left(email, address, browser=browser) is not None


def seconds_left(
    email: str, address: str, limit: Limit = SIGN_IN, *, browser: str | None = None
) -> int | None:
    """Return for how long the account or the address is refused; none if it is not.

    Args:
        email: of the account, as it is stored where there is one.
        address: where the request comes from.
        limit: what is counted.
        browser: what `known_browser` returned.
    """
    left = [
        seconds
        for name, most in _counted(limit, email, address, browser)
        if (seconds := _seconds_left(name, most)) is not None
    ]
    return max(left, default=None)


def advice(seconds: int) -> str:
    """Return when to try again, as a sentence."""
    minutes = -(-seconds // 60)
    return f"Too many attempts. Try again in {minutes} minute{'' if minutes == 1 else 's'}."


def count_failure(
    email: str, address: str, limit: Limit = SIGN_IN, *, browser: str | None = None
) -> None:
    """Store a failed sign-in, and delete those older than the window; see `seconds_left`."""
    db.session.execute(delete(SignInFailure).where(SignInFailure.failed_at < now_ms() - _WINDOW_MS))
    db.session.add_all(
        SignInFailure(counted_for=name) for name, _ in _counted(limit, email, address, browser)
    )
    db.session.commit()


def forget_failures(email: str, browser: str | None = None) -> None:
    """Delete the failures of an account, after a successful sign-in; see `seconds_left`."""
    (of_account, _), *_ = _counted(SIGN_IN, email, "", browser)
    db.session.execute(delete(SignInFailure).where(SignInFailure.counted_for == of_account))
    db.session.commit()


def _seconds_left(name: str, most: int) -> int | None:
    """Return when fewer than *most* failures are within the window; none if that is now.

    As many may be counted as there were requests at once, so the *most* newest ones decide.
    """
    newest = (
        select(SignInFailure.failed_at)
        .where(SignInFailure.counted_for == name, SignInFailure.failed_at > now_ms() - _WINDOW_MS)
        .order_by(SignInFailure.failed_at.desc())
        .limit(most)
        .subquery()
    )
    row = db.session.execute(select(func.count(), func.min(newest.c.failed_at))).one()
    count, oldest_ms = int(row[0]), int(row[1] or 0)
    return None if count < most else max(1, (oldest_ms + _WINDOW_MS - now_ms()) // 1000)


def _counted(
    limit: Limit, email: str, address: str, browser: str | None
) -> tuple[tuple[str, int], ...]:
    """Return what is counted, that of the account first, and how much of each is allowed."""
    if browser is not None:
        return ((f"{limit.prefix}browser:{hash_token(browser)}", limit.per_account),)
    account = hash_token(email.strip().lower())
    return (
        (f"{limit.prefix}account:{account}", limit.per_account),
        (f"{limit.prefix}address:{hash_token(caller_of(address))}", limit.per_address),
    )
