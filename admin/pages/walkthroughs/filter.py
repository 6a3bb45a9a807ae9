"""What a member asked the list of walkthroughs for, to and from the query of the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from admin.states import State

SORTS = {"changed": "Changed last", "title": "Title", "learners": "Most learners"}
#: The longest search.
_MAX_WORDS = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the member asked for, as the address holds it. Words that mean nothing are dropped."""

    words: str = ""
    state: State | None = None
    server: str = ""
    source: str = ""
    tag: str = ""
    sort: str = "changed"
    page: int = 1

    @staticmethod
    def parse(args: Mapping[str, str]) -> Wanted:
        """Read the query of the address."""
        state, sort, page = args.get("state", ""), args.get("sort", ""), args.get("page", "")
        return Wanted(
            words=args.get("q", "").strip()[:_MAX_WORDS],
            state=State(state) if state in set(State) else None,
            server=args.get("server", ""),
            source=args.get("source", ""),
            tag=args.get("tag", ""),
            sort=sort if sort in SORTS else "changed",
            page=min(int(page), 10_000) if page.isascii() and page.isdigit() and int(page) else 1,
        )

    def query(self, **changed: Any) -> dict[str, Any]:  # noqa: ANN401  any field
        """Return the query of the address of the same list with some of it changed."""
        new = replace(self, **{"page": 1, **changed})
        values = {
            "q": new.words,
            "state": new.state.value if new.state else "",
            "server": new.server,
            "source": new.source,
            "tag": new.tag,
            "sort": "" if new.sort == "changed" else new.sort,
            "page": "" if new.page == 1 else new.page,
        }
        return {name: value for name, value in values.items() if value}

    @property
    def is_narrowed(self) -> bool:
        """Return whether it asks for less than all."""
        return self.query(sort="changed") != {}
