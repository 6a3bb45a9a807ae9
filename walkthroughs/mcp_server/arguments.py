"""The arguments of the tools, checked; and what to say when they are wrong.

The schemas use what every client keeps: one type for each property, described at the property. What
assistants send for "not given" (null, an empty id) and for booleans ("true") is understood.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.json_schema import SkipJsonSchema

from walkthroughs.errors import HandrailError

M = TypeVar("M", bound="Arguments")
#: What an id is made of. No look into the database is needed to refuse another.
ID_PATTERN = r"^[A-Za-z0-9_-]{1,80}$"
_MAX_QUERY = 200
_MAX_PAGE = 1000
_BOOLEANS = {"true": True, "false": False}

Id = Annotated[str, Field(pattern=ID_PATTERN)]
WalkthroughId = Annotated[Id, Field(description="An id from list_walkthroughs.")]


class Arguments(BaseModel):
    """What every tool's arguments have in common: nothing unknown, and nothing else converted."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def understand(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Drop what stands for "not given"; read booleans that were sent as words."""
        return {
            name: _BOOLEANS.get(value.lower(), value)
            if isinstance(value, str) and name in cls._booleans()
            else value
            for name, value in given.items()
            if name not in cls.model_fields or (value is not None and value != "")
        }

    @classmethod
    def _booleans(cls) -> set[str]:
        return {name for name, field in cls.model_fields.items() if field.annotation is bool}


class ListWalkthroughs(Arguments):
    """Which walkthroughs; all of them when nothing is given."""

    query: str | SkipJsonSchema[None] = Field(
        default=None,
        max_length=_MAX_QUERY,
        description="Words to look for in titles and descriptions.",
    )
    page: int = Field(default=1, ge=1, le=_MAX_PAGE, description="Counted from 1.")


class SelectWalkthrough(Arguments):
    """Which walkthrough, and whether to go on where the learner left it."""

    walkthrough_id: WalkthroughId
    resume_if_exists: bool = Field(
        default=True,
        description="False begins a new attempt at the first step; what was done is kept apart.",
    )


class NextWalkthroughStep(Arguments):
    """The step that the learner has just done."""

    current_step_id: Id | SkipJsonSchema[None] = Field(
        default=None,
        description="The id of the step the learner has done. Repeating a call is safe.",
    )


class GetWalkthroughStatus(Arguments):
    """Which walkthrough, and perhaps a step of it to show again."""

    walkthrough_id: WalkthroughId
    step_id: Id | SkipJsonSchema[None] = Field(
        default=None, description="A step that the learner has reached, to show it again."
    )
    position: int | SkipJsonSchema[None] = Field(
        default=None, description="The same by its number, counted from 1."
    )


class ResetWalkthroughProgress(Arguments):
    """Which walkthrough, and that the learner has agreed."""

    walkthrough_id: WalkthroughId
    confirm: bool = Field(description="True only after the learner has agreed.")


class ArgumentsInvalid(HandrailError):
    """A tool was called with arguments that do not fit."""


def parse_arguments(model: type[M], tool: str, given: dict[str, Any] | None) -> M:
    """Return the arguments as a value.

    Raises:
        ArgumentsInvalid: the message names the argument, what is wrong, and what fits.
    """
    try:
        return model.model_validate(given or {})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = str(first["loc"][0])[:80]  # what follows names a branch of the type
        raise ArgumentsInvalid(
            f'{tool} was called with an argument that does not fit: "{name}": {first["msg"]}. '
            f"It takes {_signature(model)}. Correct it and call again."
        ) from error


def input_schema(model: type[Arguments]) -> dict[str, Any]:
    """Return the JSON schema of the arguments, without what says nothing to a model."""
    schema = model.model_json_schema()
    for word in ("title", "description"):
        schema.pop(word, None)
    for field in schema["properties"].values():
        field.pop("title", None)
        if field.get("default", 0) is None:
            del field["default"]
    return {"type": "object", "required": [], **schema}


def _signature(model: type[Arguments]) -> str:
    fields = [
        f"{name} ({'required' if field.is_required() else 'optional'})"
        for name, field in model.model_fields.items()
    ]
    return ", ".join(fields) or "no arguments"
