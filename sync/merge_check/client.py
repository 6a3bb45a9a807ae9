"""Ask a server what merging a folder would change: for authors and their CI."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx2

from sync.layout import WALKTHROUGHS, FileData
from sync.merge_check.upload import MAX_BYTES, TOKEN, pack
from sync.planning.report import PLAN_LISTS
from walkthroughs.errors import HandrailError

_MAKE_ONE = "flask sync source check-token SOURCE"
#: Large folders take a while to be compared.
_SECONDS = 120
_LOOPBACK = {"localhost", "127.0.0.1"}
_TOO_LARGE = (
    f"The content is larger than the {MAX_BYTES // 1024 // 1024} MiB that a server takes at once. "
    "Divide it over several content sources, or check it without --against."
)


class CheckFailed(HandrailError):
    """The server could not be asked, or gave no answer that can be used."""


def request_plan(address: str, token: str, files: Mapping[str, FileData]) -> dict[str, Any]:
    """Return the plan, as `plan_facts` makes it, that the server at *address* has for *files*.

    Raises:
        CheckFailed: there is none; the message says why, and what to do.
    """
    _check(address, token)
    if not any(path.startswith(f"{WALKTHROUGHS}/") for path in files):
        raise CheckFailed(
            f'There is no file below "{WALKTHROUGHS}/", so there is nothing to compare. '
            f"Name the folder that holds {WALKTHROUGHS}/."
        )
    body = pack(files)
    if len(body) > MAX_BYTES:
        raise CheckFailed(_TOO_LARGE)
    # A proxy of the environment cannot reach this machine, and would see the token.
    beyond = urlsplit(address).hostname not in _LOOPBACK
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    try:
        answer = httpx2.post(
            address,
            content=body,
            headers=headers,
            timeout=_SECONDS,
            follow_redirects=False,
            trust_env=beyond,
        )
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        why = _one_line(str(error)) or type(error).__name__
        raise CheckFailed(
            f"{_one_line(address)} cannot be reached: {why}. Is the address the one that "
            f"`{_MAKE_ONE}` printed, and is the server up?"
        ) from error
    return _plan(address, answer)


def _check(address: str, token: str) -> None:
    """Refuse what must not be sent."""
    try:
        parts = urlsplit(address)
        local = parts.hostname in _LOOPBACK
    except ValueError:
        raise CheckFailed(f'"{_one_line(address)}" is not an address.') from None
    if "@" in parts.netloc:
        raise CheckFailed(f"The address must not hold credentials. Put the token into {TOKEN}.")
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise CheckFailed(
            f'"{_one_line(address)}" is not an https:// address, and others could read the token '
            f"on the way. Give the address that `{_MAKE_ONE}` printed."
        )
    if not token:
        raise CheckFailed(
            f"The server at {_one_line(address)} wants a token, and the environment variable "
            f"{TOKEN} is not set. Set it to what `{_MAKE_ONE}` printed."
        )
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,200}", token):
        raise CheckFailed(
            f"What {TOKEN} holds is not a token. Set it to what `{_MAKE_ONE}` printed."
        )


def _plan(address: str, answer: httpx2.Response) -> dict[str, Any]:
    place, status = _one_line(address), answer.status_code
    if status == 401:
        raise CheckFailed(
            f"{place} does not take this token, or knows no such content source. "
            f"Make a new token with: {_MAKE_ONE}"
        )
    if status == 413:
        raise CheckFailed(_TOO_LARGE)
    if answer.is_redirect:
        raise CheckFailed(
            f"{place} leads to another address, which is not followed. "
            f"Give the address that `{_MAKE_ONE}` printed."
        )
    found = _json(answer)
    if status == 400 and isinstance(found.get("error"), str):
        raise CheckFailed(f"{place} cannot compare this: {_one_line(found['error'])}")
    if status != 200 or not _is_plan(found):
        raise CheckFailed(
            f"{place} did not answer with a plan (status {status}). Is the address the one that "
            f"`{_MAKE_ONE}` printed, and does the server run this release?"
        )
    return found


def _json(answer: httpx2.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_plan(found: Mapping[str, Any]) -> bool:
    lists = [found.get(name) for name in PLAN_LISTS]
    lines = [line for each in lists if isinstance(each, list) for line in each]
    whole = all(isinstance(each, list) for each in lists) and {"fingerprint", "outcome"} <= set(
        found
    )
    return whole and all(isinstance(line, str) for line in (*lines, found.get("source")))


def _one_line(text: str) -> str:
    """Return *text* as part of one line of a log."""
    return "".join(each if each.isprintable() else " " for each in text)[:300].strip()
