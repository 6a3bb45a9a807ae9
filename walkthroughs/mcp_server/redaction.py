"""Keep secret addresses out of the log: whoever has a personal link is that learner."""

from __future__ import annotations

import logging
import re

#: Personal links, and links to choose a password.
_LINK = re.compile(r"(/mcp/u/|/admin/password/)[^/\s\"'?#]+")


def redact(text: str) -> str:
    """Return *text* with the secret part of every such link replaced."""
    return _LINK.sub(r"\1[redacted]", text)


class RedactLinks(logging.Filter):
    """A filter for handlers: redacts messages and the traces that go with them."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact the record; let it pass."""
        record.msg, record.args = redact(record.getMessage()), None
        if record.exc_info and not record.exc_text:
            record.exc_text = redact(logging.Formatter().formatException(record.exc_info))
        return True
