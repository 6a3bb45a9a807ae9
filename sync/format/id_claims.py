"""Which manifests have which ids: an id has one. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from sync.format.found_problems import FoundProblems
from sync.format.parse_result import WantedWalkthrough
from sync.layout import MANIFEST, WALKTHROUGHS
from walkthroughs.content.problems import Problem
from walkthroughs.content.wording import first_names


@dataclass(slots=True)
class _Claim:
    """The manifests that have a certain id; nothing wanted if one has a mistake, or of several."""

    paths: list[str] = field(default_factory=list)
    wanted: WantedWalkthrough | None = None


class IdClaims:
    """The ids of a commit's manifests.

    Args:
        unchanged: folder -> id of the walkthroughs that are not read.

    Attributes:
        same: the other way round.
    """

    def __init__(self, unchanged: Mapping[str, str]) -> None:
        self.same = {author_id: folder for folder, author_id in unchanged.items()}
        self._claims: dict[str, _Claim] = defaultdict(_Claim)

    def __bool__(self) -> bool:
        return bool(self._claims or self.same)

    def add(self, author_id: str, path: str, keep: Callable[[], WantedWalkthrough | None]) -> None:
        """Note that the manifest at *path* has this id.

        What *keep* returns is wanted of it. Of an id's second place nothing is, nor of its first.
        """
        claim = self._claims[author_id]
        is_first = not claim.paths and author_id not in self.same
        claim.wanted = keep() if is_first else None
        claim.paths.append(path)

    def good(self, problems: FoundProblems) -> dict[str, WantedWalkthrough]:
        """Return what is wanted, by id; *problems* takes each place of an id that has several."""
        for name, claim in sorted(self._claims.items()):
            if name in self.same:
                claim.paths.append(f"{WALKTHROUGHS}/{self.same[name]}/{MANIFEST}")
            if len(claim.paths) > 1:
                problems.add(_claimed_twice(name, claim.paths))
        ordered = sorted(self._claims.items())
        return {name: claim.wanted for name, claim in ordered if claim.wanted is not None}

    def ids(self) -> frozenset[str]:
        """Return the ids of all that were read."""
        return frozenset(self._claims)

    def folder(self, author_id: str) -> str:
        """Return the name of the folder that has this id."""
        return self._claims[author_id].paths[0].split("/")[1]


def _claimed_twice(author_id: str, paths: list[str]) -> Iterator[Problem]:
    """Yield a problem for each path: it names some of the others, however many there are."""
    for path in paths:
        others = [each for each in paths[:4] if each != path]
        also = first_names(others, len(paths) - 1 - len(others))
        yield Problem(path, 1, f'the id "{author_id}" is also in {also}')
