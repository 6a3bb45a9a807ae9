"""Who gives a command."""

from __future__ import annotations

import getpass


def operator_name() -> str:
    """Return the user of this machine who gives the command, as histories show them."""
    return f"{getpass.getuser()} (command line)"
