"""Keep secrets out of the log: whoever has a link, a token or a code is that learner."""

from __future__ import annotations

import logging
import re

#: Personal links, invitations, and links to choose a password.
_LINK = re.compile(r"(/mcp/u/|/admin/password/|/admin/invitations/)[^/\s\"'?#]+")
#: What we make for sign-ins, wherever it stands.
_TOKEN = re.compile(r"\b(hr[arc]_)[\w-]+")
#: What others may have made, by the name that stands before it.
_NAMED = re.compile(
    r"""(?i)\b((?:code|code_verifier|client_secret|access_token|refresh_token|token)
            ["']?[=:]\s?["']?|code\ is\ |bearer\s|basic\s)
        (?:\d{4}\s\d{4}|[\w.~+/%-]{6,}=*)""",
    re.VERBOSE,
)


def redact(text: str) -> str:
    """Return *text* with the secret part of every such link, token and code replaced."""
    for secret in (_LINK, _TOKEN, _NAMED):
        text = secret.sub(r"\1[redacted]", text)
    return text


class RedactLinks(logging.Filter):
    """A filter for handlers: redacts messages and the traces that go with them."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact the record; let it pass."""
        record.msg, record.args = redact(record.getMessage()), None
        # Another handler may have made the text before, with the secrets in it.
        trace = record.exc_text or (
            record.exc_info and logging.Formatter().formatException(record.exc_info)
        )
        if trace:
            record.exc_text = redact(trace)
        return True
