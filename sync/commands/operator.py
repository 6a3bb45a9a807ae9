"""Who gives a command."""

from __future__ import annotations

import getpass
import os


def operator_name() -> str:
    """Return the user of this machine who gives the command, as histories show them."""
    return f"{user_name()} (command line)"


def user_name() -> str:
    """Return the name of the user of this machine; their number if they have none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # as in a container that was given a user by its number
        return f"user-{os.geteuid()}"
