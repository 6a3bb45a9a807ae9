"""Each rule of redirect addresses, at its edge."""

from walkthroughs.identity.redirects import (
    MAX_CHARACTERS,
    is_on_this_computer,
    matches,
    redirect_fault,
    redirect_host,
)

LONGEST = "https://app.test/".ljust(MAX_CHARACTERS, "x")


def test_each_rule_of_a_redirect_address_refuses_what_it_is_there_for():
    for uri in (
        LONGEST, "https://app.test", "https://app.test:8443/cb?x=1", "http://localhost/cb",
        "http://127.0.0.1:5/", "http://[::1]:5/cb", "com.app:/cb", "vscode://app/cb",
    ):  # fmt: skip
        assert redirect_fault(uri) is None, uri
    for uri, said in (
        (LONGEST + "x", "too many"),
        ("https://app.test/ x", "characters"),
        ('https://app.test/"', "characters"),
        ("", "characters"),
        ("/cb", "no absolute"),
        ("//app.test/cb", "no absolute"),
        ("1app:/cb", "no absolute"),
        ("https://app.test:port/cb", "no absolute"),
        ("https://[::1/cb", "no absolute"),
        ("https://app.test/cb#", "fragment"),
        ("javascript:alert(1)", "javascript"),
        ("ms-settings:x", "ms-settings"),
        ("https:///cb", "no host"),
        ("https://app.test@evil.test/cb", "a user"),
        ("http://@localhost/cb", "a user"),
        ("http://app.test/cb", "neither https"),
        ("http://localhost.evil.test/cb", "neither https"),
    ):
        assert said in (redirect_fault(uri) or "none"), uri


def test_only_an_app_of_this_computer_may_come_back_with_another_port():
    here = "http://localhost:1/cb?x=1"
    assert matches(here, "http://localhost:2/cb?x=1")
    assert matches("http://[::1]/", "http://[::1]:2/")
    for other in (
        "http://127.0.0.1:1/cb?x=1", "http://localhost:1/other?x=1", "http://localhost:1/cb?x=2",
        "http://localhost:1/cb", "http://a@localhost:1/cb?x=1", "https://localhost:1/cb?x=1",
        "http://localhost:port/cb?x=1", "",
    ):  # fmt: skip
        assert not matches(here, other), other
        assert not matches(other, here), other
    for one, other in (
        ("https://localhost:1/", "https://localhost:2/"),
        ("http://app.test:1/", "http://app.test:2/"),
        ("http://a@localhost:1/", "http://a@localhost:2/"),
        ("com.app:/cb", "com.app:/other"),
        ("http://app.test:port/", "http://other.test:port/"),
    ):
        assert not matches(one, other), one
        assert matches(one, one)


def test_who_gets_the_answer_is_named():
    for uri, host, is_here in (
        ("https://app.test:8443/cb", "app.test", False),
        ("http://localhost:1/cb", "localhost", True),
        ("https://127.0.0.1/cb", "127.0.0.1", True),
        ("com.app:/cb", "com.app:", True),
        ("com.app://evil.test/cb", "com.app:", True),
    ):
        assert (redirect_host(uri), is_on_this_computer(uri)) == (host, is_here), uri
