"""MCP servers, their learners, and how learners are recognised."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import (
    CheckConstraint,
    Date,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from walkthroughs.enums import AuthType, SignIn
from walkthroughs.ids import id_factory, now_ms
from walkthroughs.models.base import (
    Scoped,
    Timestamped,
    db,
    enum_column,
    org_foreign_key,
    org_unique_key,
)

if TYPE_CHECKING:
    from walkthroughs.models.oidc import OidcProvider
    from walkthroughs.models.walkthroughs import Walkthrough


#: The pace of a new server, and the longest one that a server can have.
DEFAULT_PACE_SECONDS = 5
MAX_PACE_SECONDS = 120


class McpServer(Timestamped, Scoped, db.Model):  # type: ignore[name-defined]
    """One MCP endpoint of an organization. Slugs are addresses, so unique everywhere."""

    __tablename__ = "mcp_servers"
    __table_args__ = (
        org_unique_key("id"),
        Index(
            "uq_mcp_servers_verified_domain",
            "custom_domain",
            unique=True,
            postgresql_where=text("domain_verified_at IS NOT NULL"),
        ),
        # What is deleted with the organization goes with the server; nothing else deletes it.
        org_foreign_key("oidc_provider_id", "oidc_providers", ondelete=None),
        CheckConstraint(
            "(auth_type::text = 'oidc') = (oidc_provider_id IS NOT NULL)",
            name="oidc_names_its_provider",
        ),
        CheckConstraint(
            f"pace_seconds BETWEEN 0 AND {MAX_PACE_SECONDS}", name="pace_is_0_to_120_seconds"
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=id_factory("srv"))
    slug: Mapped[str] = mapped_column(unique=True)
    custom_domain: Mapped[str | None]
    #: When its owner proved the domain. Requests to it find this server from then on.
    domain_verified_at: Mapped[int | None]
    #: When it was last looked whether the domain leads here, and why it does not, as a sentence.
    domain_checked_at: Mapped[int | None]
    domain_fault: Mapped[str | None]
    name: Mapped[str]
    instructions: Mapped[str | None]
    auth_type: Mapped[AuthType] = mapped_column(
        enum_column(AuthType, "mcp_server_auth"),
        default=AuthType.PERSONAL_LINK,
    )
    #: Nothing to a server that is reached by personal links only.
    sign_in: Mapped[SignIn] = mapped_column(
        enum_column(SignIn, "mcp_server_sign_in"),
        default=SignIn.AT_CONNECT,
        server_default=text(f"'{SignIn.AT_CONNECT}'"),
    )
    #: Where learners sign in, if they do so at a provider.
    oidc_provider_id: Mapped[str | None]
    walkthrough_tools_enabled: Mapped[bool] = mapped_column(default=True)
    #: How long a step that was shown cannot be completed. 0: the server holds nobody back.
    pace_seconds: Mapped[int] = mapped_column(
        Integer, default=DEFAULT_PACE_SECONDS, server_default=text(f"{DEFAULT_PACE_SECONDS}")
    )

    assignments: Mapped[list[McpServerWalkthrough]] = relationship(
        viewonly=True,
        primaryjoin="McpServer.id == foreign(McpServerWalkthrough.mcp_server_id)",
        order_by="McpServerWalkthrough.display_order",
    )

    oidc_provider: Mapped[OidcProvider | None] = relationship(
        viewonly=True, primaryjoin="foreign(McpServer.oidc_provider_id) == OidcProvider.id"
    )

    @property
    def served_domain(self) -> str | None:
        """Return its own domain, if its owner has proved it; requests to it find this server."""
        return self.custom_domain if self.domain_verified_at else None

    @validates("custom_domain")
    def _forget_proof(self, _: str, domain: str | None) -> str | None:
        if domain != self.custom_domain:
            self.domain_verified_at = self.domain_checked_at = self.domain_fault = None
        return domain

    def __str__(self) -> str:
        return self.name


class ServerCall(Scoped, db.Model):  # type: ignore[name-defined]
    """The last call of an assistant that a server has noted. Calls for a step are never noted."""

    __tablename__ = "server_calls"
    __table_args__ = (org_foreign_key("mcp_server_id", "mcp_servers"),)

    mcp_server_id: Mapped[str] = mapped_column(primary_key=True)
    #: What the assistant calls itself; none if it does not say.
    client: Mapped[str | None]
    called_at: Mapped[int]
    #: How many walkthroughs it was told of; none if it only connected.
    listed: Mapped[int | None]


class McpServerUser(Timestamped, Scoped, db.Model):  # type: ignore[name-defined]
    """A learner: known to all servers of the organization, so progress is one."""

    __tablename__ = "mcp_server_user"
    __table_args__ = (
        org_unique_key("id"),
        UniqueConstraint("organization_id", "email"),
        Index(None, "organization_id", "active_on", "id"),
        # The order of lists.
        Index(None, "organization_id", "email", "id"),
        Index(
            "ix_mcp_server_user_domain", "organization_id", text("split_part(email, '@'::text, 2)")
        ),
        # Those who have begun nothing.
        Index(
            "ix_mcp_server_user_inactive",
            "organization_id",
            "email",
            "id",
            postgresql_where=text("active_on IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=id_factory("msu"))
    #: None of a learner whom a provider knows without a verified address. Sorted letter by letter,
    #: whichever order the database has: an index then finds beginnings, too.
    email: Mapped[str | None] = mapped_column(Text(collation="C"))
    #: The last day (UTC) on which they did anything, as far as events were moved.
    active_on: Mapped[date | None] = mapped_column(Date)

    def __str__(self) -> str:
        return self.email or self.id


class PersonalLink(Timestamped, Scoped, db.Model):  # type: ignore[name-defined]
    """A secret address of one server for one learner. Only its hash is kept."""

    __tablename__ = "personal_links"
    __table_args__ = (
        org_unique_key("id"),
        org_foreign_key("mcp_server_id", "mcp_servers"),
        org_foreign_key("mcp_server_user_id", "mcp_server_user"),
        Index(None, "organization_id", "mcp_server_user_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=id_factory("lnk"))
    mcp_server_id: Mapped[str]
    mcp_server_user_id: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    revoked_at: Mapped[int | None]

    mcp_server: Mapped[McpServer] = relationship(viewonly=True)
    mcp_server_user: Mapped[McpServerUser] = relationship(viewonly=True)

    def __str__(self) -> str:
        return f"Link of {self.mcp_server_user} to {self.mcp_server}"


class McpServerWalkthrough(Scoped, db.Model):  # type: ignore[name-defined]
    """An assignment: a walkthrough on a server, in order, on or off."""

    __tablename__ = "mcp_server_walkthroughs"
    __table_args__ = (
        org_unique_key("id"),
        UniqueConstraint("mcp_server_id", "walkthrough_id"),
        org_foreign_key("mcp_server_id", "mcp_servers"),
        org_foreign_key("walkthrough_id", "walkthroughs"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=id_factory("msw"))
    mcp_server_id: Mapped[str]
    walkthrough_id: Mapped[str] = mapped_column(index=True)
    display_order: Mapped[int] = mapped_column(default=0)
    is_enabled: Mapped[bool] = mapped_column(default=True)
    #: Whether a manifest asked for it.
    is_from_git: Mapped[bool] = mapped_column(default=False, server_default=false())
    assigned_at: Mapped[int] = mapped_column(default=now_ms)

    # Writable on one column only: the organization is set by the row's own maker.
    mcp_server: Mapped[McpServer] = relationship(
        primaryjoin="foreign(McpServerWalkthrough.mcp_server_id) == McpServer.id"
    )
    walkthrough: Mapped[Walkthrough] = relationship(
        primaryjoin="foreign(McpServerWalkthrough.walkthrough_id) == Walkthrough.id"
    )

    def __str__(self) -> str:
        return f"{self.walkthrough} on {self.mcp_server}"
