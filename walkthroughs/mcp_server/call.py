"""What the endpoint found out about a request: its server, its learner, how it signs in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, replace
from typing import Any

from mcp.types import CallToolResult
from starlette.types import Send

from walkthroughs.database.unavailable import DatabaseUnavailable
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.views import FastStep
from walkthroughs.mcp_server import texts
from walkthroughs.mcp_server.authorization import LearnerSignIn
from walkthroughs.mcp_server.tenant import ServerAddress, Tenant, TenantLookup

#: Where the endpoint leaves it.
SCOPE_KEY = "handrail.call"
#: What answers a request by the SDK, with the channel to send it on.
GoOn = Callable[[Send], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class ShortAnswer:
    """What a common call is answered, before it is written out.

    Attributes:
        key: all that the answer depends on, but the caller's server and protocol; none if such
            answers are not kept.
        make: returns the answer.
    """

    key: Hashable
    make: Callable[[], CallToolResult]


@dataclass(slots=True)
class Attempt:
    """What the statement of a common call came to, if it ran before the SDK reads the call.

    Attributes:
        began: when that was, in seconds of `time.perf_counter`.
        moved: where it left the learner; none if it did not apply.
        answer: to another common call; none if it is for the rules.
        unavailable: what it raised, if it did.
        is_from_memory: set by what answers: the answer was made of a version that was in memory.
    """

    began: float
    moved: FastStep | None = None
    answer: ShortAnswer | None = None
    unavailable: DatabaseUnavailable | None = None
    is_from_memory: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """A request's address, and what it leads to.

    Attributes:
        is_step_call: as `is_step_call` says of its body. The link or the token may then have
            ended since.
        sign_in: how it asks for a sign-in, on a server that has one; none if it came by a link.
        attempt: what the statement of the ordinary step came to, if it ran already. It is not run
            twice.
    """

    address: ServerAddress
    tenant: Tenant
    caller: Caller
    is_step_call: bool
    sign_in: LearnerSignIn | None = None
    attempt: Attempt | None = None


def call_of(ctx: Any) -> Call:  # noqa: ANN401  the SDK's protocol
    """Return what the endpoint left for a request."""
    call = ctx.request.scope[SCOPE_KEY]
    assert isinstance(call, Call)  # noqa: S101  narrows the type
    return call


async def caller_now(directory: TenantLookup, call: Call) -> Caller | None:
    """Ask whose the link or the token is now; none if it has ended.

    Raises:
        DatabaseUnavailable: the database does not answer.
    """
    found = await directory.ask(call.address)
    if call.caller.learner_id == found.learner_id:
        return call.caller
    return replace(call.caller, learner_id=found.learner_id) if found.learner_id else None


async def reader_of(directory: TenantLookup, call: Call) -> Caller | None:
    """Return the caller of a request that only reads; none if the link or the token has ended.

    The endpoint leaves that to the statement of a step call, if the request looks like one.

    Raises:
        DatabaseUnavailable: the database does not answer.
    """
    return await caller_now(directory, call) if call.is_step_call else call.caller


def ended_words(call: Call) -> str:
    """Refuse a request whose link or sign-in has ended since; return the words that say so."""
    return call.sign_in.refuse_in_words() if call.sign_in else texts.LINK_ENDED
