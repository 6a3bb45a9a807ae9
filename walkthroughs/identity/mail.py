"""Send an e-mail by the SMTP server of the settings."""

from __future__ import annotations

import logging
import smtplib
import ssl
import sys
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

from walkthroughs.errors import HandrailError
from walkthroughs.hosts import LOOPBACK
from walkthroughs.setting_values import CONSOLE
from walkthroughs.settings import Settings

_SECONDS = 10
_PORTS = {"smtp": 587, "smtps": 465}
_log = logging.getLogger(__name__)


class MailNotSent(HandrailError):
    """The mail server did not take a message."""

    def __init__(self) -> None:
        super().__init__("The e-mail could not be sent. Try again in a few minutes.")


class _NoTls(smtplib.SMTPException):
    """The server offers no TLS, so the password is not sent to it."""


def send_mail(settings: Settings, to: str, subject: str, text: str) -> None:
    """Send a message of plain text, or print it where the settings say so.

    Raises:
        MailNotSent: the server is away, or takes no message to this address. The log says why.
    """
    if settings.smtp_url == CONSOLE:
        sys.stdout.write(f"\nE-mail to {to}\n{subject}\n\n{text}\n")
        sys.stdout.flush()
        return
    try:
        message = _message(settings, to, subject, text)
        with _connected(settings.smtp_url or "") as server:
            server.send_message(message, to_addrs=[to])
    except (OSError, smtplib.SMTPException, ValueError) as error:
        _log.warning("An e-mail was not sent: %s", _reason(error))
        raise MailNotSent from error


def find_trouble(settings: Settings) -> str | None:
    """Connect to the mail server, sign in there if that is asked for; return what fails."""
    try:
        with _connected(settings.smtp_url or ""):
            return None
    except (OSError, smtplib.SMTPException, ValueError) as error:
        return _reason(error)


def sender_address(settings: Settings) -> str:
    """Return the address that e-mail is sent from."""
    return settings.mail_from or f"handrail@{settings.base_host}"


def _message(settings: Settings, to: str, subject: str, text: str) -> EmailMessage:
    sender = sender_address(settings)
    message = EmailMessage()
    message["From"], message["To"] = Address(addr_spec=sender), Address(addr_spec=to)
    message["Subject"], message["Date"] = subject, formatdate()
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message


def _connected(url: str) -> smtplib.SMTP:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
    context = ssl.create_default_context()
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=_SECONDS, context=context)
    else:
        server = smtplib.SMTP(host, port, timeout=_SECONDS)
    try:
        server.ehlo()
        has_tls = parts.scheme == "smtps" or server.has_extn("starttls")
        if parts.scheme == "smtp" and has_tls:
            server.starttls(context=context)
            server.ehlo()
        if parts.username:
            _refuse_open(has_tls or host in LOOPBACK)
            server.login(unquote(parts.username), unquote(parts.password or ""))
    except BaseException:
        server.close()
        raise
    return server


def _refuse_open(is_closed: bool) -> None:
    if not is_closed:
        raise _NoTls


def _reason(error: Exception) -> str:
    """Return why, without the addresses and texts that an answer of the server may repeat."""
    code = getattr(error, "smtp_code", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__
