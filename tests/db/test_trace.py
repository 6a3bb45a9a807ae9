"""How many of our files a pushed commit passes on its way to the rows that learners read.

A newcomer who follows it reads each function once, in the order of the first calls. Going
back into a file that was left before is what makes that tiring. Raise the
bounds only for a new step of the flow.
"""

import sys
from pathlib import Path

from sync import worker

ROOT = Path(__file__).parents[2]
ROOMS = tuple(f"{ROOT / name}/" for name in ("admin", "sync", "walkthroughs"))
MOST_FILES = 61
MOST_RETURNS = 71


def files_of_first_calls(work):
    """Run *work*; return the files of its functions, in the order of their first calls."""
    known, files = set(), []

    def note(frame, event, _argument):
        code = frame.f_code
        if event != "call" or code in known or not code.co_filename.startswith(ROOMS):
            return
        known.add(code)
        if not code.co_name.startswith("<") and files[-1:] != [code.co_filename]:
            files.append(code.co_filename)

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return files


def test_a_pushed_commit_passes_few_files_and_returns_to_few(synced):
    synced.author.write("one", "two", "three", "four")
    synced.author.commit()
    files = files_of_first_calls(
        lambda: worker.check_source(synced.database, synced.settings, synced.source_id)
    )
    returns = sum(name in files[:place] for place, name in enumerate(files))

    assert (synced.row().version, synced.row().step_count) == (2, 4)
    assert len(set(files)) <= MOST_FILES, sorted(set(files))
    assert returns <= MOST_RETURNS, files
