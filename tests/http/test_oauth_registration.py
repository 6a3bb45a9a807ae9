"""Registration is lenient with what apps say, and strict with where answers go."""

import json
from dataclasses import replace

import httpx

from tests.signing_in import CALLBACK, Browser
from walkthroughs.identity.clients import registered_client


def register(academy, body):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx.post(f"{academy.oauth}/register", content=content)


ODD_METADATA = [
    {"scope": ""}, {"scope": None}, {"scope": "openid offline_access"}, {"contacts": [1, {}]},
    {"client_name": None}, {"client_name": 7}, {"token_endpoint_auth_method": None},
    {"application_type": "web"}, {"grant_types": None, "response_types": ["code", "token"]},
    {"redirect_uris": [CALLBACK, "https://vscode.dev/redirect", "cursor://anysphere/callback"]},
    {"software_statement": "x.y.z", "jwks": {"keys": []}, "unknown": {"deep": [[[]]]}},
]  # fmt: skip


def test_apps_that_say_too_much_or_too_little_are_registered_as_public_ones(academy, subtests):
    for more in ODD_METADATA:
        with subtests.test(case=repr(more)):
            answer = register(academy, {"client_name": "A", "redirect_uris": [CALLBACK]} | more)
            told = answer.json()

            assert answer.status_code == 201
            assert told["token_endpoint_auth_method"] == "none"
            assert "client_secret" not in told
            assert told["client_id"]


NO_REDIRECTS = [
    "javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "file:///etc/passwd",
    "http://evil.example/callback", "http://localhost.evil.example/", "http://user@localhost/",
    "https://user:x@good.example/", "https:///nowhere", "//good.example/", "/callback", "callback",
    "https://good.example/#here", "https://good.example/ x", "ms-msdt:/id", "vbscript:x", "",
    "http://[::1", "https://good.example/\u0000", "https://good.example\\@evil.example/",
    "blob:https://good.example/x", 7, None, {},
]  # fmt: skip


def test_an_answer_is_sent_to_sites_and_apps_only(academy, subtests):
    for uri in NO_REDIRECTS:
        with subtests.test(case=repr(uri)):
            answer = register(academy, {"redirect_uris": [CALLBACK, uri]})

            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_redirect_uri")


NO_REGISTRATIONS = [
    b"", b"{", b"[]", b"null", b'"x"', b"\xff", b"[" * 9_000, b'{"redirect_uris": []}',
    b'{"redirect_uris": "http://localhost/"}', b"{}",
    b'{"redirect_uris": ["http://localhost/"], "token_endpoint_auth_method": "private_key_jwt"}',
]  # fmt: skip


def test_what_is_no_registration_is_refused_in_words(academy, subtests):
    for body in NO_REGISTRATIONS:
        with subtests.test(case=repr(body)):
            answer = register(academy, body)

            assert answer.status_code == 400
            assert answer.json()["error_description"]


def test_a_registration_has_sixteen_kibibytes_at_most(academy):
    assert register(academy, {"redirect_uris": [CALLBACK], "x": "y" * 16_000}).status_code == 201
    answer = register(academy, {"redirect_uris": [CALLBACK], "x": "y" * 17_000})

    assert (answer.status_code, answer.json()["error"]) == (413, "invalid_request")


def test_the_same_registration_is_the_same_app_and_stores_nothing(academy):
    first, second = (academy.register() for _ in range(2))
    assert first == second
    other = replace(academy.settings, given_secret_key="another secret key of an installation")

    assert registered_client(academy.settings.secret_keys, first["client_id"]).name == "Tester"
    assert registered_client(other.secret_keys, first["client_id"]) is None
    rotated = (*other.secret_keys, *academy.settings.secret_keys)
    assert registered_client(rotated, first["client_id"]).redirect_uris == (CALLBACK,)
    assert registered_client(academy.settings.secret_keys, first["client_id"][:-1]) is None


def test_an_app_that_asks_for_a_secret_gets_the_same_one_each_time(academy):
    first, second = (
        academy.register(token_endpoint_auth_method="client_secret_basic") for _ in range(2)
    )

    assert first["client_secret"] == second["client_secret"]
    assert first["client_secret_expires_at"] == 0


REDIRECTS = [
    (CALLBACK, CALLBACK, True),
    (CALLBACK, "http://127.0.0.1:1/callback", True),
    (CALLBACK, "http://127.0.0.1/callback", True),
    ("http://localhost/callback", "http://localhost:9/callback", True),
    ("http://[::1]/callback", "http://[::1]:9/callback", True),
    (CALLBACK, "http://localhost:7777/callback", False),
    (CALLBACK, "http://127.0.0.1:7777/callback/", False),
    (CALLBACK, "http://127.0.0.1:7777/callback?a=b", False),
    (CALLBACK, "https://127.0.0.1:7777/callback", False),
    (CALLBACK, "http://127.0.0.1:7777@evil.example/callback", False),
    (CALLBACK, "http://127.0.0.1:x/callback", False),
    ("https://good.example/cb", "https://good.example:444/cb", False),
    ("https://good.example/cb", "https://good.example/cb/../evil", False),
    ("https://good.example/cb", "https://evil.example/cb", False),
    ("cursor://a/cb", "cursor://b/cb", False),
]


def test_an_app_of_this_computer_chooses_its_port_and_all_else_is_exact(academy, subtests):
    for registered, asked, is_accepted in REDIRECTS:
        with subtests.test(case=asked):
            client_id = academy.register(redirect_uris=[registered])["client_id"]
            page = Browser(academy).get(academy.authorize_url(client_id, redirect_uri=asked))

            assert page.status_code == (200 if is_accepted else 400)
            assert "location" not in page.headers
