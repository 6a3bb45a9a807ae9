"""A name server on this machine that knows some TXT records."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from dns import flags, message, rcode, rrset
from dns.resolver import Resolver


@contextmanager
def name_server(records: Mapping[str, str]) -> Iterator[Resolver]:
    """Yield a resolver that asks it. A name that is not in *records* does not exist."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=_answer, args=(listening, records))
        thread.start()
        resolver = Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], listening.getsockname()[1]
        try:
            yield resolver
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stop:
                stop.sendto(b"", listening.getsockname())
            thread.join()


def _answer(listening: socket.socket, records: Mapping[str, str]) -> None:
    while True:
        asked, caller = listening.recvfrom(4096)
        if not asked:
            return
        question = message.from_wire(asked)
        answer = message.make_response(question)
        answer.flags |= flags.AA
        name = question.question[0].name.to_text(omit_final_dot=True)
        if name in records:
            answer.answer.append(rrset.from_text(f"{name}.", 60, "IN", "TXT", f'"{records[name]}"'))
        else:
            answer.set_rcode(rcode.NXDOMAIN)
        listening.sendto(answer.to_wire(), caller)
