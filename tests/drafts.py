"""Drafts and requests for tests."""

from itertools import count

from walkthroughs.content.draft import Details, Draft, DraftStep, text_hash
from walkthroughs.content.draft_apply import apply
from walkthroughs.content.draft_changes import request_from_json

_numbers = count()


def draft(*names, **fields):
    """A draft with the named steps (default: aa, bb, cc)."""
    steps = tuple(
        DraftStep(name, name.title(), text=f"Do {name}.") for name in names or ("aa", "bb", "cc")
    )
    return Draft(**{"details": Details("Deploy"), "steps": steps, **fields})


def request(*changes, base=0, id=None, client=""):
    """What the dashboard sends, read."""
    return request_from_json({
        "request_id": id or f"r{next(_numbers)}", "base": base, "changes": list(changes), "client": client,
    })  # fmt: skip


def change(step, value, seen, field="text", **more):
    """A change of a field, as the dashboard sends it; *seen* is the text before."""
    of = {"kind": "set_detail"} if step is None else {"kind": "set_step", "step": step}
    return {**of, "field": field, "value": value, "seen": text_hash(seen), **more}


def ask(before, by, *changes, **more):
    """What becomes of a draft when *by* asks for changes, having seen it as it is."""
    return apply(before, request(*changes, **{"base": before.revision, **more}), by)


def texts(value):
    """What a draft holds of its steps: (id, text) in order."""
    return [(step.id, step.text) for step in value.steps]


__all__ = ["ask", "change", "draft", "request", "texts"]
