"""Who may ask for a run: signatures and payloads of four hosts."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import Headers

from sync.webhook import is_signed, pushed_branches

BODY, SECRET = b'{"ref": "refs/heads/main"}', "s3cret"
HEX = hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest()
SHA1 = hmac.new(SECRET.encode(), BODY, hashlib.sha1).hexdigest()


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [
        ("X-Hub-Signature-256", f"sha256={HEX}", True),
        ("x-hub-signature-256", f"sha256={HEX}", True),
        ("X-Hub-Signature", f"sha256={HEX}", True),
        ("X-Gitea-Signature", HEX, True),
        ("X-Forgejo-Signature", HEX, True),
        ("X-Gitlab-Token", SECRET, True),
        ("X-Hub-Signature", f"sha1={SHA1}", False),
        ("X-Hub-Signature-256", HEX, False),
        ("X-Hub-Signature-256", "sha256=", False),
        ("X-Hub-Signature-256", "sha256=é", False),
        ("X-Gitlab-Token", "", False),
        ("X-Gitlab-Token", HEX, False),
        ("Authorization", SECRET, False),
    ],
)
def test_a_signature_is_accepted_or_not(name, value, accepted):
    assert is_signed(Headers([(name, value)]), BODY, SECRET) is accepted


@given(st.binary(max_size=40))
def test_no_other_body_fits_a_signature(body):
    assert is_signed(Headers([("X-Gitea-Signature", HEX)]), body, SECRET) == (body == BODY)


@pytest.mark.parametrize(
    ("payload", "branches"),
    [
        ({"ref": "refs/heads/main"}, {"main"}),
        ({"ref": "refs/heads/feature/x"}, {"feature/x"}),
        ({"ref": "refs/tags/main"}, set()),
        ({"zen": "ping"}, set()),
        ({"push": {"changes": [{"new": {"name": "main"}}, {"new": None}]}}, {"main"}),
        ({"push": {"changes": "x"}}, set()),
        ({"ref": 5, "push": []}, set()),
        ([], None),
        (None, None),
    ],
)
def test_the_branches_of_a_notification(payload, branches):
    assert pushed_branches(payload) == branches
