"""Encodings as browsers read them: the labels of the WHATWG Encoding Standard, and its tables for Japanese.

Python's strict codecs of the same names lack characters that real files have: circled digits, ㈱, half-width kana.
"""

from __future__ import annotations

import codecs
import re

_CODECS = {
    "shift_jis": "cp932", "euc-kr": "cp949", "gbk": "gb18030", "big5": "big5hkscs", "windows-874": "cp874",
    "x-mac-cyrillic": "mac_cyrillic", "macintosh": "mac_roman", "iso-8859-8-i": "iso8859_8",
    "x-user-defined": "cp1252", "replacement": "", "utf-16le": "utf-16-le", "utf-16be": "utf-16-be",
}  # fmt: skip
"""Python's codec for each encoding of the standard that has another name there; "" for those it does not decode."""
_EUC = re.compile(
    rb"(?P<ascii>[\x00-\x7f]+)|(?P<kana>(?:\x8e[\xa1-\xdf])+)|(?P<more>(?:\x8f[\xa1-\xfe]{2})+)"
    rb"|(?P<wide>(?:[\xa1-\xfe]{2})+)|(?P<bad>.)",
    re.DOTALL,
)
_ISO_2022 = re.compile(rb"\x1b(\([BIJ]|\$[@B]|\$\(D)")


def python_codec(label: str) -> str | None:
    """Python's codec for a label of the standard (`x-sjis`, `latin1`, `windows-1251`); None if it is no label."""
    import webencodings

    encoding = webencodings.lookup(label)
    if encoding is None or label.lower() in ("ascii", "us-ascii"):
        return None  # to browsers, ASCII is windows-1252; a reader that names it means it
    codec = _CODECS.get(encoding.name, encoding.name)
    return codec or None


def decode_with(content: bytes, codec: str, errors: str = "strict") -> str:
    """Decode by a codec, EUC-JP and ISO-2022-JP by the tables of browsers. Raises UnicodeDecodeError, LookupError."""
    name = codecs.lookup(codec).name
    try:
        return content.decode(codec)
    except UnicodeDecodeError:
        if name == "euc_jp":
            return _euc_jp(content, errors)
        if name == "iso2022_jp":
            return _iso2022_jp(content, errors)
        return content.decode(codec, errors)


def _euc_jp(content: bytes, errors: str) -> str:
    pieces: list[str] = []
    for match in _EUC.finditer(content):
        run = match[0]
        if match["ascii"]:
            pieces.append(run.decode("ascii"))
        elif match["kana"]:
            pieces.append(run[1::2].decode("cp932", errors))
        elif match["more"]:
            pieces.append(run.decode("euc_jp", errors))
        elif match["wide"]:
            pieces.append(_shifted(bytes(byte & 0x7F for byte in run), errors, match.start()))
        elif errors == "strict":
            raise UnicodeDecodeError("euc_jp", content, match.start(), match.end(), "invalid byte")
        else:
            pieces.append("\ufffd")
    return "".join(pieces)


def _shifted(pairs: bytes, errors: str, offset: int) -> str:
    """Pairs of JIS X 0208 (21 to 7E each) by way of Shift_JIS, whose table has the extensions of NEC and IBM."""
    shifted = bytearray()
    for row, column in zip(pairs[::2], pairs[1::2], strict=False):
        shifted.append((row - 0x21) // 2 + (0x81 if row < 0x5F else 0xC1))
        if row % 2:
            shifted.append(column + (0x1F if column < 0x60 else 0x20))
        else:
            shifted.append(column + 0x7E)
    try:
        return bytes(shifted).decode("cp932", errors)
    except UnicodeDecodeError as error:
        at = offset + error.start
        raise UnicodeDecodeError("euc_jp", pairs + bytes(offset), at, at + 2, "no such character") from error


def _iso2022_jp(content: bytes, errors: str) -> str:
    pieces: list[str] = []
    mode, at = b"(B", 0
    for escape in [*_ISO_2022.finditer(content), None]:
        run = content[at : escape.start() if escape else len(content)]
        pieces.append(_in_mode(run, mode, errors, at))
        if escape:
            mode, at = escape[1], escape.end()
    return "".join(pieces)


def _in_mode(run: bytes, mode: bytes, errors: str, offset: int) -> str:
    if not mode.startswith(b"$"):
        return (
            bytes(byte | 0x80 for byte in run).decode("cp932", errors) if mode == b"(I" else run.decode("ascii", errors)
        )
    pieces: list[str] = []
    for part in re.finditer(rb"(?:[\x21-\x7e]{2})+|[\x00-\x20]+|.", run, re.DOTALL):
        if len(part[0]) % 2 == 0 and part[0][0] > 0x20:
            if mode == b"$(D":
                pieces.append(b"".join(b"\x8f" + bytes(byte | 0x80 for byte in part[0][i : i + 2])
                                       for i in range(0, len(part[0]), 2)).decode("euc_jp", errors))  # fmt: skip
            else:
                pieces.append(_shifted(part[0], errors, offset + part.start()))
        else:
            pieces.append(part[0].decode("ascii", errors))
    return "".join(pieces)
