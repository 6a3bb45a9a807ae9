"""A host in trouble costs nobody anything: what is live stays, people are told, the next run heals."""

import base64
import logging
from dataclasses import replace

import psutil
import pytest
from sqlalchemy import text

from sync.git.credentials import Token
from sync.git.errors import RepositoryUnavailable
from tests.authors import PushedSource
from tests.git_hosts import PASSWORD, USER, https_host

SECRETS = (PASSWORD, base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode())
REASONS = {
    401: "the host wants a token, or another one than this source has",
    403: "403",
    404: "not found",
    500: "500",
    503: "503",
    "cut": "bad pack header",
    "short": "bad pack header",
}


@pytest.fixture
def synced(database, settings, tmp_path):
    """A source that is synced from its host, with a learner on the way."""
    made = PushedSource(database, settings, tmp_path)
    with https_host(made.bare.parent, tmp_path) as host:
        made.host, made.settings = host, replace(settings, git_ca_file=host.authority)
        made.point_at(f"{host.origin}/guides.git", Token(PASSWORD, USER))
        made.sync()
        made.next(made.select().step.id)
        yield made
    made.author.repository.close()


@pytest.fixture
def elsewhere(synced, tmp_path_factory):
    """Another host with the same repository, as well vouched for, which nobody has agreed to."""
    folder = tmp_path_factory.mktemp("elsewhere")
    with https_host(synced.bare.parent, folder) as host:
        both = folder / "both.pem"
        both.write_text(synced.host.authority.read_text() + host.authority.read_text())
        synced.settings = replace(synced.settings, git_ca_file=both)
        yield host


def rows(synced):
    """Return what learners see, with what tells whether it was written again."""
    tables = ("walkthroughs", "walkthrough_steps", "walkthrough_versions", "walkthrough_progress")
    with synced.database.transaction() as session:
        return [
            sorted(map(str, session.execute(text(f"SELECT xmin::text, * FROM {table}"))))
            for table in tables
        ]


def fails(synced):
    """Push a change, sync in vain, and return what was said."""
    before = rows(synced)
    synced.author.write("one", "two", "three")
    with pytest.raises(RepositoryUnavailable) as raised:
        synced.sync()

    state = synced.status()
    assert rows(synced) == before
    assert (state.sync, state.health) == ("unknown", "unreachable")
    assert state.source.error == str(raised.value)
    return str(raised.value)


def heals(synced):
    """Sync once more, now that the host is well; all must be as if it had always been."""
    synced.host.recover()
    synced.run()

    state = synced.status()
    assert (state.sync, state.health, state.source.error) == ("synced", "healthy", None)
    assert (synced.row().version, synced.row().step_count, synced.row().archived_at) == (2, 3, None)
    assert synced.select().progress.completed_steps == 1
    assert [run.outcome for run in synced.runs()] == ["applied", "failed", "applied"]


@pytest.mark.parametrize("trouble", REASONS)
def test_a_host_that_refuses_or_breaks_off_changes_nothing_and_the_next_run_heals(
    synced, trouble, caplog
):
    caplog.set_level(logging.DEBUG)
    synced.host.trouble.append(trouble)
    said = fails(synced)

    assert f"{synced.host.origin}/guides.git" in said
    assert REASONS[trouble] in said
    assert not any(secret in said + caplog.text for secret in SECRETS)
    heals(synced)


def test_a_host_that_answers_nothing_is_given_up_and_nothing_goes_on_waiting_for_it(synced):
    patient, synced.settings = synced.settings, replace(synced.settings, git_seconds=1.0)
    synced.host.trouble.append("silent")
    said = fails(synced)

    assert f"{synced.host.origin}/guides.git within 1 s" in said
    waiting = psutil.process_iter(["cmdline"])
    assert not [
        each for each in waiting if synced.host.origin in " ".join(each.info["cmdline"] or ())
    ]
    synced.settings = patient
    heals(synced)


def test_a_host_that_sends_git_to_another_host_is_not_followed(synced, elsewhere):
    synced.host.trouble.append(elsewhere.origin)
    said = fails(synced)

    assert elsewhere.asked == []
    assert f"{synced.host.origin}/guides.git" in said
    heals(synced)


def test_a_host_that_sends_git_to_another_path_is_not_followed(synced):
    synced.host.trouble.append("/internal")
    fails(synced)

    assert not [path for path in synced.host.asked if path.startswith("/internal")]
    heals(synced)


def test_a_host_that_is_away_is_unreachable(synced):
    url = synced.source().url
    synced.set(url="https://127.0.0.1:1/guides.git")
    assert "https://127.0.0.1:1/guides.git" in fails(synced)
    synced.set(url=url)
    heals(synced)
