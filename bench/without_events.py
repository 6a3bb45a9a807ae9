"""The step call without its event: what recording is measured against.

`python -m bench.without_events PORT DATABASE_URL` serves as `bench.ours` does.
"""

from __future__ import annotations

import sys

from bench import ours
from walkthroughs.database.prepared import Statement
from walkthroughs.learning import fast_path
from walkthroughs.mcp_server import endpoint

#: The same name, since a server knows one of the two. The learner's time is not kept either.
ADVANCE = Statement(
    fast_path.ADVANCE.name, fast_path.TYPES, fast_path.MOVE.replace(fast_path.KEEP_TIME, "")
)


def main(port: int, url: str) -> None:
    """Serve on 127.0.0.1 until killed."""
    fast_path.ADVANCE = endpoint.ADVANCE = ADVANCE  # type: ignore[attr-defined]  # imported there
    ours.main(port, url)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
