"""Write the ids that are missing; everything else of a file stays byte for byte."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from sync.format.yaml_subset import Mapping, Scalar, YamlRefused, load
from sync.layout import MANIFEST
from walkthroughs.addresses import SLUG_PATTERN


def add_ids(folder: Path) -> list[str]:
    """Give each walkthrough and step under *folder* an id; return what was written, a line each."""
    written = []
    for manifest in sorted(folder.glob(f"walkthroughs/*/{MANIFEST}")):
        written += _give_id(manifest, folder, manifest.parent.name, front_matter=False)
        for step in sorted(manifest.parent.glob("steps/*.md")):
            written += _give_id(step, folder, step.stem, front_matter=True)
    return written


def _give_id(path: Path, folder: Path, fallback: str, *, front_matter: bool) -> list[str]:
    if path.is_symlink():
        return []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            text = file.read()
    except (UnicodeDecodeError, OSError):
        return []  # the check that follows says what is wrong with it
    start = re.match(r"\ufeff?---\r?\n", text) if front_matter else re.match(r"\ufeff?", text)
    end = text.find("\n---", start.end() - 1) if start and front_matter else len(text)
    if start is None or end < 0:
        return []
    try:
        node = load(text[start.end() : end])
    except YamlRefused:
        return []
    if not isinstance(node, Mapping) or "id" in node.items:
        return []
    title = node.items.get("title")
    new_id = _slug(title.text if front_matter and isinstance(title, Scalar) else fallback)
    if not SLUG_PATTERN.fullmatch(new_id):
        return []
    newline = "\r\n" if "\r\n" in text else "\n"
    fixed = f"{text[: start.end()]}id: {new_id}{newline}{text[start.end() :]}"
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(fixed)
    return [f"{path.relative_to(folder).as_posix()}: id: {new_id}"]


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:63].rstrip("-")
