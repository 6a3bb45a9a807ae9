"""A synced source for every test that does not make one of its own, and what operators type."""

import pytest

from app import create_app
from tests.kept_sources import kept_sources, synced

__all__ = ["flask", "kept_sources", "synced"]


@pytest.fixture
def flask(settings):
    runner = create_app(settings).test_cli_runner()

    def run(*words, code=0, typed=None):
        done = runner.invoke(args=list(words), input=typed)
        assert done.exit_code == code, done.output
        return done.output

    return run
