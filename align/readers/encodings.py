"""Decode bytes of unknown encoding.

A byte order mark or valid UTF-8 decides at once. Otherwise the encodings that decode the bytes without an error are
scored by how common the resulting characters are, or by how well the words fit a language; where no script fits,
charset-normalizer chooses among single-byte encodings.

Labels and tables are those of browsers (WHATWG Encoding Standard): Python's strict codecs lack characters that real
files have, such as circled digits, ㈱ and half-width kana in EUC-JP and ISO-2022-JP.
"""

from __future__ import annotations

import codecs
import re
import unicodedata

from align.errors import ReadError, UsageError
from align.text.han import common_han
from align.text.language_evidence import latin_fit

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
DOUBLE_BYTE_CODECS = ("cp932", "euc_jp", "gb18030", "big5hkscs", "cp949", "euc_kr")
ENCODING_NAMES = {"cp932": "shift_jis", "big5hkscs": "big5", "cp949": "euc_kr", "utf-8-sig": "utf-8"}
CODECS = {name: codec for codec, name in ENCODING_NAMES.items()}
SAMPLE_BYTES = 1 << 16
SCRIPT_BYTES = 1 << 13
"""Bytes from which a script is determined."""
UNREADABLE = "\ufffd"
"""The character for a byte that could not be decoded."""
MIN_READABLE = 20
"""Minimum characters beyond ASCII for each unreadable one, from which a declared encoding is right."""
_BEYOND_ASCII = re.compile("[^\x00-\x7f]")
_WIDE_OR_ASCII = re.compile("[\t\n\r -~\u2014-\u2026\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff00-\uffef]")
MIN_WIDE_SHARE = 0.98
"""Minimum share of such characters from which bytes with zeros are Chinese, Japanese or Korean in UTF-16."""
_HIGH = re.compile(rb"[\x80-\xff]+")
_ESCAPED = re.compile(rb"\x1b\$[@B]")
_GOOD = re.compile(
    "[\u3041-\u3093\u30a1-\u30f6\u30fc\u3001-\u3011\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f\u2018-\u201d\u2026\u30fb\uac00-\ud7a3]"
)
_BAD = re.compile(
    "[\uff61-\uff9f\ue000-\uf8ff\u0080-\u009f\ufffd\x00-\x08\x0e-\x1f\u0370-\u03ff\u2500-\u257f\u3130-\u318f]"
)
_JA = re.compile("[のにはをたがでてとしれさいるっーン、。]")
_ZH = re.compile("[的一是不了在人有我他这個个們们中來来上大為为和國国地到以說说時时要就出會会可也，。]")
_KO = re.compile("[이다는에의을를은고하한지가로기사시인어서]")
_FREQUENT = {"cp932": _JA, "euc_jp": _JA, "gb18030": _ZH, "big5hkscs": _ZH, "cp949": _KO, "euc_kr": _KO}
_HAN = re.compile("[\u3400-\u9fff]")


def decode(name: str, content: bytes, encoding: str | None = None) -> tuple[str, str]:
    """Decode `content`; returns the text and its encoding.

    Raises ReadError where no encoding fits, UsageError where the name of the encoding is unknown.

    `encoding` is given by the user or the format; no other is tried then. A byte order mark is not part of the
    text.
    """
    if encoding:
        return _named(name, content, encoding)
    for mark, codec in BYTE_ORDER_MARKS:
        if content.startswith(mark):
            try:
                return content.decode(codec), ENCODING_NAMES.get(codec, codec)
            except UnicodeDecodeError:
                break
    wide = _unmarked_utf16(content) if b"\0" in content[:SAMPLE_BYTES] else None
    if wide:
        return content.decode(wide), wide
    if _ESCAPED.search(content, 0, SAMPLE_BYTES) and _decodes(content, "iso2022_jp"):
        return decode_with(content, "iso2022_jp"), "iso2022_jp"
    if content.startswith(b"\x1b$)C") and _decodes(content, "iso2022_kr"):
        return content.decode("iso2022_kr"), "iso2022_kr"
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as error:
        broken = error
    if b"\xed" in content and _decodes(content, "utf-8", "surrogatepass"):
        # UTF-16 code units encoded as characters (CESU-8): pairs are one character; lone surrogates are not changed.
        halves = content.decode("utf-8", "surrogatepass").encode("utf-16-le", "surrogatepass")
        return halves.decode("utf-16-le", "surrogatepass"), "utf-8"
    if _mostly_utf8(content):
        return content.decode("utf-8", "replace"), "utf-8"
    legacy_codec = _legacy(content)
    if legacy_codec:
        return decode_with(content, legacy_codec), ENCODING_NAMES.get(legacy_codec, legacy_codec)
    raise ReadError(
        f"{name}: byte {broken.start} fits no supported encoding. Give it with --encoding (shift_jis, big5, gb18030, "
        "windows-1252, ...), or save the file as UTF-8."
    )


