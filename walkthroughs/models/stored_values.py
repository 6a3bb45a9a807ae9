"""Values that columns hold as JSON: they are dataclasses on the Python side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, TypeVar

from sqlalchemy import Dialect
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class AwaitingApproval:
    """A plan that needs an approval.

    Attributes:
        commit: what it is a plan of.
        reasons: why it needs one, a sentence each.
        to: the older commit that a rollback goes to; none if it is no rollback.
    """

    commit: str
    fingerprint: str
    reasons: tuple[str, ...]
    to: str | None = None


@dataclass(frozen=True, slots=True)
class Approval:
    """An approval that a member gave in the dashboard, and that no worker has used yet."""

    fingerprint: str
    by: str
    to: str | None = None

    def __str__(self) -> str:
        return self.fingerprint


@dataclass(frozen=True, slots=True)
class PendingChange:
    """What the newest commit would do to one walkthrough, by its author's id."""

    id: str
    change: str


class StoredValue(TypeDecorator[V]):
    """One dataclass as a JSON object of its fields; none is NULL."""

    impl = JSONB(none_as_null=True)
    cache_ok = True

    def __init__(self, kind: type[V]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: V | None, dialect: Dialect) -> dict[str, Any] | None:
        """Return the object to store."""
        return None if value is None else _as_json(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> V | None:  # noqa: ANN401
        """Return the value that is stored."""
        return None if value is None else _from_json(self.kind, value)


class StoredValues(TypeDecorator[tuple[V, ...]]):
    """Dataclasses as a JSON array; none at all is an empty one."""

    impl = JSONB
    cache_ok = True

    def __init__(self, kind: type[V]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(
        self, value: Sequence[V] | None, dialect: Dialect
    ) -> list[dict[str, Any]]:
        """Return the array to store."""
        return [_as_json(each) for each in value or ()]

    def process_result_value(self, value: Any | None, dialect: Dialect) -> tuple[V, ...]:  # noqa: ANN401
        """Return the values that are stored."""
        return tuple(_from_json(self.kind, each) for each in value or ())


def _as_json(value: Any) -> dict[str, Any]:  # noqa: ANN401  any dataclass
    return asdict(value)


def _from_json(kind: type[V], stored: dict[str, Any]) -> V:
    """Return the value; leave out what another release may have stored beside its fields."""
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]  # a dataclass
    return kind(**{
        name: tuple(each) if isinstance(each, list) else each
        for name, each in stored.items() if name in known
    })  # fmt: skip
