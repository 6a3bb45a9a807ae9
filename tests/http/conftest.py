"""A served course for every test of the HTTP side, a source that is synced, and sign-in."""

from functools import partial

import pytest

from tests.kept_sources import kept_sources, synced
from tests.serving import course_server, origin
from tests.signing_in import academy
from walkthroughs.mcp_server import endpoint
from walkthroughs.mcp_server.tenant import TenantLookup

__all__ = ["academy", "course_server", "kept_sources", "origin", "synced"]


@pytest.fixture
def known_for_long(monkeypatch):
    """Let the endpoint know for long who a request is from. Name it before what serves.

    In production it asks again after two seconds, which may pass within a test.
    """
    lookup = partial(TenantLookup, cache_seconds=600)
    monkeypatch.setattr(endpoint, "TenantLookup", lookup)
