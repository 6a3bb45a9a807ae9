"""The rows that belong to a learner, in whichever table, and the locks on them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import FromClause, Table, select
from sqlalchemy.orm import Session

from walkthroughs.models.base import Base
from walkthroughs.models.oauth import OAuthCode
from walkthroughs.models.servers import McpServerUser

#: The column by which a table names a learner.
LEARNER_COLUMN = "mcp_server_user_id"


def tables_of_learners() -> list[Table]:
    """Return each table whose rows belong to a learner; their rows go when the learner goes."""
    learners: FromClause = McpServerUser.__table__
    return [
        table
        for table in Base.metadata.sorted_tables
        if any(key.referred_table is learners for key in table.foreign_key_constraints)
    ]


def lock_learners(
    session: Session, organization_id: str, ids: Sequence[str]
) -> list[McpServerUser]:
    """Lock learners until the end of the transaction; return those that are there, by id.

    Nothing that belongs to them is added meanwhile: each new row would have to lock its learner.
    """
    # An app that exchanges a code has locked it before it needs the learner: codes come first.
    codes = (
        select(OAuthCode.id)
        .where(OAuthCode.organization_id == organization_id, OAuthCode.mcp_server_user_id.in_(ids))
        .order_by(OAuthCode.id)
        .with_for_update()
    )
    session.execute(codes).all()
    learners = (
        select(McpServerUser)
        .where(McpServerUser.organization_id == organization_id, McpServerUser.id.in_(ids))
        .order_by(McpServerUser.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(learners))
