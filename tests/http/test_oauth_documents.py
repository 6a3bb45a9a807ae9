"""Apps that describe themselves by a document: what is read, kept, and refused."""

import re
import threading
import time

import pytest

from tests.client_documents import academy, host
from tests.signing_in import Browser, redeem, sql
from walkthroughs.identity.document_reader import (
    DocumentReader,
    DocumentUnreadable,
    is_document_address,
)
from walkthroughs.identity.outside_http import is_public

__all__ = ["academy", "host"]


def page(academy, client_id):
    answer = Browser(academy).get(academy.authorize_url(client_id))
    return answer.status_code, re.sub(r"<[^>]+>", " ", answer.text)


def test_an_app_is_known_by_its_document_whose_host_the_consent_page_shows(academy, host):
    client_id = host.publish()
    browser = Browser(academy)
    shown = browser.consent_page(academy.authorize_url(client_id))
    code = browser.allow(academy.authorize_url(client_id))["code"]

    assert "described at <strong>localhost</strong>" in shown.text
    assert "Nobody has checked" not in shown.text
    assert redeem(academy, code, client_id).status_code == 200


def test_a_copy_is_kept_for_five_minutes_at_least_and_seven_days_when_the_host_is_away(
    academy, host
):
    client_id = host.publish(headers=[("Cache-Control", "no-store")])
    assert page(academy, client_id)[0] == page(academy, client_id)[0] == 200
    assert host.asked == 1
    sql(academy, "UPDATE client_documents SET fresh_until = fresh_until - 300001")
    assert page(academy, client_id)[0] == 200
    assert host.asked == 2
    host.publish(status=503)
    sql(academy, "UPDATE client_documents SET fresh_until = 0")
    assert page(academy, client_id)[0] == 200
    assert host.asked == 3
    sql(academy, "UPDATE client_documents SET fetched_at = fetched_at - 604800001")
    status, told = page(academy, client_id)

    assert status == 400
    assert "The app cannot be checked" in told


REFUSED = [
    {"client_id": "https://other.example/client.json"}, {"client_id": None},
    {"redirect_uris": ["http://evil.example/"]}, {"redirect_uris": []}, {"padding": "x" * 65_536},
    {"client_secret": "x"}, {"token_endpoint_auth_method": "client_secret_basic"},
    {"status": 301}, {"status": 404},
]  # fmt: skip


def test_a_document_of_another_app_too_large_or_moved_is_refused(academy, host, subtests):
    for number, metadata in enumerate(REFUSED, 1):
        with subtests.test(case=repr(metadata)[:80]):
            status, told = page(academy, host.publish(f"{number}.json", **metadata))

            assert (status, "The app cannot be checked" in told) == (400, True)
            assert host.asked == number, "each is read"


def test_what_is_refused_is_not_answered_from_a_copy(academy, host):
    client_id = host.publish()
    assert page(academy, client_id)[0] == 200
    sql(academy, "UPDATE client_documents SET fresh_until = 0")
    host.publish(client_id="https://other.example/client.json")

    assert page(academy, client_id)[0] == 400


def test_a_host_that_sends_a_byte_a_second_is_given_up_after_five(host):
    def drip(request):
        request.send_response(200)
        request.end_headers()
        while True:
            request.wfile.write(b" ")
            request.wfile.flush()
            threading.Event().wait(0.5)

    host.answers["/slow.json"] = drip
    begun = time.monotonic()
    with pytest.raises(DocumentUnreadable):
        host.reader.read(host.address("slow.json"))

    assert time.monotonic() - begun > 4


def test_a_host_of_our_own_network_is_not_asked(host):
    with pytest.raises(DocumentUnreadable, match="not on the Internet"):
        DocumentReader(context=host.reader.context).read(host.publish())

    assert host.asked == 0


@pytest.mark.parametrize("address", [
    "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1",
    "224.0.0.1", "255.255.255.255", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "::ffff:10.0.0.1",
    "64:ff9b::7f00:1", "2002:7f00:1::", "::", "ff02::1",
])  # fmt: skip
def test_no_private_address_is_public_however_it_is_written(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::1111", "::ffff:93.184.215.14"])
def test_addresses_of_the_internet_are_public(address):
    assert is_public(address)


@pytest.mark.parametrize(("client_id", "is_one"), [
    ("https://app.example/client.json", True),
    ("https://claude.ai/oauth/claude-code-client-metadata", True),
    ("https://app.example:8443/a/b.json", True),
    ("https://app.example/", False),
    ("https://app.example", False),
    ("http://app.example/client.json", False),
    ("https://app.example/client.json?x=y", False),
    ("https://app.example/client.json#x", False),
    ("https://user@app.example/client.json", False),
    ("https://app.example/../client.json", False),
    ("https://app.example/./client.json", False),
    ("https://127.0.0.1/client.json", False),
    ("https://[::1]/client.json", False),
    ("https://2130706433/client.json", False),
    ("https://app.example/\r\nHost: x", False),
    ("https://app.example/" + "x" * 500, False),
    ("https://APP.example/client.json", False),
])  # fmt: skip
def test_which_ids_are_addresses_of_documents(client_id, is_one):
    assert is_document_address(client_id) is is_one
