"""E-mail to members and to people who are invited."""

from __future__ import annotations

from admin.access.passwords import link_token
from walkthroughs.addresses import password_link
from walkthroughs.enums import Role
from walkthroughs.identity.mail import send_mail
from walkthroughs.models import User
from walkthroughs.settings import Settings

_INVITATION = """\
{inviter} invites you to {organization} on Handrail, as {role}.

Open this link to join. It works once, within a week:

{link}

Whoever has the link can join in your place, so keep it to yourself. If you do
not know what this is about, ignore it.
"""
_CHOOSE = """\
Somebody asked for a new password for {email} on Handrail.

Choose one with this link. It works once, within a day:

{link}

If it was not you, ignore this message: your password stays as it is.
"""


def send_invitation(
    settings: Settings, email: str, link: str, organization: str, role: Role, inviter: str
) -> None:
    """Send an invitation's link to whom it is for.

    Raises:
        MailNotSent: the mail server did not take it.
    """
    text = _INVITATION.format(inviter=inviter, organization=organization, role=role, link=link)
    send_mail(settings, email, f"{_line(organization)} on Handrail: an invitation", text)


def send_password_link(settings: Settings, user: User) -> None:
    """Send the person a link to choose a password.

    Raises:
        MailNotSent: the mail server did not take it.
    """
    link = password_link(settings.base_url, link_token(settings, user))
    text = _CHOOSE.format(email=user.email, link=link)
    send_mail(settings, user.email, "Handrail: choose a new password", text)


def _line(text: str) -> str:
    """Return *text* as one line: a header has no other."""
    return " ".join(text.split())
