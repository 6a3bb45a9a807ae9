"""What a play-through plays, and for whom: read from the address of its page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from flask import g
from sqlalchemy import select

from walkthroughs.content.draft_content import content_of
from walkthroughs.content.values import WalkthroughContent
from walkthroughs.errors import HandrailError, NotFound
from walkthroughs.learning.play_through import Returning
from walkthroughs.models import WalkthroughVersion, db
from walkthroughs.publishing.draft_rows import DraftRow
from walkthroughs.publishing.versions import read_version

DRAFT, NEW, RETURNING = "draft", "new", "returning"
#: In the place of a step: all are done. No step has such an id.
END = "."
#: Versions to choose from.
_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Choice:
    """What to play. All of it is text of the address, so that a link shows the same again.

    Attributes:
        of: `DRAFT`, or the number of a version.
        at: the author id of a step, `END`, or empty for the first answer.
        who: `NEW` or `RETURNING`.
        since: the number of the version that someone returning saw last.
        stood: where they were in it: the author id of a step, or `END`.
        has_failed: the learner says that the check failed.
        hides_pictures: the text of each picture is shown in its place.
    """

    of: str
    at: str = ""
    who: str = NEW
    since: str = ""
    stood: str = ""
    has_failed: bool = False
    hides_pictures: bool = False

    def parameters(self, **changed: str) -> dict[str, str]:
        """Return the query of the address, with some of it changed."""
        values = {"of": self.of}
        if self.who == RETURNING:
            values |= {"as": RETURNING, "from": self.since, "stood": self.stood}
        if self.hides_pictures:
            values["pictures"] = "no"
        return values | changed


@dataclass(frozen=True, slots=True)
class Played:
    """A choice with the texts that it names.

    Attributes:
        version: of *content*, as answers name it.
        versions: those that can be played, newest first.
        earlier: those that someone may return from, newest first.
        fault: why the play is not the one that was asked for, in a sentence.
    """

    choice: Choice
    content: WalkthroughContent
    version: int
    versions: Sequence[int]
    earlier: Sequence[int]
    returning: Returning | None = None
    fault: str | None = None


def read_choice(arguments: Mapping[str, str], row: DraftRow) -> Played:
    """Return what the query of the address asks for, or what comes nearest to it."""
    choice = Choice(
        arguments.get("of") or (DRAFT if row.has_changes else str(row.live_version)),
        arguments.get("at", ""),
        RETURNING if arguments.get("as") == RETURNING else NEW,
        arguments.get("from", ""),
        arguments.get("stood", ""),
        arguments.get("failed") == "1",
        arguments.get("pictures") == "no",
    )
    fault, versions = None, _versions(row)
    try:
        content = _content(row, choice.of)
    except HandrailError as error:
        choice, fault = Choice(DRAFT), str(error)
        content = _content(row, DRAFT)
    version = row.live_version + row.has_changes if choice.of == DRAFT else int(choice.of)
    earlier = [number for number in versions if number < version]
    played = Played(choice, content, version, versions, earlier, None, fault)
    return _with_returning(row, played) if choice.who == RETURNING else played


def _with_returning(row: DraftRow, played: Played) -> Played:
    since = played.choice.since or (str(played.earlier[0]) if played.earlier else "")
    try:
        if not played.earlier:
            raise NotFound("There is no earlier version to return from: this plays as new.")
        content = _content(row, since)
        if int(since) not in played.earlier:
            raise NotFound(f"Version {since} is not earlier than what is played.")
    except HandrailError as error:
        return replace(
            played, choice=replace(played.choice, who=NEW), fault=played.fault or str(error)
        )
    steps = [step.id for step in content.steps]
    stood = played.choice.stood
    if stood not in {*steps, END}:
        stood = steps[len(steps) // 2] if steps else END
    return replace(
        played,
        choice=replace(played.choice, since=since, stood=stood),
        returning=Returning(content, int(since), None if stood == END else stood),
    )


def _content(row: DraftRow, name: str) -> WalkthroughContent:
    if name == DRAFT:
        return content_of(row.draft, row.live)
    if not (name.isascii() and name.isdigit() and 0 < len(name) < 9 and int(name)):
        raise NotFound("There is no such version.")
    place = row.walkthrough
    if int(name) == row.live_version:
        return row.live
    return read_version(db.session(), place.organization_id, place.id, int(name))


def _versions(row: DraftRow) -> list[int]:
    """Return the numbers of the versions whose texts are there, newest first."""
    query = (
        select(WalkthroughVersion.number)
        .where(
            WalkthroughVersion.organization_id == g.organization_id,
            WalkthroughVersion.walkthrough_id == row.walkthrough.id,
            WalkthroughVersion.content.is_not(None)
            | (WalkthroughVersion.number == row.live_version),
        )
        .order_by(WalkthroughVersion.number.desc())
        .limit(_SHOWN)
    )
    return list(db.session.scalars(query))