def codec_of(name: str, content: bytes, encoding: str | None = None) -> str:
    """The codec for what `decode` reads, without a byte order mark. Raises as `decode` does."""
    detected = decode(name, content, encoding)[1]
    return detected if encoding else CODECS.get(detected, detected)


def _named(name: str, content: bytes, encoding: str) -> tuple[str, str]:
    try:
        codec = codecs.lookup(python_codec(encoding) or encoding)
        if not getattr(codec, "_is_text_encoding", True):
            raise LookupError(encoding)
        try:
            text = decode_with(content, codec.name)
        except UnicodeDecodeError:
            text = decode_with(content, codec.name, "replace")
            if not has_few_unreadable(text):
                raise
    except (LookupError, UnicodeEncodeError) as error:
        raise UsageError(f"unknown encoding {encoding!r}. Try utf-8, shift_jis, big5, gb18030.") from error
    except UnicodeDecodeError as error:
        raise ReadError(
            f"{name}: byte {error.start} is not valid {encoding}. Leave out --encoding to detect the encoding."
        ) from error
    return text.removeprefix("\ufeff"), ENCODING_NAMES.get(codec.name, codec.name)


def has_few_unreadable(text: str) -> bool:
    """Whether so few bytes could not be decoded (U+FFFD) that the encoding is right nevertheless."""
    unreadable = text.count(UNREADABLE)
    readable = len(_BEYOND_ASCII.findall(text)) - unreadable
    return readable >= MIN_READABLE * unreadable


def _unmarked_utf16(content: bytes) -> str | None:
    """Detect UTF-16 without a mark: every other byte of Western text, line ends and spaces is zero."""
    head = content[: SAMPLE_BYTES & ~1]
    if len(content) % 2 or not head:
        return None
    for codec in ("utf-16-le", "utf-16-be"):  # Chinese, Japanese or Korean has zeros in its line ends only
        text = head.decode(codec, "replace")
        if len(_WIDE_OR_ASCII.findall(text)) >= MIN_WIDE_SHARE * len(text) and _decodes(content, codec):
            return codec
    for codec, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[::2])):
        if zeros.count(0) > 0.2 * len(zeros) and (head[::2] if codec.endswith("le") else head[1::2]).count(
            0
        ) < 0.02 * len(zeros):
            try:
                content.decode(codec)
            except UnicodeDecodeError:
                continue
            return codec
    return None


def _mostly_utf8(content: bytes) -> bool:
    """Whether it is UTF-8 with a few broken bytes, to be reported rather than read in another encoding."""
    text = content[:SAMPLE_BYTES].decode("utf-8", "replace")
    broken = text.count("\ufffd")
    return len(text.encode("utf-8", "ignore")) - len(text) > 20 * broken and broken < 0.01 * len(text)


def _legacy(content: bytes) -> str | None:
    scores = {codec: _commonness(content, codec) for codec in DOUBLE_BYTE_CODECS if _decodes(content, codec)}
    best = max(scores, key=lambda codec: scores[codec], default=None)
    # Accented letters seldom form common Chinese, Japanese or Korean characters.
    if best is not None and scores[best] > MIN_WIDE_FIT:
        return best
    return _single(content) or best


def _decodes(content: bytes, codec: str, errors: str = "strict") -> bool:
    try:
        if errors == "strict":
            decode_with(content, codec)
        else:
            content.decode(codec, errors)
    except UnicodeDecodeError:
        return False
    return True


def _commonness(content: bytes, codec: str) -> float:
    """How common the non-ASCII characters of a decoded sample are: about -1 to 1."""
    text = decode_with(content[:SAMPLE_BYTES], codec, "ignore")
    beyond = [c for c in text if c > "\x7f"]
    if not beyond:
        return 0.0
    joined = "".join(beyond)
    good = len(_GOOD.findall(joined)) + 0.5 * len(_FREQUENT[codec].findall(joined))
    common = common_han(codec)
    for han in _HAN.findall(joined):
        good += 1 if han in common else 0
    return (good - 2 * len(_BAD.findall(joined))) / len(beyond)


def _word_fit(sample: bytes, codec: str) -> float:
    """How well Latin text fits a language, in a codec that decodes it."""
    text = sample.decode(codec)
    if codec == "cp1258":
        text = unicodedata.normalize("NFC", text)
    oddities = len(_CONTROLS.findall(text)) + len(_ODD.findall(text)) + (codec in RARE_CODECS)
    return latin_fit(text) - ODDITY_NATS * oddities


