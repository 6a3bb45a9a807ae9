"""`flask content convert`: from a tutorial to a walkthrough."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import click

from sync.convert.convert import convert
from sync.convert.values import Converted
from sync.layout import WALKTHROUGHS, visible_name
from walkthroughs.content.wording import count_of

_MAX_FILE_BYTES = 1024 * 1024
_MAX_FILES, _MAX_BYTES = 20_000, 256 * 1024 * 1024
#: Names of pictures beside a file that is converted alone.
_PICTURE = re.compile(r"[^\s()<>\"'\[\]]{1,200}\.(?:png|jpe?g|gif|webp)", re.IGNORECASE)
#: What tools keep beside a tutorial.
_LEFT_OUT = frozenset({".git", "node_modules", ".venv", "venv", "target", "__pycache__"})


@click.command("convert")
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--level",
    type=click.IntRange(1, 6),
    help="Split pages at headings of this level; without it, at the one that fits best.",
)
def convert_command(source: Path, folder: Path, level: int | None) -> None:
    """Write the tutorial SOURCE to DIR as walkthroughs, all of them drafts.

    SOURCE is a Markdown file, or a folder: Markdown, Docusaurus, MkDocs, mdBook, Killercoda,
    Katacoda, Instruqt, Google codelabs or GitHub Skills. DIR may hold other walkthroughs.

    Prints what could not be carried over, by file and line of SOURCE. Exits with 1 if
    `content lint` finds an error in what was written.
    """
    name = source.resolve().stem if source.is_file() else source.resolve().name
    converted = convert(_read(source), name, level)
    if not converted.steps:
        raise click.ClickException(f"No Markdown with text was found in {source}.")
    _write(converted, folder)
    for note in converted.notes:
        click.echo(str(note))
    for problem in converted.problems:
        click.echo(str(problem))
    steps, pictures = sum(converted.steps.values()), _pictures(converted)
    click.echo(
        f"Read as {converted.kind}. Wrote {count_of(len(converted.steps), 'walkthrough')} with "
        f"{count_of(steps, 'step')} and {count_of(pictures, 'picture')} to {folder}: "
        f"{count_of(len(converted.notes), 'note')}, "
        f"{count_of(len(converted.problems), 'problem')} left.",
        err=True,
    )
    raise SystemExit(1 if converted.problems else 0)


def _pictures(converted: Converted) -> int:
    return sum(not path.endswith((".md", ".yml")) for path in converted.files)


def _read(source: Path) -> dict[str, bytes]:
    """Return the files of the tutorial; links, and what is too large for a lesson, are left out."""
    if source.is_dir():
        return dict(_below(source))
    if source.stat().st_size > _MAX_FILE_BYTES:
        raise click.ClickException(f"{source} is larger than 1 MiB; split it first.")
    data = source.read_bytes()
    named = {os.path.normpath(name) for name in _PICTURE.findall(data.decode(errors="replace"))}
    paths = {name: source.parent / name for name in named if not name.startswith(("..", "/"))}
    pictures = {name: path.read_bytes() for name, path in paths.items() if _is_read(path)}
    return pictures | {source.name: data}


def _is_read(path: Path) -> bool:
    """Return whether *path* is a file itself, not a link, and small enough."""
    is_file = path.is_file() and not path.is_symlink()
    return is_file and path.stat().st_size <= _MAX_FILE_BYTES


def _below(source: Path) -> Iterator[tuple[str, bytes]]:
    """Yield path and bytes of the files below *source*, as many as may be read."""
    count = size = 0
    for folder, folders, names in os.walk(source):
        folders[:] = sorted(name for name in folders if name not in _LEFT_OUT)
        for name in sorted(names):
            path = Path(folder, name)
            if visible_name(os.fsencode(name)) is None or not _is_read(path):
                continue
            count, size = count + 1, size + path.stat().st_size
            if count > _MAX_FILES or size > _MAX_BYTES:
                what = f"more than {_MAX_FILES:,} files, or 256 MiB"
                raise click.ClickException(f"{source} holds {what}. Name a folder in it.")
            yield path.relative_to(source).as_posix(), path.read_bytes()


def _write(converted: Converted, folder: Path) -> None:
    """Write all files, or none: not into a folder that holds other things or one of these."""
    taken = [own for own in converted.steps if (folder / WALKTHROUGHS / own).exists()]
    if taken:
        place = folder / WALKTHROUGHS / taken[0]
        raise click.ClickException(f"{place} exists, and nothing was written. Choose another DIR.")
    for path, data in converted.files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
