"""Traces for operators, by OpenTelemetry: each tool call, and the statements that it waits for.

Import this only where traces are sent: what it loads is needed by nobody else. No attribute names
an organization or a learner, and statements are shown without their values.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from sqlalchemy import Connection, Engine, ExceptionContext, event

from walkthroughs.database.pool import Database
from walkthroughs.database.prepared import Prepared, Statement
from walkthroughs.metrics import ToolCall
from walkthroughs.serving.request_ids import request_id

_SERVICE = "handrail"
_MAX_SQL = 4_000
#: How long the end of the process waits for the last traces to be taken.
_LAST_SECONDS = 3.0
#: A `traceparent` is shorter.
_MAX_PARENT = 100
#: Where the run of a statement holds its span.
_SPAN = "handrail_span"
#: Outcomes of tool calls that are no fault of their caller.
_FAULTS = frozenset({"unavailable", "failed"})


class Traces:
    """Makes the spans of one process, and sends them from a thread of its own. Close it."""

    def __init__(self, endpoint: str) -> None:
        # OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES and OTEL_TRACES_SAMPLER are read in these.
        given = Resource.create()
        if str(given.attributes.get(SERVICE_NAME, "")).startswith("unknown_service"):
            given = given.merge(Resource({SERVICE_NAME: _SERVICE}))
        self._provider = TracerProvider(resource=given, shutdown_on_exit=False)
        exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces")
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer(_SERVICE)

    @contextmanager
    def tool_call(self, tool: str, traceparent: str | None) -> Iterator[ToolCall]:
        """Trace a call, as part of the caller's trace if it names one. Set its outcome."""
        call = ToolCall()
        attributes = {
            "mcp.method.name": "tools/call",
            "gen_ai.tool.name": tool,
            "handrail.request_id": request_id(),
        }
        with self._tracer.start_as_current_span(
            f"tools/call {tool}",
            _context_of(traceparent),
            SpanKind.SERVER,
            attributes,
            record_exception=False,  # its text may hold what a learner sent
            set_status_on_exception=False,
        ) as span:
            try:
                yield call
            finally:
                span.set_attribute("handrail.outcome", call.outcome)
                if call.outcome in _FAULTS:
                    span.set_status(StatusCode.ERROR)

    @contextmanager
    def statement(self, statement: Statement) -> Iterator[None]:
        """Trace a prepared statement, if what waits for it is traced."""
        if not trace.get_current_span().is_recording():
            yield
            return
        with self._tracer.start_as_current_span(
            statement.name,
            kind=SpanKind.CLIENT,
            attributes=_facts(statement.sql),
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except BaseException as error:
                _fail(span, error)
                raise

    def watch(self, engine: Engine) -> None:
        """Trace what is executed on *engine*."""

        def begin(
            _: Connection, cursor: object, sql: str, values: object, run: object, many: bool
        ) -> None:
            if trace.get_current_span().is_recording():
                span = self._tracer.start_span(_verb(sql), None, SpanKind.CLIENT, _facts(sql))
                setattr(run, _SPAN, span)

        def end(
            _: Connection, cursor: object, sql: str, values: object, run: object, many: bool
        ) -> None:
            _end(run)

        def fail(failed: ExceptionContext) -> None:
            _end(failed.execution_context, failed.original_exception)

        event.listen(engine, "before_cursor_execute", begin)
        event.listen(engine, "after_cursor_execute", end)
        event.listen(engine, "handle_error", fail)

    def prepared(
        self, database: Database, statements: tuple[Statement, ...], connections: int
    ) -> Prepared:
        """Return `Prepared` that traces what it runs."""
        return _TracedPrepared(self, database, statements, connections)

    def close(self) -> None:
        """Send what is left; give up after a few seconds if nobody takes it."""
        last = threading.Thread(target=self._provider.shutdown, daemon=True)
        last.start()
        last.join(_LAST_SECONDS)


class _TracedPrepared(Prepared):
    def __init__(
        self,
        traces: Traces,
        database: Database,
        statements: tuple[Statement, ...],
        connections: int,
    ) -> None:
        super().__init__(database, statements, connections)
        self._traces = traces

    async def fetch(self, statement: Statement, *parameters: object) -> tuple[Any, ...] | None:
        with self._traces.statement(statement):
            return await super().fetch(statement, *parameters)


def _context_of(traceparent: str | None) -> Context:
    """Return the caller's context; else an empty one, so that no other call is the parent."""
    given = traceparent if traceparent and len(traceparent) <= _MAX_PARENT else ""
    return TraceContextTextMapPropagator().extract({"traceparent": given}, Context())


def _facts(sql: str) -> dict[str, str]:
    return {"db.system.name": "postgresql", "db.query.text": " ".join(sql.split())[:_MAX_SQL]}


def _verb(sql: str) -> str:
    return sql.split(None, 1)[0][:20].upper()


def _end(run: object, error: BaseException | None = None) -> None:
    span: Span | None = getattr(run, _SPAN, None)
    if span is not None:
        setattr(run, _SPAN, None)
        if error is not None:
            _fail(span, error)
        span.end()


def _fail(span: Span, error: BaseException) -> None:
    # Its text may hold values of the statement.
    span.set_status(StatusCode.ERROR)
    span.set_attribute("error.type", type(error).__name__)