def _script_fit(content: bytes, codec: str) -> float:
    """Share of the common letters of the codec's script in the text beyond ASCII, less what no text has: -2 to 1."""
    common, letters = _SCRIPTS[_SCRIPT_OF[codec]]
    text = content[:SCRIPT_BYTES].decode(codec, "replace")
    beyond = _BEYOND_ASCII.findall(_PUNCTUATION.sub("", text))
    wrong = sum(1 for c in beyond if not letters[0] <= c <= letters[1])
    mixed = len(_MIXED.findall(text))
    return (sum(c.lower() in common for c in beyond) - 2 * wrong - mixed) / max(1, len(beyond))


_SCRIPTS = {
    "cyrillic": ("оеаинтсрвлкмдпуіј", "\u0400\u04ff"), "greek": ("αοιετσνηυρπκμλςάίόέ", "\u0370\u03ff"),
    "hebrew": ("יוהלאברתנםשמ", "\u0591\u05f4"), "arabic": ("اليمنوترةبدسعهفقک", "\u060c\u06d3"),
    "thai": ("านรอกเงมยลวดทสตปค่้ัิี", "\u0e01\u0e5b"),
}  # fmt: skip
"""The most frequent letters of a script, in lower case, and its first and last characters."""
_SCRIPT_OF = {
    **dict.fromkeys(("cp1251", "koi8_r", "koi8_u", "cp866", "iso8859_5", "mac_cyrillic"), "cyrillic"),
    **dict.fromkeys(("cp1253", "iso8859_7"), "greek"), "cp1255": "hebrew",
    **dict.fromkeys(("cp1256", "iso8859_6"), "arabic"), "tis_620": "thai",
}  # fmt: skip
MIN_WIDE_FIT = 0.55
"""Minimum commonness from which text is Chinese, Japanese or Korean."""
MIN_SCRIPT_FIT = 0.55
"""Minimum fit from which text is in a script; text decoded by another encoding has about 0.3."""
_PUNCTUATION = re.compile(
    "[\u00a0\u00ab\u00ad\u00b0\u00b7\u00bb\u2010-\u2026\u200c\u200d\u2030\u2039\u203a\u20ac\u2116]"
)
_MIXED = re.compile("[a-zA-Z][^\\W\\d_a-zA-Z]|[^\\W\\d_a-zA-Z][a-zA-Z]|[а-яёіїєґα-ω][А-ЯЁΑ-Ω]")
"""Letters of two scripts side by side, or a capital after a small letter."""
_CONTROLS = re.compile("[\x80-\x9f]")
_ODD = re.compile("[a-zß-öø-ÿ][À-ÖØ-Þ]|(?<=[a-zA-Z])[^\\w\\s\x00-\x7f\u2010-\u2019·’´]+[a-z]")
"""A capital with an accent, or a sign, inside a word: the letters of another encoding."""
WESTERN_CODECS = ("cp1252", "cp1250", "iso8859_2", "cp1254", "cp1257", "iso8859_15", "iso8859_1")
RARE_CODECS = ("cp1258", "mac_roman", "cp850")
LATIN_CODECS = (*WESTERN_CODECS, *RARE_CODECS)
ODDITY_NATS = 4.0
"""What a sign that no text has costs, and an encoding that hardly a text has."""
SINGLE_BYTE_CODECS = [
    *WESTERN_CODECS,
    "cp1258",
    "cp1251",
    "cp1253",
    "cp1255",
    "cp1256",
    "koi8_r",
    "koi8_u",
    "cp866",
    "tis_620",
]


def _single(content: bytes) -> str | None:
    """The single-byte encoding: by the letters of a script, the words of a language, else by charset-normalizer."""
    is_sparse = _is_sparse(content)
    if not is_sparse:
        fits = {codec: _script_fit(content, codec) for codec in _SCRIPT_OF}
        if best := _best(content, {codec: fit for codec, fit in fits.items() if fit >= MIN_SCRIPT_FIT}):
            return best
        from charset_normalizer import from_bytes

        match = from_bytes(content[:SAMPLE_BYTES], cp_isolation=SINGLE_BYTE_CODECS).best()
        if match and match.encoding not in LATIN_CODECS and _decodes(content, match.encoding):
            return str(match.encoding)
    # These differ in a few letters only: choose by the language fit of the words.
    sample = content[:SAMPLE_BYTES]
    return _best(content, {codec: _word_fit(sample, codec) for codec in LATIN_CODECS if _decodes(sample, codec)})


def _best(content: bytes, fits: dict[str, float]) -> str | None:
    """The codec that fits best of those that decode all the content."""
    return next((codec for codec in sorted(fits, key=lambda one: -fits[one]) if _decodes(content, codec)), None)


def _is_sparse(content: bytes) -> bool:
    """Whether the bytes beyond ASCII are by themselves, as accents and quotes are; other scripts have words of them."""
    runs = _HIGH.findall(content[:SAMPLE_BYTES])
    return sum(map(len, runs)) < 1.5 * len(runs)


WHATWG_CODECS = {
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
    codec = WHATWG_CODECS.get(encoding.name, encoding.name)
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
