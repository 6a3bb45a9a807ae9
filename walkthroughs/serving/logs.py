"""Lines of the log, as text or as JSON, each with the id of the request that it is about."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

from walkthroughs.serving.request_ids import request_id

_TEXT = "%(asctime)s %(levelname)s %(name)s %(request)s%(message)s"


class _Text(logging.Formatter):
    """A line of text. Lines about a request have its id in brackets."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        own = request_id()
        record.request = f"[{own}] " if own else ""
        return super().format(record)


class _Json(logging.Formatter):
    """An object in one line, whatever the message and the trace hold."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        at = datetime.fromtimestamp(record.created, UTC)
        line = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if own := request_id():
            line["request_id"] = own
        # A filter that redacts has made the text of the trace already.
        if trace := record.exc_text or (record.exc_info and self.formatException(record.exc_info)):
            line["exception"] = trace
        return json.dumps(line)


def set_up_logs(log_format: str, *filters: logging.Filter) -> None:
    """Write what is logged from now on, from INFO, to the standard error output.

    Args:
        log_format: `text` or `json`.
        filters: what each line passes, such as one that redacts.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(log_formatter(log_format))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for each in logging.getLogger().handlers:
        for one in filters:
            each.addFilter(one)


def log_formatter(log_format: str) -> logging.Formatter:
    """Return what makes the lines of a format."""
    return _Json() if log_format == "json" else _Text(_TEXT)
