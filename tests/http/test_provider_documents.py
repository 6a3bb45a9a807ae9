"""A provider of OpenID Connect is asked for its document; who is away may come back."""

from functools import partial

import pytest

from tests.openid import provider_served, send
from walkthroughs.identity.outside_http import OutsideHttp
from walkthroughs.identity.provider_metadata import ProviderFailed, ask, discover
from walkthroughs.settings import Settings


def failed(work, *arguments):
    with pytest.raises(ProviderFailed) as raised:
        work(*arguments)
    return str(raised.value), raised.value.is_away


def test_a_provider_is_asked_and_one_that_is_away_is_told_from_one_that_is_wrong(tmp_path):
    settings = Settings(tmp_path, None, "secret", "http://localhost", allow_private_hosts=True)
    http, sent = OutsideHttp(lambda _: True), []

    def note(request):
        body = request.rfile.read(int(request.headers.get("content-length", 0)))
        sent.append((request.headers["accept"], request.headers["x-y"], body))
        send(request, {})

    with provider_served() as provider:
        issuer = provider.issuer
        provider.answers["/a"] = note
        ask(http, f"{issuer}/a")
        ask(http, f"{issuer}/a", {"Accept": "*/*", "X-Y": "z"})
        assert sent == [("application/json", None, b""), ("*/*", "z", b"")]

        for status in (404, 428, 430, 499):
            provider.answers["/a"] = partial(send, answer={}, status=status)
            assert ask(http, f"{issuer}/a").status == status
        for status in (429, 500, 503):
            provider.answers["/a"] = partial(send, answer={}, status=status)
            message = f"127.0.0.1 answered with status {status}."
            assert failed(ask, http, f"{issuer}/a") == (message, True)
        assert failed(ask, OutsideHttp(), issuer) == ("127.0.0.1 is not on the Internet.", False)

        assert discover(http, settings, issuer).token_endpoint == f"{issuer}/token"
        provider.asked.clear()
        assert "that of the issuer" in failed(discover, http, settings, f"{issuer}/")[0]
        said = f"The issuer http://{'x' * 193} does not begin with https://."
        assert failed(discover, http, settings, "http://" + "x" * 300) == (said, False)
        assert provider.asked == ["/.well-known/openid-configuration"]
    assert failed(ask, http, issuer) == ("127.0.0.1 did not answer.", True)
