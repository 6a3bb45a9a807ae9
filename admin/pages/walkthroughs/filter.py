"""What a member asked the list of walkthroughs for, to and from the query of the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from admin import queries
from admin.states import State

SORTS = {"changed": "Changed last", "title": "Title", "learners": "Most learners"}


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
        state = queries.choice(args, "state", set(State))
        return Wanted(
            words=queries.words(args),
            state=State(state) if state else None,
            server=queries.named(args, "server"),
            source=queries.named(args, "source"),
            tag=queries.named(args, "tag"),
            sort=queries.choice(args, "sort", SORTS, "changed"),
            page=queries.page_number(args.get("page", "")),
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
            "page": new.page,
        }
        return queries.said(values)

    @property
    def is_narrowed(self) -> bool:
        """Return whether it asks for less than all."""
        return self.query(sort="changed") != {}
