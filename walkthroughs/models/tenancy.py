"""Organizations, and the people who sign in for them."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from walkthroughs.enums import Role, Theme
from walkthroughs.ids import id_factory, now_ms
from walkthroughs.models.base import Scoped, Timestamped, db, enum_column, org_unique_key


class Organization(Timestamped, db.Model):  # type: ignore[name-defined]
    """A tenant. Everything else belongs to exactly one."""

    __tablename__ = "organization"

    id: Mapped[str] = mapped_column(primary_key=True, default=id_factory("org"))
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]

    def __str__(self) -> str:
        return self.name


class User(Timestamped, db.Model):  # type: ignore[name-defined]
    """A person with an e-mail address and a password. The columns are Flask-Security's."""

    __tablename__ = "user"

    id: Mapped[str] = mapped_column(primary_key=True, default=id_factory("usr"))
    email: Mapped[str] = mapped_column(unique=True)
    password: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    #: Changes whenever all sessions of the person must end.
    fs_uniquifier: Mapped[str] = mapped_column(unique=True)
    #: The colours of the dashboard: a value of `Theme`.
    theme: Mapped[str] = mapped_column(default=Theme.SYSTEM.value, server_default=text("'system'"))
    #: Whether they write in a plain text area, not in the editor with colours and keys.
    plain_editor: Mapped[bool] = mapped_column(default=False, server_default=text("false"))

    members: Mapped[list[Member]] = relationship(back_populates="user")

    def __str__(self) -> str:
        return self.email


class Member(Timestamped, Scoped, db.Model):  # type: ignore[name-defined]
    """A user's role in an organization."""

    __tablename__ = "member"
    __table_args__ = (org_unique_key("id"), UniqueConstraint("organization_id", "user_id"))

    id: Mapped[str] = mapped_column(primary_key=True, default=id_factory("mem"))
    user_id: Mapped[str] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    role: Mapped[Role] = mapped_column(enum_column(Role, "member_role"))
    #: When they last opened a page of the organization, to the minute.
    last_seen_at: Mapped[int | None]

    organization: Mapped[Organization] = relationship()
    user: Mapped[User] = relationship(back_populates="members")

    def __str__(self) -> str:
        return f"{self.user} ({self.role})"


class UserSession(Timestamped, db.Model):  # type: ignore[name-defined]
    """A signed-in browser. Without its row, the cookie opens nothing."""

    __tablename__ = "user_session"

    id: Mapped[str] = mapped_column(primary_key=True, default=id_factory("ses"))
    user_id: Mapped[str] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    #: Hash of the random token that the cookie holds.
    token_hash: Mapped[str] = mapped_column(unique=True)
    #: When it was last used, to the minute.
    last_used_at: Mapped[int | None]
    #: What the browser called itself at sign-in.
    user_agent: Mapped[str | None]


class SignInFailure(db.Model):  # type: ignore[name-defined]
    """A sign-in that failed, counted once for the account and once for the address."""

    __tablename__ = "sign_in_failure"
    __table_args__ = (Index(None, "counted_for", "failed_at"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=id_factory("sif"))
    #: `account:` or `address:`, then a hash: what somebody typed may be a password.
    counted_for: Mapped[str]
    failed_at: Mapped[int] = mapped_column(default=now_ms)
