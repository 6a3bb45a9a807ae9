"""Who sits before a program that wants a sign-in, and opens the page whose address it prints."""

from __future__ import annotations

import re
from collections.abc import Iterable

import httpx

from tests.signing_in import LEA, Academy, Browser

_PAGE = re.compile(r"https?://[^\s\x00-\x1f\"]+/oauth/authorize\?[^\s\x00-\x1f\"]+")


class Person:
    """A person with a browser, and what they were told."""

    def __init__(self, academy: Academy, email: str = LEA):
        self.browser, self.email = Browser(academy), email
        self.opened, self.said = 0, ""

    def watch(self, lines: Iterable[str]) -> None:
        """Read what a program says until it ends; allow what it asks for."""
        for line in lines:
            self.said += line
            if found := _PAGE.search(line):
                self.allow(found[0])

    def allow(self, page: str) -> None:
        """Sign in at a page, allow what is asked there, and follow the answer to the program."""
        self.opened += 1
        consent = self.browser.consent_page(page, self.email)
        answer = self.browser.submit(consent, "allow").headers["location"]
        # A program may print the address before it listens for the answer: it has a minute.
        with httpx.Client(transport=httpx.HTTPTransport(retries=8)) as client:
            client.get(answer)
