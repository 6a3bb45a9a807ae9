"""Zips for tests of imports: as people pack folders, and as nobody does."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

MANIFEST = b"id: tea\ntitle: Make tea\ntags:\n- hot\nsteps:\n- steps/boil.md\n- steps/brew.md\n"
BOIL = b"---\nid: boil\ntitle: Boil\n---\nBoil the water.\n\n:::{agent}\nAsk which tea.\n:::\n"
BREW = b"---\nid: brew\ntitle: Brew\n---\nWait for three minutes.\n"
#: A walkthrough without a mistake, as a repository has it.
TEA = {
    "walkthroughs/tea/walkthrough.yml": MANIFEST,
    "walkthroughs/tea/steps/boil.md": BOIL,
    "walkthroughs/tea/steps/brew.md": BREW,
}


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of *files*; a name may be a `ZipInfo`."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()
