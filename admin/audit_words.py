"""The audit's verbs and values as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: What people call a kind of thing.
KINDS: Mapping[str, str] = {
    "walkthrough": "walkthrough",
    "picture": "picture of",
    "server": "server",
    "assignment": "assignment",
    "link": "personal link on",
    "sign-in": "sign-in on",
    "learner": "learner",
    "source": "content source",
    "provider": "sign-in provider",
    "member": "member",
    "invitation": "invitation of",
}
_VERBS: Mapping[str, str] = {
    "accept": "accepted the",
    "add": "added the",
    "adopt": "gave to Git the",
    "approve": "approved the plan of the",
    "archive": "archived the",
    "assign": "put walkthroughs on the",
    "begin": "began the",
    "change": "changed the",
    "copy": "began as a copy the",
    "create": "made the",
    "detach": "took from Git the",
    "end": "ended a",
    "erase": "erased",
    "hide": "hid the",
    "hold": "held the",
    "import": "imported the",
    "merge": "merged another into",
    "move": "moved the",
    "password-link": "made a password link for the",
    "propose": "proposed to Git a change of the",
    "publish": "published the",
    "relocate": "chose the step of",
    "remove": "removed the",
    "resend": "made a new link for the",
    "reset": "reset a walkthrough of",
    "restore": "restored the",
    "resume": "resumed the",
    "revoke": "took back the",
    "role": "changed the role of the",
    "rollback": "rolled back the",
    "show": "showed to learners the",
    "verify": "verified the domain of the",
}


def words(verb: str) -> str:
    """Return a verb such as `walkthrough.publish` as words: "published the walkthrough"."""
    kind, _, done = verb.partition(".")
    if kind == "learner":  # its title says so
        return _VERBS.get(done, done)
    return f"{_VERBS.get(done, done)} {KINDS.get(kind, kind)}"


def differences(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> list[tuple[str, str | None, str | None]]:
    """Return each value's name, and what it was and is; none where there was or is nothing."""
    names = dict.fromkeys((*(before or {}), *(after or {})))
    return [(name.replace("_", " "), _text(before, name), _text(after, name)) for name in names]


def _text(values: Mapping[str, Any] | None, name: str) -> str | None:
    value = (values or {}).get(name)
    if value is None:
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
