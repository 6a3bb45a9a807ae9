"""What ties a link or a browser to the password that an account has now."""

from __future__ import annotations

from walkthroughs.crypto import hash_token
from walkthroughs.models import User


def password_state(user: User) -> str:
    """Return what a change of the password changes, and what no other account has.

    So a link works once, and a browser is known for as long as the password stays.
    """
    return hash_token(f"{user.password} {user.fs_uniquifier}")[:16]
