"""Characters that a reader cannot see, and where a language or an emoji needs one. Pure.

The tables are Unicode's and are kept here, not taken from Python: what passes the check on an
author's machine must pass on the server, whichever Python each has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from walkthroughs.content.findings import Finding

#: Printable ASCII and newline. Most steps contain nothing else and skip the slow check.
_PRINTABLE_ASCII = bytes(range(0x20, 0x7F)) + b"\n"

#: Control, private, surrogate and format characters, line and paragraph separators, noncharacters
#: and what Unicode calls default ignorable (DerivedCoreProperties, 17.0). Left out are the tab,
#: and the signs of Arabic and Kaithi that are of the category "format" and are seen.
_UNSEEN = (
    "0-8 A-1F 7F-9F AD 34F 61C 115F-1160 17B4-17B5 180B-180F 200B-200F 2028-202E 2060-206F 3164 "
    "D800-F8FF FDD0-FDEF FE00-FE0F FEFF FFA0 FFF0-FFFB FFFE-FFFF 13430-1343F 1BCA0-1BCA3 "
    "1D173-1D17A E0000-E0FFF F0000-10FFFF "
) + " ".join(f"{plane:X}FFFE-{plane:X}FFFF" for plane in range(1, 15))
#: Looks like nothing, though Unicode counts it as a sign.
_BLANK_LOOKING = "2800"
#: Lines of one text that are told; their author looks at all of them anyway.
_MOST = 1000
#: Scripts in which letters join or stack, so that a (non-)joiner changes what is read.
_JOINING = (
    "600-6FF 700-74F 750-77F 7C0-7FF 840-86F 870-8FF 900-DFF F00-FFF 1000-109F 1780-17FF "
    "1800-18AF 1A20-1AAF 1B00-1C4F 1CD0-1CFF A840-A8DF A8E0-A8FF A930-A95F A980-A9FF AA00-AADF "
    "ABC0-ABFF FB50-FDCF FDF0-FDFF FE70-FEFC 10D00-10D3F 10F30-10FFF 11000-11FFF 1E900-1E95F"
)
#: Scripts written without spaces, in which a zero width space is where a line may end.
_SPACELESS = "E00-EFF 1000-109F 1780-17FF 1950-19DF 1A20-1AAF A980-A9FF AA60-AADF"
_MONGOLIAN = "1820-18AA"
_HAN = "3400-4DBF 4E00-9FFF F900-FAFF 20000-3FFFD"
_RIGHT_TO_LEFT = "590-8FF FB1D-FDFF FE70-FEFC 10800-10FFF 1E800-1EFFF"
#: Emoji=Yes of Unicode's emoji-data.txt, 17.0.
_EMOJI = (
    "23 2A 30-39 A9 AE 203C 2049 2122 2139 2194-2199 21A9-21AA 231A-231B 2328 23CF 23E9-23F3 "
    "23F8-23FA 24C2 25AA-25AB 25B6 25C0 25FB-25FE 2600-2604 260E 2611 2614-2615 2618 261D 2620 "
    "2622-2623 2626 262A 262E-262F 2638-263A 2640 2642 2648-2653 265F-2660 2663 2665-2666 2668 "
    "267B 267E-267F 2692-2697 2699 269B-269C 26A0-26A1 26A7 26AA-26AB 26B0-26B1 26BD-26BE "
    "26C4-26C5 26C8 26CE-26CF 26D1 26D3-26D4 26E9-26EA 26F0-26F5 26F7-26FA 26FD 2702 2705 "
    "2708-270D 270F 2712 2714 2716 271D 2721 2728 2733-2734 2744 2747 274C 274E 2753-2755 2757 "
    "2763-2764 2795-2797 27A1 27B0 27BF 2934-2935 2B05-2B07 2B1B-2B1C 2B50 2B55 3030 303D 3297 "
    "3299 1F004 1F0CF 1F170-1F171 1F17E-1F17F 1F18E 1F191-1F19A 1F1E6-1F1FF 1F201-1F202 1F21A "
    "1F22F 1F232-1F23A 1F250-1F251 1F300-1F321 1F324-1F393 1F396-1F397 1F399-1F39B 1F39E-1F3F0 "
    "1F3F3-1F3F5 1F3F7-1F4FD 1F4FF-1F53D 1F549-1F54E 1F550-1F567 1F56F-1F570 1F573-1F57A 1F587 "
    "1F58A-1F58D 1F590 1F595-1F596 1F5A4-1F5A5 1F5A8 1F5B1-1F5B2 1F5BC 1F5C2-1F5C4 1F5D1-1F5D3 "
    "1F5DC-1F5DE 1F5E1 1F5E3 1F5E8 1F5EF 1F5F3 1F5FA-1F64F 1F680-1F6C5 1F6CB-1F6D2 1F6D5-1F6D9 "
    "1F6DC-1F6E5 1F6E9 1F6EB-1F6EC 1F6F0 1F6F3-1F6FC 1F7E0-1F7EB 1F7F0 1F90C-1F93A 1F93C-1F945 "
    "1F947-1F9FF 1FA70-1FA7C 1FA80-1FAC6 1FAC8 1FACC-1FADD 1FADF-1FAEB 1FAEF-1FAFA"
)
#: Joiners, the zero width space and selectors of variants, and the letters that they belong to.
_BEHIND_LETTERS = (
    ("200C-200D", _JOINING),
    ("200B", _SPACELESS),
    ("180B-180F", _MONGOLIAN),
    ("FE00-FE02 E0100-E01EF", _HAN),
)
_EMOJI_STYLE, _TEXT_STYLE, _JOINER = "\ufe0f", "\ufe0e", "\u200d"
_DIRECTION_MARKS = frozenset("\u200e\u200f\u061c")
_ISOLATES, _END_OF_ISOLATE = frozenset("\u2066\u2067\u2068"), "\u2069"


def hidden_characters(text: str) -> Iterator[Finding]:
    """Yield an error for each line, of a thousand, with a character that a reviewer cannot see.

    Accepted are joiners, marks of direction and selectors where the script or the emoji before
    them needs one, singly; never tag characters, overrides, or an isolate that its line leaves
    open.
    """
    if text.isascii() and not text.encode().translate(None, _PRINTABLE_ASCII):
        return
    unseen, told = _one_of(f"{_UNSEEN} {_BLANK_LOOKING}"), 0
    for number, line in enumerate(text.split("\n"), start=1):
        if line.isascii() and line.isprintable():
            continue
        for found in unseen.finditer(line):
            if not _is_needed(line, found.start()):
                name, column = f"U+{ord(found[0]):04X}", found.start() + 1
                message = f"the character {name} cannot be seen; remove it from column {column:,}"
                yield Finding(number, message, kind=name)
                told += 1
                break
        if told == _MOST:
            return


def without_hidden(text: str) -> str:
    """Return *text* without the characters that `hidden_characters` tells of."""
    if next(hidden_characters(text), None) is None:
        return text
    lines = (line if line.isascii() and line.isprintable() else _cleaned(line)
             for line in text.split("\n"))  # fmt: skip
    return "\n".join(lines)


def _cleaned(line: str) -> str:
    unseen = _one_of(f"{_UNSEEN} {_BLANK_LOOKING}")
    cleaned = unseen.sub(lambda found: found[0] if _is_needed(line, found.start()) else "", line)
    # What was needed behind a character may not be without it, and so on for ever: then none is.
    return cleaned if next(hidden_characters(cleaned), None) is None else unseen.sub("", line)


def _is_needed(line: str, at: int) -> bool:
    """Return whether what is read changes without the unseen character at *at*."""
    character, before, after = line[at], line[at - 1 : at], line[at + 1 : at + 2]
    if character in {_EMOJI_STYLE, _TEXT_STYLE}:
        return _is(before, _EMOJI)
    if character == _JOINER and _is(after, _EMOJI):
        return before == _EMOJI_STYLE or _is(before, _EMOJI)
    if _is(before, _UNSEEN):
        return False  # a run of them says nothing to any reader
    if character in _DIRECTION_MARKS:
        return _has_right_to_left(line)
    if character in _ISOLATES or character == _END_OF_ISOLATE:
        return _has_right_to_left(line) and _closes_its_isolates(line)
    return any(
        _is(character, joined) and _is(before, letters) for joined, letters in _BEHIND_LETTERS
    )


# Asked for each unseen character of a line, which may have thousands of them.
@lru_cache(maxsize=2)
def _has_right_to_left(line: str) -> bool:
    return _one_of(_RIGHT_TO_LEFT).search(line.replace("\u061c", "")) is not None


@lru_cache(maxsize=2)
def _closes_its_isolates(line: str) -> bool:
    depth = 0
    for character in line:
        depth += (character in _ISOLATES) - (character == _END_OF_ISOLATE)
        if depth < 0:
            return False
    return depth == 0


def _is(character: str, ranges: str) -> bool:
    return _one_of(ranges).fullmatch(character) is not None


@cache
def _one_of(ranges: str) -> re.Pattern[str]:
    """Return a pattern for one character of *ranges*, code points in hexadecimal."""
    spans = (span.partition("-") for span in ranges.split())
    return re.compile(
        "[" + "".join(f"{_literal(low)}-{_literal(high or low)}" for low, _, high in spans) + "]"
    )


def _literal(code: str) -> str:
    return f"\\U{int(code, 16):08x}"
