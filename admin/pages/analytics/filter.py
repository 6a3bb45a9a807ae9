"""What a member asked the numbers for, to and from the query of the address. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from admin import queries
from walkthroughs.events.scope import PERIOD_DAYS, Scope

#: Days that the numbers are of, today too, by the word in the address.
PERIODS = {str(days): f"{days} days" for days in PERIOD_DAYS}
_DEFAULT = "30"
_WORST = "worst"
_MAX_VERSION = 2**31 - 1


@dataclass(frozen=True, slots=True)
class WantedNumbers:
    """What the member asked for. Words that mean nothing are dropped."""

    days: str = _DEFAULT
    server: str = ""
    version: int = 0
    #: Steps by how many stopped at them, the most first; else in their order.
    worst_first: bool = False

    @staticmethod
    def parse(args: Mapping[str, str]) -> WantedNumbers:
        """Read the query of the address."""
        return WantedNumbers(
            days=queries.choice(args, "days", PERIODS, _DEFAULT),
            server=queries.named(args, "server"),
            version=_version(args.get("version", "")),
            worst_first=args.get("order") == _WORST,
        )

    def query(self, **changed: Any) -> dict[str, Any]:  # noqa: ANN401  any field
        """Return the query of the address of the same numbers with some of it changed."""
        new = replace(self, **changed)
        days = "" if new.days == _DEFAULT else new.days
        order = _WORST if new.worst_first else ""
        return queries.said(
            {"days": days, "server": new.server, "version": new.version, "order": order}
        )

    @property
    def is_narrowed(self) -> bool:
        """Return whether it asks for one server or version."""
        return bool(self.server or self.version)

    def scope(
        self, organization_id: str, today: date, server_id: str, walkthrough_id: str = ""
    ) -> Scope:
        """Return which events it asks for."""
        return Scope(
            organization_id,
            today - timedelta(days=int(self.days) - 1),
            today,
            walkthrough_id=walkthrough_id,
            server_id=server_id,
            version=self.version,
        )


def _version(text: str) -> int:
    is_number = text.isascii() and text.isdigit() and len(text) < 11
    return number if is_number and (number := int(text)) <= _MAX_VERSION else 0
