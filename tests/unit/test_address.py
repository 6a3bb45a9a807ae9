"""Where an address may lead: to a public host, by a form that nobody reads in two ways."""

from dataclasses import replace

import pytest

from sync.git.address import is_public, resolve_host, transport
from sync.git.errors import RepositoryUnavailable, SourceInvalid
from walkthroughs.settings import Settings


@pytest.fixture
def strict(tmp_path):
    return Settings(tmp_path, None, "secret", "http://localhost:8000")


@pytest.fixture
def lenient(tmp_path):
    return Settings(tmp_path, None, "secret", "http://localhost", allow_private_hosts=True)


@pytest.mark.parametrize("address", ["140.82.121.4", "2606:4700::1", "::ffff:8.8.8.8"])
def test_an_address_of_the_internet_is_public(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1",
        "100.64.0.1", "169.254.169.254", "192.0.2.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "fe80::1", "fe80::1%eth0", "fec0::1", "fd00:ec2::254", "ff02::1",
        "2001:db8::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1",
        "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
    ],
)  # fmt: skip
def test_an_address_of_this_machine_or_its_network_is_not(address):
    assert not is_public(address)


def test_behind_a_gateway_to_ipv4_the_address_meant_counts():
    assert is_public("64:ff9b::8c52:7904")


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "LOCALHOST", "127.0.0.1", "127.1", "2130706433", "0177.0.0.1", "0x7f.0.0.1",
        "0x7f000001", "0", "169.254.169.254", "0xa9fea9fe", "10.0.0.5", "[::1]", "[::]",
        "[::ffff:127.0.0.1]", "[::ffff:a9fe:a9fe]", "[fe80::1]",
    ],
)  # fmt: skip
@pytest.mark.parametrize("scheme", ["https", "ssh"])
def test_a_host_of_ones_own_network_is_refused_in_every_spelling_unless_allowed(
    strict, lenient, scheme, host
):
    url = f"{scheme}://{host}:8443/x.git"
    with pytest.raises(RepositoryUnavailable, match="HANDRAIL_ALLOW_PRIVATE_HOSTS=1"):
        resolve_host(url, strict)

    assert resolve_host(url, lenient).port == 8443


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data", "ftp://8.8.8.8/x", "git://8.8.8.8/x", "8.8.8.8",
        "https://8.8.8.8", "https://8.8.8.8?/x", "https://8.8.8.8#@127.0.0.1/x",
        "https://8.8.8.8\\/x", "https://8.8.8.8\t/x", "https://8.8.8.8\n/x", "https://8.8.8.8 /x",
        "https://%31%32%37.0.0.1/x", "https://127。0。0。1/x", "https://8.8.8.8./x",
        "https://[8.8.8.8/x", "https:///x", "https://-x/y", "https://8.8.8.8:/x",
        "https://8.8.8.8:port/x", "https://8.8.8.8:４４３/x", "ssh://-oProxyCommand=id/x", "ssh://-oProxyCommand=id@8.8.8.8/x",
        "git@8.8.8.8:x.git", "HTTPS://8.8.8.8/x", "https://$HOME/x",
    ],
)  # fmt: skip
def test_what_git_might_read_in_another_way_is_no_address(lenient, url):
    with pytest.raises(RepositoryUnavailable):
        resolve_host(url, lenient)


@pytest.mark.parametrize(
    "url",
    [
        "https://token@8.8.8.8/x", "https://user:secret@8.8.8.8/x", "ssh://git:secret@8.8.8.8/x",
        "http://user:secret@8.8.8.8/x", "https://a:secret@b@8.8.8.8/x",
    ],
)  # fmt: skip
def test_credentials_in_an_address_are_refused_and_not_repeated(lenient, url):
    with pytest.raises(RepositoryUnavailable, match="Give a token or a deploy key") as raised:
        resolve_host(url, lenient)

    assert "secret" not in str(raised.value)


def test_a_host_that_cannot_be_found_is_named(strict):
    with pytest.raises(RepositoryUnavailable, match=f'The host "{"x" * 64}" of .* cannot be found'):
        resolve_host(f"https://{'x' * 64}/guides.git", strict)


@pytest.mark.parametrize(
    ("url", "settings", "ssh_options"),
    [
        (
            "https://8.8.8.8/x",
            {"http.curloptResolve": "8.8.8.8:443:8.8.8.8"},
            "HostName=8.8.8.8 HostKeyAlias=[8.8.8.8]:443",
        ),
        ("https://[2606:4700::1]/x", {}, "HostName=2606:4700::1 HostKeyAlias=[2606:4700::1]:443"),
        (
            "ssh://git@8.8.4.4/x",
            {"http.curloptResolve": "8.8.4.4:22:8.8.4.4"},
            "HostName=8.8.4.4 HostKeyAlias=8.8.4.4",
        ),
        (
            "ssh://git@8.8.4.4:2222/x",
            {"http.curloptResolve": "8.8.4.4:2222:8.8.4.4"},
            "HostName=8.8.4.4 HostKeyAlias=[8.8.4.4]:2222",
        ),
    ],
)
def test_git_and_ssh_are_told_the_addresses_that_were_looked_at(strict, url, settings, ssh_options):
    way = transport(url, "main", strict)

    assert way.settings == settings
    assert [each for each in way.ssh_options if each != "-o"] == ssh_options.split()


@pytest.mark.parametrize("branch", ["main", "v1", "release/2.x", "feature_1-a", "a" * 201])
def test_a_branch_is_a_plain_name(tmp_path, branch):
    allowed = Settings(tmp_path, None, "secret", "http://localhost", allow_local_repositories=True)

    assert transport("/srv/guides.git", branch, allowed).variables["GIT_ALLOW_PROTOCOL"] == "file"


@pytest.mark.parametrize(
    "branch",
    [
        "--exec=id", "-x", "a..b", "..", "../main", "a b", "a\n", "a\tb", "a:b", "+main", "^main", "~1",
        "a*", "a?", "a[b", "a\\b", "a@{1}", "/main", ".hidden", "", "a" * 202, "ä",
    ],
)  # fmt: skip
def test_what_git_might_take_for_an_option_or_a_range_is_no_branch(tmp_path, branch):
    allowed = Settings(tmp_path, None, "secret", "http://localhost", allow_local_repositories=True)
    with pytest.raises(RepositoryUnavailable, match="cannot be a branch name"):
        transport("/srv/guides.git", branch, allowed)


def test_git_may_read_a_folder_only_where_that_is_allowed_and_the_given_authorities_else(tmp_path):
    local = Settings(
        tmp_path, None, "secret", "http://localhost", allow_private_hosts=True,
        allow_local_repositories=True, git_ca_file=tmp_path / "ca.pem",
    )  # fmt: skip
    there = transport("https://127.0.0.1/x.git", "main", local).variables
    assert there == {"GIT_ALLOW_PROTOCOL": "https:ssh", "GIT_SSL_CAINFO": str(tmp_path / "ca.pem")}
    assert transport(str(tmp_path), "main", local).variables["GIT_ALLOW_PROTOCOL"] == "file"
    usual = replace(local, allow_local_repositories=False, git_ca_file=None)
    assert transport("https://127.0.0.1/x.git", "main", usual).variables == {
        "GIT_ALLOW_PROTOCOL": "https:ssh"
    }
    with pytest.raises(SourceInvalid):
        transport(str(tmp_path), "main", usual)
