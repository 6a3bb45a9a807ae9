"""What every table shares: the declarative base, ids, and the organization key."""

from __future__ import annotations

from enum import StrEnum

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    BigInteger,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    MetaData,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column, registry

from walkthroughs.ids import now_ms

#: Constraint names that migrations can refer to.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The declarative base of all tables."""

    registry = registry(
        metadata=MetaData(naming_convention=NAMING),
        type_annotation_map={str: Text, int: BigInteger},
    )


#: The Flask side of the same tables; the dashboard's session. It holds no engine until an app does.
db = SQLAlchemy(model_class=Base)


class Timestamped:
    """Rows that know when they were made, in epoch milliseconds."""

    created_at: Mapped[int] = mapped_column(default=now_ms)


class Scoped:
    """Rows that belong to one organization.

    `unique (organization_id, id)` is what other tables' composite foreign keys
    point at, so that the database refuses a reference across organizations.
    """

    @declared_attr
    @classmethod
    def organization_id(cls) -> Mapped[str]:
        """Return the column that says whose row this is."""
        return mapped_column(ForeignKey("organization.id", ondelete="CASCADE"))


def org_unique_key(*columns: str) -> UniqueConstraint:
    """Return the unique key that composite foreign keys point at."""
    return UniqueConstraint("organization_id", *columns)


def org_foreign_key(
    column: str, table: str, *, ondelete: str | None = "CASCADE", **options: bool | str
) -> ForeignKeyConstraint:
    """Return a foreign key on *column* that stays inside the organization."""
    return ForeignKeyConstraint(
        ["organization_id", column],
        [f"{table}.organization_id", f"{table}.id"],
        ondelete=ondelete,
        **options,  # type: ignore[arg-type]  # deferrable and initially, passed through
    )


def enum_column(kind: type[StrEnum], name: str) -> Enum:
    """Return the column type that stores the values of *kind*, not its members' names."""
    return Enum(kind, name=name, values_callable=lambda each: [member.value for member in each])
