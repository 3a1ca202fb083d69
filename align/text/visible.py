"""Text of others in lines for a person: what steers a terminal is written out."""

from __future__ import annotations

import codecs
import re
from typing import TextIO

_STEERING = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
"""Controls (C0, DEL, C1), line ends, bidi controls, what has no width, halves of characters; not ZWJ and ZWNJ."""
ERRORS = "align.escape"


def visible(text: object) -> str:
    """The text in one line that can do no harm to a terminal: `\\x1b`, `\\n`, `\\u202e` for what would steer it.

    For names, notes and messages; JSON and exports have the characters as they are.
    """
    return _STEERING.sub(lambda match: _written(match[0]), str(text))


def harmless(text: str) -> str:
    """The same with one mark for each such character, where offsets into the text have to hold."""
    return _STEERING.sub("\N{REPLACEMENT CHARACTER}", text)


def _written(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file name that is no UTF-8
        code -= 0xDC00
    return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(character) or _escape(code)


def _escape(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def take_any_text(*streams: TextIO) -> None:
    """Have streams write what their encoding has no bytes for as JSON does, instead of raising an error."""
    codecs.register_error(ERRORS, _as_json)
    for stream in streams:
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors=ERRORS)


def _as_json(error: UnicodeError) -> tuple[str, int]:
    """Each character that cannot be encoded as `\\uXXXX`, one beyond U+FFFF as a pair of them."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    pairs = (units[at : at + 2].hex() for at in range(0, len(units), 2))
    return "".join(f"\\u{unit}" for unit in pairs), error.end
