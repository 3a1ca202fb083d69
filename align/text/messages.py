"""Escape external text for display in a terminal."""

from __future__ import annotations

import codecs
import json
import re
from typing import TextIO

_STEERING = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
"""Controls (C0, DEL, C1), line ends, bidi controls, zero-width characters, surrogates; not ZWJ and ZWNJ."""
ERRORS = "align.escape"


def visible(text: object) -> str:
    """The text in one line that is safe for a terminal: control characters as `\\x1b`, `\\n`, `\\u202e`.

    For names, notes and messages; `json_line` is for JSON. Exports have the original characters.
    """
    return _STEERING.sub(lambda match: _written(match[0]), str(text))


def json_line(value: object) -> str:
    """A value as JSON in one line that is safe for a terminal: control characters inside strings are escaped.

    A JSON parser returns the original characters.
    """
    return _STEERING.sub(lambda match: json.dumps(match[0])[1:-1], json.dumps(value, ensure_ascii=False))


def harmless(text: str) -> str:
    """As `visible`, with one replacement mark per character, so that offsets into the text stay valid."""
    return _STEERING.sub("\N{REPLACEMENT CHARACTER}", text)


def _written(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file name that is not UTF-8
        code -= 0xDC00
    return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(character) or _escape(code)


def _escape(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def escape_unencodable(*streams: TextIO) -> None:
    """Make streams write unencodable characters as JSON escapes instead of raising an error."""
    codecs.register_error(ERRORS, _as_json)
    for stream in streams:
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors=ERRORS)


def _as_json(error: UnicodeError) -> tuple[str, int]:
    """Error handler: unencodable characters as `\\uXXXX`, those above U+FFFF as a pair of them."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    pairs = (units[at : at + 2].hex() for at in range(0, len(units), 2))
    return "".join(f"\\u{unit}" for unit in pairs), error.end


def pluralise(number: int, noun: str) -> str:
    """`1 link`, `2 links`, `1,000 links`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def per_cent(share: float) -> str:
    """`0.5` -> `50 %`; never 100 for less than all, never 0 for more than none."""
    return f"{min(max(round(100 * share), int(share > 0)), 100 if share >= 1 else 99)} %"
