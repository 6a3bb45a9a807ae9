"""Codes go out by a mail server that wants TLS and a password; what fails there stays there."""

from __future__ import annotations

import ssl
from contextlib import contextmanager

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.certificates import make_certificate
from tests.conftest import empty, settings_for
from tests.local_names import local_names
from tests.serving import free_port
from tests.signing_in import LEA, Browser, Mailbox, academy_served
from tests.waiting import PATIENCE
from walkthroughs.database.pool import connect

__all__ = ["local_names"]

_HOST, _PASSWORD = "mail.localhost", "p@ss:word/?"
_IN_A_URL = "p%40ss%3Aword%2F%3F"
#: What the server asks for, unless told otherwise.
_STRICT = ("require_starttls", "auth_required", "auth_require_tls")
_TOLD = "The e-mail could not be sent. Try again in a few minutes."


class StrictMailServer(Mailbox):
    """A mail server that takes messages over TLS, from one user. Its options can be changed."""

    def __init__(self, tls: ssl.SSLContext):
        super().__init__()
        self.tls, self.port, self.given = tls, free_port(), []
        self.controller = None

    def start(self, **options) -> None:
        """Serve with the usual options of a real server, but for those given."""
        usual = {"tls_context": self.tls, "authenticator": self._is_known}
        asked = usual | dict.fromkeys(_STRICT, True) | options
        self.controller = Controller(
            self, hostname="127.0.0.1", port=self.port, ready_timeout=PATIENCE, **asked
        )
        self.controller.start()

    def stop(self) -> None:
        """End it, and forget what came."""
        if self.controller:
            self.controller.stop()
        self.controller = None
        self.given.clear()
        self.messages.clear()

    def _is_known(self, _server, _session, _envelope, _mechanism, data) -> AuthResult:
        self.given.append((data.login, data.password))
        return AuthResult(success=(data.login, data.password) == (b"lms", _PASSWORD.encode()))

    async def handle_DATA(self, server, session, envelope):
        assert session.ssl
        assert session.authenticated
        return await super().handle_DATA(server, session, envelope)


@contextmanager
def strict(mail):
    yield f"smtp://lms:{_IN_A_URL}@{_HOST}:{mail.port}", mail


@pytest.fixture(scope="module")
def academy(postgres, tmp_path_factory, local_names):
    empty(postgres)
    database, folder = connect(postgres), tmp_path_factory.mktemp("mail")
    certificate = make_certificate(folder, _HOST)
    mail = StrictMailServer(served_by(certificate))
    with (
        pytest.MonkeyPatch.context() as patch,
        academy_served(database, settings_for(postgres, folder), mail=strict(mail)) as made,
    ):
        patch.setenv("SSL_CERT_FILE", str(certificate))
        yield made
    database.close()


def served_by(certificate):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def url(academy):
    return academy.authorize_url(academy.register()["client_id"])


@pytest.fixture
def mail(academy):
    """The mail server, which a test starts."""
    yield academy.mailbox
    academy.mailbox.stop()


def test_a_code_arrives_over_tls_with_a_password_of_any_characters(academy, mail, url):
    mail.start()
    answer = Browser(academy).allow(url)

    assert answer["code"]
    assert mail.given == [(b"lms", _PASSWORD.encode())]
    assert [message["To"] for message in mail.messages] == [LEA]


def other_password(mail, _folder):
    return {"authenticator": lambda *_: AuthResult(success=False, handled=False)}


def no_tls(_mail, _folder):
    return {"tls_context": None, **dict.fromkeys(_STRICT, False)}


def another_name(_mail, folder):
    return {"tls_context": served_by(make_certificate(folder, "other.localhost"))}


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (other_password, "SMTPAuthenticationError 535"),
        (no_tls, "_NoTls"),
        (another_name, "SSLCertVerificationError"),
        (None, "ConnectionRefusedError"),
    ],
    ids=["wrong password", "no TLS", "another host's certificate", "away"],
)
def test_a_code_that_cannot_be_sent_is_told_without_a_word_of_the_mail_server(
    academy, mail, url, tmp_path, caplog, made, reason
):
    if made:
        mail.start(**made(mail, tmp_path))
    page = Browser(academy).ask_code(url)
    logged = [record.getMessage() for record in caplog.records if "e-mail" in record.getMessage()]

    assert page.status_code == 200
    assert _TOLD in page.text
    assert f'value="{LEA}"' in page.text  # to be sent again with one click
    assert logged == [f"An e-mail was not sent: {reason}"]
    assert (mail.messages, mail.given) == ([], [])
    for secret in (_PASSWORD, _IN_A_URL, _HOST, "lms"):
        assert secret not in page.text + caplog.text
