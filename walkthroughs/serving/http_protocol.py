"""HTTP/1.1 by httptools, where it is lenient made as strict as the standard asks.

httptools reads in C what h11 reads in Python. It leaves some checks to its caller: the number of
`Host` headers, the codings of a body, the size of the headers. A request that two programs may
read in two ways lets strangers reach what a proxy in front would not let them.
"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import unquote

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from walkthroughs.serving.http_exchange import Exchange, OldExchange

#: Bytes of headers at most, as many of trailers, and of anything else that is no part of a body.
MAX_HEAD_BYTES = 64 * 1024
#: Requests of one connection that wait for the answers to those before them. A request of a few
#: bytes takes a hundred times as many while it waits.
MAX_WAITING = 32
#: What a line of a header has beside the name and the value.
_LINE_BYTES = 4
_BLANKS = b" \t"
_VERSIONS = ("1.1", "1.0")


class RequestRefused(Exception):
    """A request that is not given to the application. *status* begins with the code."""

    def __init__(self, status: str, text: str) -> None:
        super().__init__(text)
        self.status = status


_UNREADABLE = RequestRefused("400 Bad Request", "The request is not HTTP/1.1 to the letter.\n")
_HOSTS = RequestRefused("400 Bad Request", "Send exactly one Host header.\n")
_OLD_CHUNKS = RequestRefused("400 Bad Request", "HTTP/1.0 has no Transfer-Encoding.\n")
_VERSION = RequestRefused("505 HTTP Version Not Supported", "Only HTTP/1.1 and 1.0 are read.\n")
_TOO_MANY = RequestRefused("429 Too Many Requests", "Wait for answers before you ask for more.\n")
_CODING = RequestRefused("501 Not Implemented", "The only Transfer-Encoding here is chunked.\n")
_TOO_LARGE = RequestRefused(
    "431 Request Header Fields Too Large",
    f"The headers are too large: at most {MAX_HEAD_BYTES // 1024} KiB are taken here.\n",
)


class StrictProtocol(HttpToolsProtocol):
    """HTTP for one connection. Nothing is upgraded: such a request is answered like any other."""

    #: Whether the headers of a message are being read.
    _in_head = True
    #: Whether a parser is only told how the body is framed that it reads next.
    _is_framing = False
    #: Whether the bytes that were read last brought a head or a body further.
    _has_advanced = False
    #: Bytes since then: the parser keeps them.
    _pending = 0
    #: What is being answered, or was answered last. `cycle` is the request that came last.
    _at_work: RequestResponseCycle | None = None

    def data_received(self, data: bytes) -> None:
        """Take bytes. What cannot be read is answered, and the connection closed."""
        self._unset_keepalive_if_required()
        self._has_advanced = False
        try:
            self.parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            self._go_on_with_http(data[upgrade.args[0] :])
            return
        except HttpParserError as error:
            cause = error.__context__
            self._end_refused(cause if isinstance(cause, RequestRefused) else _UNREADABLE)
            return
        self._pending = 0 if self._has_advanced else self._pending + len(data)
        if self._pending > MAX_HEAD_BYTES:
            self._end_refused(_TOO_LARGE)

    def on_message_begin(self) -> None:
        """Begin a request."""
        if not self._is_framing:
            super().on_message_begin()
            self._in_head = True

    def on_url(self, url: bytes) -> None:
        """Take a part of the target."""
        if self._in_head:
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header without the blanks around its value. One after the body is left out."""
        if self._in_head:
            super().on_header(name, value.strip(_BLANKS))

    def on_headers_complete(self) -> None:
        """Answer the request, after those that came before it on this connection.

        Raises:
            RequestRefused: it can be read in two ways, or is too large.
        """
        if self._is_framing:
            return
        version = self.parser.get_http_version()
        if version not in _VERSIONS:
            raise _VERSION
        if len(self.pipeline) >= MAX_WAITING:
            raise _TOO_MANY
        self._check_head(version)
        self._in_head, self._has_advanced = False, True
        self._complete_scope(version)
        cycle_class = OldExchange if version == "1.0" else Exchange
        before, self.cycle = (
            self.cycle,
            cycle_class(
                scope=self.scope,
                transport=self.transport,
                flow=self.flow,
                logger=self.logger,
                access_logger=self.access_logger,
                access_log=self.access_log,
                default_headers=self.server_state.default_headers,
                message_event=asyncio.Event(),
                expect_100_continue=self.expect_100_continue,
                keep_alive=version != "1.0" and self.parser.should_keep_alive(),
                on_response=self.on_response_complete,
            ),
        )
        if self._begins_after(before):
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def on_body(self, body: bytes) -> None:
        """Take a part of a body."""
        self._has_advanced = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request."""
        self._has_advanced = True
        if not self.parser.should_upgrade():  # else its body comes: see `_go_on_with_http`
            super().on_message_complete()

    def eof_received(self) -> bool:  # type: ignore[override]
        """Go on if a request is here as a whole: its client may read on, as `nc -N` does.

        For a stream of events, the client is gone. Return whether the connection stays open.
        """
        at_work, last = self._at_work, self.cycle
        if last is None or last.response_complete or last.more_body:
            return False
        for each in (at_work, *(cycle for cycle, _ in self.pipeline)):
            if isinstance(each, Exchange):
                each.has_sent_all = True
        last.keep_alive = False
        return not (isinstance(at_work, Exchange) and at_work.is_stream)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell what is being answered, too. uvicorn tells the request that came last."""
        super().connection_lost(exc)
        if self._at_work is not None and not self._at_work.response_complete:
            self._at_work.disconnected = True
            self._at_work.message_event.set()

    def end_with(self, status: str, text: str, headers: str = "") -> None:
        """Answer with *text*, and close the connection."""
        self.transport.write(
            (
                f"HTTP/1.1 {status}\r\n{headers}Content-Type: text/plain; charset=utf-8\r\n"
                f"Content-Length: {len(text)}\r\nConnection: close\r\n\r\n{text}"
            ).encode()
        )
        self.transport.close()

    def _begins_after(self, before: RequestResponseCycle | None) -> bool:
        """Return whether a request begins as soon as it is here; *before* it came another one."""
        return before is None or before.response_complete

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:  # noqa: ANN401  uvicorn's
        self._at_work = cycle
        super()._start_asgi_task(cycle, app)

    def _go_on_with_http(self, rest: bytes) -> None:
        """Read *rest* as what follows the head of a request that asks for another protocol.

        Java's client asks each server for HTTP/2 that way. Its request is answered by HTTP/1.1, but
        the parser takes what follows for the other protocol: another parser reads on.
        """
        framing = (b"content-length", b"transfer-encoding")
        lines = [name + b": " + value for name, value in self.headers if name in framing]
        self.parser = HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._is_framing = True
        self.parser.feed_data(b"\r\n".join([b"POST / HTTP/1.1", *lines, b"", b""]))
        self._is_framing = False
        if rest:
            self.data_received(rest)

    def _end_refused(self, refused: RequestRefused) -> None:
        """Close the connection; say why, unless it would be read as the answer to another."""
        cycle = self.cycle
        is_answering = cycle is not None and not cycle.response_complete
        if is_answering and self._in_head:
            cycle.keep_alive = False  # the requests before it get their answers
        elif self.pipeline or (is_answering and cycle.response_started):
            self.transport.close()
        elif not self.transport.is_closing():
            self.end_with(refused.status, str(refused))

    def _check_head(self, version: str) -> None:
        size, hosts, codings = len(self.url), 0, []
        for name, value in self.headers:
            size += len(name) + len(value) + _LINE_BYTES
            if name == b"host":
                hosts += 1
            elif name == b"transfer-encoding":
                codings.append(value.lower())
        if size > MAX_HEAD_BYTES:
            raise _TOO_LARGE
        if hosts > 1 or (hosts == 0 and version != "1.0"):
            raise _HOSTS
        if codings and version == "1.0":
            raise _OLD_CHUNKS
        if codings not in ([], [b"chunked"]):
            raise _CODING

    def _complete_scope(self, version: str) -> None:
        """Take the target as it was sent: one that names a host is a path that is not here."""
        raw_path, _, query = self.url.partition(b"?")
        path = raw_path.decode("ascii")
        self.scope["method"] = self.parser.get_method().decode("ascii")
        self.scope["http_version"] = version
        self.scope["path"] = unquote(path) if "%" in path else path
        self.scope["raw_path"], self.scope["query_string"] = raw_path, query
