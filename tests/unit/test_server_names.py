"""Slugs and domains that a server can have."""

import pytest

from walkthroughs.addresses import domain_fault, slug_fault


@pytest.mark.parametrize("slug", ["acme", "a1", "acme-learn", "www2", "9lives"])
def test_a_plain_slug_is_accepted(slug):
    assert slug_fault(slug) is None


@pytest.mark.parametrize(
    "slug",
    [
        "www",
        "admin",
        "mail",
        "xn--bcher-kva",
        "a",
        "-a",
        "A",
        "a b",
        "a\n",
        "a.b",
        "ä",
        "a" * 64,
        "",
    ],
)
def test_a_slug_that_is_reserved_or_no_label_is_refused(slug):
    assert slug_fault(slug)


@pytest.mark.parametrize(
    "domain", ["learn.acme.example", "a.io", "xn--bcher-kva.example", "1.2.acme.example"]
)
def test_a_host_name_is_accepted(domain):
    assert domain_fault(domain, "handrail.example") is None


@pytest.mark.parametrize(
    "domain",
    [
        "handrail.example", "acme.handrail.example", "127.0.0.1", "10.0.0.5", "1.2.3", "....",
        "localhost", "db.internal", "printer.local", "acme", "a..b", ".acme.example", "acme.example.",
        "acme.example\n", "acme.example:8000", "https://acme.example", "acme.example/x", "-a.example",
        "a-.example", "Acme.Example", "a b.example", f"{'a' * 64}.example", f"{'a.' * 130}example",
        "ünder.example", "[::1]",
    ],
)  # fmt: skip
def test_what_is_no_host_name_or_is_ours_is_refused(domain):
    assert domain_fault(domain, "handrail.example")
