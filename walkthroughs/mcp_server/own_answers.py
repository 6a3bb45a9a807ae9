"""Answer the ordinary step call beside the SDK, with the SDK's own bytes.

The answer to an ordinary step is the same for all learners who come to that step with as many steps
done, but for the id of the request. The first such answers are the SDK's, and are kept; those that
follow are the kept bytes. So nothing here knows how an answer looks.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from cachetools import LRUCache
from starlette.types import Scope, Send

from walkthroughs.learning.content_cache import PublishedVersion
from walkthroughs.learning.views import FastStep
from walkthroughs.mcp_server.call import SCOPE_KEY, Attempt, Call, GoOn
from walkthroughs.mcp_server.kept_answers import KeptAnswer, keeping
from walkthroughs.mcp_server.places import Places
from walkthroughs.mcp_server.short_calls import attempt_call
from walkthroughs.mcp_server.step_call import STEP_TOOL, KnownCall
from walkthroughs.metrics import Metrics

#: What is kept in all. An answer has about 5 kB.
MAX_BYTES = 32 * 1024 * 1024
#: What else a kept answer takes: its key and its headers.
_BESIDE = 1000
#: Of lists of completed steps that were counted.
_MAX_COUNTED_BYTES = 8 * 1024 * 1024
_ID, _END = b'{"jsonrpc":"2.0","id":', b',"result":'


class OwnAnswers:
    """Answers of one event loop."""

    def __init__(self, places: Places, metrics: Metrics, max_bytes: int = MAX_BYTES) -> None:
        self._places, self._metrics = places, metrics
        #: Answers without their beginning, which has the id of the request.
        self._kept: LRUCache[Hashable, KeptAnswer] = LRUCache(
            max_bytes, getsizeof=lambda kept: len(kept.body) + _BESIDE
        )
        #: Of lists of completed steps, how many are of the version, and the size of the list.
        self._counts: LRUCache[Hashable, tuple[int, int]] = LRUCache(
            _MAX_COUNTED_BYTES, getsizeof=lambda count: count[1]
        )

    async def answer(
        self, call: Call, known: KnownCall, scope: Scope, send: Send, go_on: GoOn
    ) -> None:
        """Run the call's statement, and answer if the answer is known.

        Else *go_on* answers, by the SDK. It finds in *scope* what the statement came to, so that
        nothing is moved twice.
        """
        # Only a step call's own statement checks whether the link has ended.
        is_checked = not call.is_step_call or known.tool == STEP_TOOL
        if not (call.tenant.tools_enabled and call.caller.learner_id and is_checked):
            await go_on(send)
            return
        attempt = await attempt_call(self._places, call.caller, known.tool, known.arguments)
        key = self._key(call, known, attempt)
        kept = self._kept.get(key) if key is not None else None
        if kept is not None:
            self._metrics.tool_called(known.tool, "ok", attempt.began)
            await kept.send(send, _ID + known.request_id)
            return
        scope[SCOPE_KEY] = replace(call, attempt=attempt)
        if key is None:
            await go_on(send)
            return

        def keep(answer: KeptAnswer) -> None:
            begin = _ID + known.request_id
            is_good = answer.status == 200 and answer.body.startswith(begin + _END)
            if is_good and attempt.is_from_memory:
                self._keep(key, replace(answer, body=answer.body[len(begin) :]))

        await go_on(keeping(send, keep))

    def _keep(self, key: Hashable, answer: KeptAnswer) -> None:
        if len(answer.body) + _BESIDE <= self._kept.maxsize:
            self._kept[key] = answer

    def _key(self, call: Call, known: KnownCall, attempt: Attempt) -> Hashable:
        """Return all that the answer depends on; none if it is not kept."""
        if attempt.answer is not None:
            key = attempt.answer.key
            return None if key is None else (key, known.version, call.tenant.name)
        if attempt.moved is None:
            return None
        moved = attempt.moved
        published = self._places.cache.get(moved.walkthrough_id, moved.version, moved.digest)
        if moved.shown_at is not None or published is None:
            return None
        has_pictures = moved.current_step_id in published.with_pictures
        return (
            moved.walkthrough_id,
            moved.version,
            moved.digest,
            moved.current_step_id,
            self._count_done(published, moved),
            known.version,
            call.tenant.name,
            call.caller.base_address if has_pictures else None,
        )

    def _count_done(self, published: PublishedVersion, moved: FastStep) -> int:
        """Return how many steps of the version are done.

        Learners mostly do the same steps in the same order: a list is read once, however long.
        """
        key = moved.walkthrough_id, moved.version, moved.digest, moved.completed_json
        if (counted := self._counts.get(key)) is None:
            counted = len(published.step_ids & moved.completed), len(moved.completed_json) + _BESIDE
            if counted[1] <= _MAX_COUNTED_BYTES:
                self._counts[key] = counted
        return counted[0]
