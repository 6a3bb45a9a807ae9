"""Templates of a new walkthrough: steps that show how one is written. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from walkthroughs.content.draft import DraftStep
from walkthroughs.ids import author_id

_CHECK = "Ask the learner to run it, and look at what it printed."


@dataclass(frozen=True, slots=True)
class Starter:
    """A template: its name, what it is for, and its steps as (section, title, text, check)."""

    id: str
    name: str
    about: str
    parts: tuple[tuple[str, str, str, str], ...]

    def steps(self) -> Iterable[DraftStep]:
        """Yield the steps, each with a new id."""
        for section, title, text, check in self.parts:
            yield DraftStep(author_id(), title, section, text, "", check)


STARTERS = (
    Starter("blank", "Blank", "One empty step.", (("", "First step", "", ""),)),
    Starter(
        "setup",
        "Set up and verify",
        "Three steps: prepare, do it, see that it works.",
        (
            ("", "Prepare", "Say what is needed: accounts, programs, rights.", ""),
            ("", "Set it up", "Say what to do, one command or click at a time.", ""),
            ("", "See that it works", "Say how to try it, and what to expect.", _CHECK),
        ),
    ),
    Starter(
        "learn",
        "Learn by doing",
        "Six steps in three sections: see it, do it, change it.",
        (
            ("See it", "What you will build", "Show the result first.", ""),
            ("See it", "How it works", "Explain the one idea behind it.", ""),
            ("Do it", "The smallest version", "Build the least that works.", _CHECK),
            ("Do it", "The next piece", "Add one thing, and say why.", _CHECK),
            ("Change it", "A small change", "Let the learner change something alone.", _CHECK),
            ("Change it", "What comes next", "Say where to go on.", ""),
        ),
    ),
)
