"""An upload to drafts, through `content convert` if it is a tutorial of another format. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from sync.convert.convert import convert
from sync.convert.sources.pages import is_page
from sync.format.folder import size_warnings
from sync.format.parse import parse_folders
from sync.importing.draft import ImportedWalkthrough, read_draft
from sync.importing.place import folders_of, manifests_of, other_pages, root_file
from sync.importing.upload import Upload, UploadRefused
from sync.layout import ROOT_FILE
from walkthroughs.content.problems import Problem, first_problems

MAX_WALKTHROUGHS = 100
_MAX_NOTES = 50
#: Markdown is read in seconds up to here; what is converted takes several times as long.
_MAX_TEXT_BYTES, _MAX_CONVERTED_BYTES = 4 * 1024 * 1024, 1024 * 1024


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What an upload would become.

    Attributes:
        kind: what it was read as.
        walkthroughs: at most `MAX_WALKTHROUGHS`.
        notes: what is not carried over.
    """

    kind: str
    walkthroughs: tuple[ImportedWalkthrough, ...]
    notes: tuple[Problem, ...]


def converted(upload: Upload) -> Upload:
    """Return the upload with walkthroughs as files of Handrail, which a tutorial becomes here.

    Raises:
        UploadRefused: there is no text in it, or more than is read.
    """
    files = upload.files
    manifests = manifests_of(files)
    size = sum(len(data) for path, data in files.items() if is_page(path))
    most = _MAX_TEXT_BYTES if manifests else _MAX_CONVERTED_BYTES
    if size > most:
        instead = "connect the repository" if manifests else "use `flask content convert`"
        raise UploadRefused(
            f"Its Markdown has more than {most // 1024**2} MiB. Import a part of it, or {instead}."
        )
    if manifests:
        _refuse_other_schema(files, manifests)
        notes = first_problems([*upload.notes, *other_pages(files, manifests)], _MAX_NOTES)
        return replace(upload, notes=tuple(notes))
    made = convert(files, upload.name)
    if not made.files:
        raise UploadRefused(
            "There is no walkthrough in it, and no Markdown with text that could become one."
        )
    notes = first_problems([*upload.notes, *made.notes], _MAX_NOTES)
    return Upload(upload.name, made.files, tuple(notes), made.kind)


def read_upload(upload: Upload) -> ImportPlan:
    """Return the walkthroughs of an upload that `converted` has returned.

    Raises:
        UploadRefused: there are too many.
    """
    manifests = manifests_of(upload.files)
    if len(manifests) > MAX_WALKTHROUGHS:
        raise UploadRefused(
            f"There are {len(manifests):,} walkthroughs in it, and at most {MAX_WALKTHROUGHS} are "
            "imported at once. Import a part of them, or connect the repository."
        )
    found = tuple(_read(upload.files, manifests, upload.name))
    return ImportPlan(upload.kind, found, upload.notes)


def _read(
    files: Mapping[str, bytes], manifests: list[str], name: str
) -> Iterator[ImportedWalkthrough]:
    for folder, own in folders_of(files, manifests, name):
        found = read_draft(folder, own)
        yield replace(found, notes=(*found.notes, *size_warnings(own)))


def _refuse_other_schema(files: Mapping[str, bytes], manifests: list[str]) -> None:
    """Refuse a repository of a newer release."""
    parsed = parse_folders(root_file(files, manifests), (), {}, lambda _: 0)
    wrong = [each for each in parsed.problems if each.path == ROOT_FILE]
    if wrong:
        raise UploadRefused(f"{wrong[0]}.")
