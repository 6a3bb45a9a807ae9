"""Sources on real Git hosts: TLS and a token, SSH and a deploy key; and what they refuse."""

import logging
import os
import shutil
import socket
import threading
from dataclasses import replace

import pytest

from sync.git.commit_status import CommitStatus, post_status
from sync.git.credentials import DeployKey, Token
from sync.git.errors import RepositoryUnavailable
from sync.worker import check_source
from tests.authors import PushedSource
from tests.git_hosts import NAME, PASSWORD, STATUSES, USER, https_host
from tests.ssh_hosts import ssh_host, sshd_host
from walkthroughs.enums import GitHost
from walkthroughs.models import ContentSource, SyncRun


@pytest.fixture
def synced(database, settings, tmp_path):
    made = PushedSource(database, settings, tmp_path)
    yield made
    made.author.repository.close()


@pytest.fixture
def https(synced, tmp_path):
    with https_host(synced.bare.parent, tmp_path) as host:
        synced.settings = replace(synced.settings, git_ca_file=host.authority)
        yield f"{host.origin}/guides.git"


@pytest.fixture
def names(monkeypatch):
    """A resolver that knows `NAME`, once: who asks for it again is led astray."""
    told, real = [], socket.getaddrinfo

    def look_up(host, *more, **named):
        if host != NAME:
            return real(host, *more, **named)
        told.append(host)
        return real("127.0.0.1" if len(told) == 1 else "127.0.0.66", *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return told


@pytest.fixture(params=["asyncssh", "sshd"])
def ssh(synced, request, tmp_path):
    sshd = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
    if request.param == "asyncssh":
        server = ssh_host(synced.bare.parent)
    elif sshd:
        server = sshd_host(synced.bare.parent, sshd, tmp_path)
    else:
        pytest.skip("this machine has no sshd; Debian's package is openssh-server")
    with server as (origin, key, host_key):
        yield f"{origin}{synced.bare}", key, host_key


def test_over_https_with_a_token(synced, https):
    synced.point_at(https, Token(PASSWORD, USER))
    synced.sync()
    synced.author.write("one", "two", "three")
    synced.sync()

    assert (synced.row().version, synced.row().step_count) == (2, 3)


def test_over_ssh_with_a_deploy_key_and_the_hosts_own_key(synced, ssh):
    address, key, host_key = ssh
    synced.point_at(address, DeployKey(key, host_key))
    synced.sync()

    assert synced.row().version == 1


@pytest.mark.parametrize("credential", [None, Token("a-wrong-token", USER)])
def test_without_the_right_token_nothing_is_asked_and_nothing_told(
    synced, https, credential, caplog
):
    caplog.set_level(logging.DEBUG)
    synced.point_at(https, credential)
    with pytest.raises(RepositoryUnavailable) as raised:
        synced.sync()

    assert "a-wrong-token" not in str(raised.value) + str(synced.source().error) + caplog.text


def test_a_host_that_nobody_vouches_for_is_refused(synced, https):
    synced.settings = replace(synced.settings, git_ca_file=None)
    synced.point_at(https, Token(PASSWORD, USER))
    with pytest.raises(RepositoryUnavailable, match="certificate"):
        synced.sync()


def test_an_unknown_host_key_and_a_strange_deploy_key_are_refused(synced, ssh):
    address, key, host_key = ssh
    changed = (
        host_key.split()[0]
        + " ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMx8Yv8nqk4m1tJ3vY0oC2b0a9f3v8s6o7t5u4w2x1yz"
    )
    with ssh_host(synced.bare.parent) as (_, strange, _):
        for credential in (DeployKey(key, changed), DeployKey(strange, host_key)):
            synced.point_at(address, credential)
            with pytest.raises(RepositoryUnavailable) as raised:
                synced.sync()
            assert "PRIVATE KEY" not in str(raised.value)


def test_the_token_is_on_no_command_line(synced, https):
    synced.point_at(https, Token(PASSWORD, USER))
    seen, stop = set(), threading.Event()

    def watch():
        import psutil

        while not stop.is_set():
            for process in psutil.process_iter(["cmdline"]):
                seen.add(" ".join(process.info["cmdline"] or ()))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        synced.sync()
    finally:
        stop.set()
        watcher.join()

    assert any("fetch" in line and "guides.git" in line for line in seen)
    assert not any(PASSWORD in line for line in seen)
    with synced.database.transaction() as session:
        stored = session.get_one(ContentSource, synced.source_id)
        assert PASSWORD not in stored.credential
        assert session.query(SyncRun).count() == 1


@pytest.mark.parametrize(
    ("kind", "path", "secret", "failed"),
    [
        (GitHost.GITHUB, "/api/v3/repos/guides/statuses/{}", f"Bearer {PASSWORD}", "failure"),
        (GitHost.GITLAB, "/api/v4/projects/guides/statuses/{}", PASSWORD, "failed"),
    ],
)
def test_the_host_is_told_how_each_commit_fared(synced, https, kind, path, secret, failed):
    STATUSES.clear()
    synced.point_at(https, Token(PASSWORD, USER))
    with synced.database.transaction() as session:
        session.get_one(ContentSource, synced.source_id).host_kind = kind
    good = synced.sync().plan.commit
    synced.author.write("one", head="statu: x")
    bad = synced.sync().plan.commit

    assert [(where, told["state"], secrets) for where, told, secrets in STATUSES] == [
        (path.format(good), "success", [secret]),
        (path.format(bad), failed, [secret]),
    ]
    assert STATUSES[0][1]["description"] == "Live: 1 change(s)"
    assert 'unknown key "statu"' in STATUSES[1][1]["description"]


def test_a_host_that_takes_no_status_does_not_stop_a_sync(synced, https):
    synced.point_at(https, Token(PASSWORD, USER))
    with synced.database.transaction() as session:
        session.get_one(ContentSource, synced.source_id).host_kind = GitHost.GITHUB
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.git_hosts.STATUSES", None)
        synced.sync()

    assert synced.row().version == 1


def test_over_https_git_connects_to_the_address_that_was_looked_at(synced, https, names):
    synced.point_at(https.replace("127.0.0.1", NAME), Token(PASSWORD, USER))
    synced.sync()

    assert (synced.row().version, names) == (1, [NAME])


def test_over_ssh_git_connects_to_the_address_that_was_looked_at(synced, ssh, names):
    address, key, host_key = ssh
    synced.point_at(address.replace("127.0.0.1", NAME), DeployKey(key, host_key))
    with pytest.raises(RepositoryUnavailable, match="Host key verification failed"):
        synced.sync()
    names.clear()
    synced.point_at(
        address.replace("127.0.0.1", NAME),
        DeployKey(key, host_key.replace("127.0.0.1", NAME)),
    )
    synced.sync()

    assert (synced.row().version, names) == (1, [NAME])


def test_a_status_goes_to_the_address_that_was_looked_at(synced, https, names):
    STATUSES.clear()
    url = https.replace("127.0.0.1", NAME)
    found = CommitStatus("success", "Live")
    post_status(synced.settings, GitHost.GITHUB, url, Token(PASSWORD), "c0ffee", found)

    assert [told["description"] for _, told, _ in STATUSES] == ["Live"]
    assert names == [NAME]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", NAME])
def test_a_host_of_our_own_network_is_not_asked_unless_the_operator_allows_it(
    synced, tmp_path, names, host, caplog
):
    with https_host(synced.bare.parent, tmp_path) as server:
        synced.settings = replace(
            synced.settings, git_ca_file=server.authority, allow_private_hosts=False
        )
        url = f"{server.origin.replace('127.0.0.1', host)}/guides.git"
        synced.point_at(url, Token(PASSWORD, USER))
        with pytest.raises(RepositoryUnavailable, match="HANDRAIL_ALLOW_PRIVATE_HOSTS=1"):
            synced.sync()
        check_source(synced.database, synced.settings, synced.source_id)
        names.clear()
        found = CommitStatus("success", "Live")
        post_status(synced.settings, GitHost.GITLAB, url, Token(PASSWORD), "c0ffee", found)

    assert server.asked == []
    assert synced.status().health == "unreachable"
    assert "no commit status" in caplog.text
