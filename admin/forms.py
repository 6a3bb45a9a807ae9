"""The forms, and the checks of their fields before anything is stored."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from flask_admin.form import BaseForm
from wtforms import BooleanField, EmailField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import (
    DataRequired,
    InputRequired,
    Length,
    NumberRange,
    Optional,
    Regexp,
    ValidationError,
)

from walkthroughs.addresses import EMAIL_PATTERN, domain_fault, slug_fault
from walkthroughs.content.step_text import refusals
from walkthroughs.enums import AuthType, SignIn
from walkthroughs.models import DEFAULT_PACE_SECONDS, MAX_PACE_SECONDS
from walkthroughs.runtime import runtime

#: How a server knows its learners: the value, its name, and what it means. One entry for each.
AUTH_TYPES = (
    (AuthType.PERSONAL_LINK, "Personal link", "each learner has a secret address of their own"),
    (
        AuthType.OAUTH,
        "E-mail code",
        "learners need nothing but the server's address, and sign in with a code that comes by "
        "e-mail; personal links work as well",
    ),
    (
        AuthType.OIDC,
        "Your own provider",
        "learners sign in where your organization's people do (OpenID Connect); personal links "
        "work as well",
    ),
)
#: When a server with sign-in asks for it.
SIGN_INS = (
    (
        SignIn.AT_CONNECT,
        "At connect",
        "nobody is served without a sign-in or a personal link; every assistant understands it",
    ),
    (
        SignIn.WHEN_NEEDED,
        "When needed",
        "anybody may see what there is; some assistants fail at the first step and never ask the "
        "learner to sign in",
    ),
)
_LINE = (DataRequired("It cannot be empty."), Length(max=200))
_EMAIL = Regexp(rf"{EMAIL_PATTERN.pattern}\Z", message="An address such as lea@example.com.")


def meaning_of(words: tuple[Any, ...], value: StrEnum) -> tuple[str, str]:
    """Return the name of one of the fixed *words*, and what it means."""
    return next(
        ((name, meaning) for each, name, meaning in words if each is value), (str(value), "")
    )


def _refuse_slug(_: Any, field: Any) -> None:  # noqa: ANN401  WTForms' protocol
    if fault := slug_fault(field.data or ""):
        raise ValidationError(fault)


def _refuse_domain(_: Any, field: Any) -> None:  # noqa: ANN401  WTForms' protocol
    if fault := domain_fault(field.data, runtime().settings.base_host):
        raise ValidationError(fault)


def no_hidden_characters(_: Any, field: Any) -> None:  # noqa: ANN401  WTForms' protocol
    """Refuse hidden characters and other text that the parser of files refuses."""
    problems = refusals((field.data or "").replace("\r\n", "\n"))
    if problems:
        message = f"Line {problems[0].line}: {problems[0].message}."
        raise ValidationError(message)


def text_of(typed: str | None) -> str | None:
    """Return the text of a field with line endings as in files; none if it is empty."""
    return (typed or "").replace("\r\n", "\n").strip("\n") or None


def _markdown(label: str, description: str, *validators: Any) -> TextAreaField:  # noqa: ANN401
    return TextAreaField(
        label,
        validators=[*validators, Length(max=65_536), no_hidden_characters],
        description=description,
        render_kw={"class": "markdown", "spellcheck": "true"},
    )


class _WordField(SelectField):
    """A choice of one of the fixed words, with a sentence on what each means."""

    def __init__(self, label: str, words: tuple[Any, ...], intro: str = "", **more: object) -> None:
        meanings = (f"{name}: {meaning}." for _, name, meaning in words)
        kind: type[StrEnum] = type(words[0][0])
        super().__init__(
            label,
            choices=[SelectChoice(value, name) for value, name, _ in words],
            coerce=kind,
            default=words[0][0],
            description="\n".join((intro, *meanings)).strip(),
            **more,
        )


class _AuthField(_WordField):
    """How learners are known. The page saves it, since sign-ins of the kind before end."""

    def populate_obj(self, obj: object, name: str) -> None:
        """Leave the row as it is."""


class _ProviderField(SelectField):
    """Where learners sign in. It is saved with the field before."""

    def populate_obj(self, obj: object, name: str) -> None:
        """Leave the row as it is."""


class _ConfirmField(BooleanField):
    """A box to tick before something is saved that hurts. It is no part of the row."""

    def populate_obj(self, obj: object, name: str) -> None:
        """Leave the row as it is."""


class WalkthroughForm(BaseForm):
    """The title, description and state of a walkthrough."""

    title = StringField(validators=[*_LINE, no_hidden_characters])
    description = TextAreaField(
        validators=[Length(max=2000), no_hidden_characters],
        description="One or two sentences. The assistant reads them to the learner.",
    )
    estimated_minutes = IntegerField("Minutes", validators=[Optional(), NumberRange(1, 10_000)])
    is_published = BooleanField("Published", description="Learners see it where it is assigned.")


class StepForm(BaseForm):
    """A step: a field for the learner, for the assistant, and for the check."""

    title = StringField(validators=[*_LINE, no_hidden_characters])
    section_title = StringField(
        "Section",
        validators=[Length(max=200), no_hidden_characters],
        description="Steps in a row with the same section are shown together.",
    )
    content = _markdown(
        "For the learner",
        "Markdown. What the learner sees.",
        DataRequired("A step needs text for the learner."),
    )
    agent_instructions = _markdown(
        "For the assistant", "Markdown. How to teach this step; the learner does not see it."
    )
    verify = _markdown("Check", "Markdown. What must be true before going on.")
    position = IntegerField(
        "Place",
        validators=[Optional(), NumberRange(1, 500)],
        description="Counted from 1. Empty: at the end.",
    )


class NewStepForm(StepForm):
    """A new step and its walkthrough."""

    walkthrough_id = SelectField("Walkthrough", validators=[DataRequired()])


class ServerForm(BaseForm):
    """An MCP server."""

    name = StringField(validators=[DataRequired("It cannot be empty."), Length(max=200)])
    slug = StringField(
        validators=[DataRequired("It cannot be empty."), _refuse_slug],
        description="Part of the address that learners add to their assistant.",
    )
    confirm_slug = _ConfirmField()
    custom_domain = StringField(
        "Own domain",
        validators=[Optional(), _refuse_domain],
        filters=[lambda typed: (typed or "").strip().lower() or None],
        description="A domain of your own that leads here. It is served once it is verified.",
    )
    instructions = TextAreaField(
        validators=[Length(max=4000)],
        filters=[text_of],
        description="Sent to every assistant that connects, after Handrail's own rule.",
    )
    auth_type = _AuthField("Learners are known by", AUTH_TYPES)
    provider = _ProviderField(
        description="Where learners sign in, if they do so at your own provider.",
        choices=[],
        default="",
    )
    sign_in = _WordField(
        "Asks for a sign-in",
        SIGN_INS,
        "It means nothing where learners have personal links only.",
    )
    pace_seconds = IntegerField(
        "Pace in seconds",
        default=DEFAULT_PACE_SECONDS,
        validators=[Optional(), NumberRange(0, MAX_PACE_SECONDS)],
        filters=[lambda typed: DEFAULT_PACE_SECONDS if typed is None else typed],
        description="How long a step that was shown cannot be completed, so that no assistant "
        f"runs ahead of the learner. 0 holds nobody back. Empty: {DEFAULT_PACE_SECONDS}.",
    )
    walkthrough_tools_enabled = BooleanField("On", default=True)


class AssignmentForm(BaseForm):
    """A walkthrough on a server."""

    mcp_server_id = SelectField("Server", validators=[DataRequired()])
    walkthrough_id = SelectField("Walkthrough", validators=[DataRequired()])
    display_order = IntegerField(
        "Place", default=0, validators=[InputRequired(), NumberRange(0, 100_000)]
    )
    is_enabled = BooleanField("On", default=True)


class LinkForm(BaseForm):
    """A personal link."""

    mcp_server_id = SelectField("Server", validators=[DataRequired()])
    email = EmailField(
        "Learner's e-mail address", validators=[DataRequired("It cannot be empty."), _EMAIL]
    )
