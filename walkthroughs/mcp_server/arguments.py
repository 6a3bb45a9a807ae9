"""The arguments of the tools, checked; and what to say when they are wrong."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from walkthroughs.errors import HandrailError

M = TypeVar("M", bound="Arguments")
#: What an id is made of. No look into the database is needed to refuse another.
ID_PATTERN = r"^[A-Za-z0-9_-]{1,80}$"
WalkthroughId = Annotated[
    str, Field(pattern=ID_PATTERN, description="An id from list_walkthroughs.")
]


class Arguments(BaseModel):
    """What every tool's arguments have in common: nothing unknown, nothing converted."""

    model_config = ConfigDict(extra="forbid", strict=True)


class ListWalkthroughs(Arguments):
    """No arguments."""


class SelectWalkthrough(Arguments):
    """Which walkthrough, and whether to go on where the learner left it."""

    walkthrough_id: WalkthroughId
    resume_if_exists: bool = Field(
        default=True, description="False begins again at the first step, keeping nothing completed."
    )


class NextWalkthroughStep(Arguments):
    """The step that the learner has just done."""

    current_step_id: (
        Annotated[
            str,
            Field(
                pattern=ID_PATTERN,
                description="The id of the step the learner has done. Repeating a call is safe.",
            ),
        ]
        | None
    ) = None


class GetWalkthroughStatus(Arguments):
    """Which walkthrough."""

    walkthrough_id: WalkthroughId


class ResetWalkthroughProgress(Arguments):
    """Which walkthrough, and that the learner has agreed."""

    walkthrough_id: WalkthroughId
    confirm: bool = Field(description="True only after the learner has agreed.")


class ArgumentsInvalid(HandrailError):
    """A tool was called with arguments that do not fit."""


def check(model: type[M], tool: str, given: dict[str, Any] | None) -> M:
    """Return the arguments as a value.

    Raises:
        ArgumentsInvalid: the message names the argument, what is wrong, and what fits.
    """
    try:
        return model.model_validate(given or {})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = ".".join(map(str, first["loc"]))[:80]
        raise ArgumentsInvalid(
            f'{tool} was called with an argument that does not fit: "{name}": {first["msg"]}. '
            f"It takes {_signature(model)}. Correct it and call again."
        ) from error


def _signature(model: type[Arguments]) -> str:
    fields = [
        f"{name} ({'required' if field.is_required() else 'optional'})"
        for name, field in model.model_fields.items()
    ]
    return ", ".join(fields) or "no arguments"
