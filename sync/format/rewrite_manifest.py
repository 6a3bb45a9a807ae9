"""Write a changed walkthrough into its manifest: comments and the order of keys stay. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

import yaml

from sync.format.export import manifest_text, move_record
from sync.format.manifest import KEYS
from sync.format.steps_list import Listed, set_steps
from sync.format.yaml_edit import MappingText, NotEditable, dump, flow, node_end
from walkthroughs.content.values import AuthoredWalkthrough, Move, WalkthroughContent

#: A manifest's first lines may tell editors its schema.
_COMMENTS = re.compile(r"(?:#.*\n)*")


def rewritten_manifests(
    text: str,
    live: WalkthroughContent,
    wanted: AuthoredWalkthrough,
    listed: Sequence[Listed],
    files: Mapping[str, str],
) -> Iterator[str]:
    """Yield texts that may say what is *wanted*, the nearest to the author's first.

    Args:
        text: the manifest, which may say all of it already.
        live: what it says.
        wanted: what it is to say; its records of moved steps begin with those that are there.
        listed: the files that it lists.
        files: those that it is to list, by the ids of their steps.
    """
    with suppress(NotEditable):
        yield _edited(text, live, wanted.content, listed, files)
    comments = _COMMENTS.match(text)
    yield (comments[0] if comments else "") + manifest_text(wanted, files)


def _edited(
    text: str,
    live: WalkthroughContent,
    wanted: WalkthroughContent,
    listed: Sequence[Listed],
    files: Mapping[str, str],
) -> str:
    manifest = MappingText(text, KEYS)
    if live.title != wanted.title:
        manifest.set("title", wanted.title)
    if live.description != wanted.description:
        manifest.set("description", wanted.description)
    if live.tags != wanted.tags:
        manifest.set("tags", wanted.tags)
    if live.estimated_minutes != wanted.estimated_minutes:
        manifest.set("estimated_minutes", wanted.estimated_minutes)
    steps = [(files[step.id], step.section) for step in wanted.steps]
    if steps != list(listed):
        set_steps(manifest, steps)
    added = wanted.moved[len(live.moved) :]
    if added:
        _add_moves(manifest, live.moved, added)
    changed = manifest.result()
    return text if changed == f"{text}\n" else changed


def _add_moves(manifest: MappingText, before: Sequence[Move], added: Sequence[Move]) -> None:
    records = [move_record(move) for move in added]
    if "moved" not in manifest.pairs:
        manifest.insert("moved", dump({"moved": records}))
        return
    node = manifest.pairs["moved"][1]
    if not isinstance(node, yaml.SequenceNode):
        raise NotEditable
    if node.flow_style:
        every = [*map(move_record, before), *records]
        manifest.replace(node.start_mark.index, node.end_mark.index, flow(every))
        return
    at, indent = manifest.line_end(node_end(node)), " " * int(node.start_mark.column)
    lines = "".join(f"{indent}- {_in_one_line(each)}\n" for each in records)
    manifest.replace(at, at, lines)


def _in_one_line(record: Mapping[str, object]) -> str:
    return flow([dict(record)])[1:-1]
