"""RTF: paragraphs with their notes, without what was deleted or hidden.

The libraries for it drop footnotes and text boxes, and give deleted text for text; so the groups are read here.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from align.errors import ReadError
from align.models import BlockKind, Document
from align.readers.builder import DocumentBuilder

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n]+|([^\\{}\r\n]+)"
)
_CHARSETS = {
    0: "cp1252", 2: "cp1252", 77: "mac_roman", 78: "shift_jis", 79: "johab", 80: "gb2312", 81: "big5", 128: "cp932",
    129: "cp949", 130: "johab", 134: "gbk", 136: "cp950", 161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255",
    178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250", 254: "cp437",
}  # fmt: skip
"""Encoding of each `fcharset` of a font; 1 is that of the file."""
_CHARACTERS = {
    b"line": "\n", b"lbr": "\n", b"tab": "\t", b"emdash": "—", b"endash": "–", b"emspace": "\u2003",
    b"enspace": "\u2002", b"bullet": "•", b"lquote": "‘", b"rquote": "’", b"ldblquote": "“", b"rdblquote": "”",
    b"softline": " ",
}  # fmt: skip
_SYMBOLS = {b"~": "\u00a0", b"_": "\u2011", b"{": "{", b"}": "}", b"\\": "\\", b"\n": "\n", b"\r": "\n"}
_ENDS = frozenset((b"par", b"sect", b"page", b"column", b"row", b"cell", b"nestcell", b"nestrow"))
_KINDS = {
    b"footnote": BlockKind.COMMENT, b"annotation": BlockKind.COMMENT, b"header": BlockKind.BOILERPLATE,
    b"headerl": BlockKind.BOILERPLATE, b"headerr": BlockKind.BOILERPLATE, b"headerf": BlockKind.BOILERPLATE,
    b"footer": BlockKind.BOILERPLATE, b"footerl": BlockKind.BOILERPLATE, b"footerr": BlockKind.BOILERPLATE,
    b"footerf": BlockKind.BOILERPLATE, b"shptxt": BlockKind.BODY, b"dptxbxtext": BlockKind.BODY,
}  # fmt: skip
"""Destinations that are texts of their own."""
_READ = frozenset((b"shp", b"shpinst", b"do", b"rtf", b"fldrslt", b"field", b"upr"))
"""Destinations, some of which programs may skip, with such texts in them."""
_LIST_MARKS = frozenset((b"listtext", b"pntext"))
_UNREAD = frozenset(
    rb"""aftncn aftnsep aftnsepc atnauthor atndate atnicn atnid atnparent atnref atntime atrfend atrfstart author
    background bkmkend bkmkstart category colortbl comment company creatim datafield datastore docvar falt fldinst
    fldtype filetbl fontemb fonttbl formfield ftncn ftnsep ftnsepc generator info keywords latentstyles list listlevel
    listname listoverridetable listpicture liststylename listtable mmath nesttableprops nonesttables nonshppict objclass
    objdata objname operator pgptbl picprop pict pn pntxta pntxtb printim private revtbl revtim rsidtbl rxe sn sp
    stylesheet subject sv tc tcn template themedata title txe userprops xe xmlnstbl shprslt wgrffmtfilter""".split()
)
_RAISED = re.compile(r"\s*(?:\d{1,3}|[*†‡])[.)]?\s+")
MAX_DEPTH = 2000
"""Nesting of groups above which a file is refused."""


@dataclass
class _State:
    """Formatting of the group that is read."""

    encoding: str
    after_unicode: int = 1
    """Characters that repeat a Unicode character for older programs."""
    visible: bool = True
    unread: bool = False
    outline: int = 9
    target: int = 0
    """Index of the text that is collected."""


@dataclass
class _Text:
    kind: BlockKind
    pieces: list[str] = field(default_factory=list)


def read(name: str, content: bytes, *, encoding: str | None = None, lang: str | None = None) -> Document:
    """Read the paragraphs of an RTF file. Raises ReadError."""
    builder = DocumentBuilder(name, len(content))
    for text, kind in _RtfParser(name, content, encoding).paragraphs():
        builder.add(text, kind)
    return builder.document("rtf", encoding or "rtf", lang, "Open it in a word processor and save it as DOCX.")


class _RtfParser:
    """Walks the groups of a file and collects its paragraphs; a note comes after the paragraph that it belongs to.

    Bytes beyond ASCII are escaped in the encoding of their font; some programs write them as UTF-8 without escapes.
    """

    def __init__(self, name: str, content: bytes, encoding: str | None) -> None:
        self._name = name
        self._content = content.removeprefix(codecs.BOM_UTF8).rstrip(b"\0")
        self._is_utf8 = encoding is None and _is_utf8(content)
        self._fonts = _fonts(content, encoding)
        self._state = _State(self._fonts[-1])
        self._stack: list[_State] = []
        self._texts = [_Text(BlockKind.BODY)]
        self._notes: list[tuple[str, BlockKind]] = []
        self._raw = bytearray()
        self._skip = 0
        """Characters to drop after a Unicode character."""

    def paragraphs(self) -> Iterator[tuple[str, BlockKind]]:
        """Yield paragraphs with their kinds. Raises ReadError for groups without end or nested too deeply."""
        starts_group = is_destination = False
        for match in _TOKEN.finditer(_without_binary(self._content)):
            word, number, code, symbol, brace, plain = match.groups()
            if not match.lastindex:
                continue  # a line break of the file
            if code is not None or plain is not None:
                self._characters(bytes([int(code, 16)]) if code else plain)
                starts_group = is_destination = False
                continue
            self._flush()
            if brace == b"{":
                self._open()
            elif brace == b"}":
                self._close()
            elif symbol not in (None, b"*") and self._is_text:
                self._texts[self._state.target].pieces.append(_SYMBOLS.get(symbol, ""))
            elif word in _ENDS and not self._state.unread:
                yield from self._end()
            elif word is not None:
                self._word(word, int(number) if number else None, starts_group, is_destination)
            starts_group, is_destination = brace == b"{" or (starts_group and symbol == b"*"), symbol == b"*"
        self._flush()
        if self._stack:
            raise ReadError(f"{self._name}: cut off inside a group. Get it again, or save it as DOCX and add that.")
        yield from self._end()

    @property
    def _is_text(self) -> bool:
        return self._state.visible and not self._state.unread

    def _characters(self, piece: bytes) -> None:
        dropped = min(self._skip, len(piece))
        self._skip -= dropped
        if self._is_text and self._is_utf8 and not piece.isascii() and len(piece) > 1:
            self._flush()
            self._texts[self._state.target].pieces.append(piece[dropped:].decode("utf-8", "replace"))
        elif self._is_text:
            self._raw += piece[dropped:]

    def _flush(self) -> None:
        """Decode the bytes so far; a character may consist of an escape and a letter."""
        if self._raw:
            self._texts[self._state.target].pieces.append(self._raw.decode(self._state.encoding, "align-western"))
            self._raw.clear()

    def _open(self) -> None:
        if len(self._stack) >= MAX_DEPTH:
            raise ReadError(f"{self._name}: its groups are nested too deeply. Save it as DOCX and add that.")
        self._stack.append(self._state)
        self._state = replace(self._state)
        self._skip = 0

    def _close(self) -> None:
        ended, self._skip = self._state, 0
        self._state = self._stack.pop() if self._stack else self._state
        if ended.target != self._state.target:
            note = self._texts.pop()
            self._notes.append((_RAISED.sub("", "".join(note.pieces), count=1), note.kind))

    def _end(self) -> Iterator[tuple[str, BlockKind]]:
        """End a paragraph; that of a note is a line of it."""
        text = self._texts[self._state.target]
        if self._state.target:
            text.pieces.append("\n")
            return
        yield "".join(text.pieces), BlockKind.HEADING if self._state.outline < 9 else text.kind
        self._texts[0] = _Text(BlockKind.BODY)
        yield from self._notes
        self._notes.clear()

    def _word(self, word: bytes, value: int | None, starts_group: bool, is_destination: bool) -> None:
        state = self._state
        if starts_group and word in _LIST_MARKS:
            if not state.target:
                self._texts[0].kind = BlockKind.LIST
            state.unread = True
        elif (starts_group and word in _UNREAD) or (is_destination and word not in _KINDS and word not in _READ):
            state.unread = True
        elif word in _KINDS and not state.unread:
            self._texts.append(_Text(_KINDS[word]))
            state.target = len(self._texts) - 1
        elif word == b"u" and value is not None:
            if self._is_text:
                self._texts[state.target].pieces.append(chr(value % 0x10000))
            self._skip = state.after_unicode
        elif word in _CHARACTERS and self._is_text:
            self._texts[state.target].pieces.append(_CHARACTERS[word])
        else:
            _format(state, word, value, self._fonts)


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not content.isascii()


def _without_binary(content: bytes) -> bytes:
    """The file without raw bytes of pictures, which may contain braces. Escaped backslashes before `bin` are text."""
    pieces, at = [], 0
    for match in re.finditer(rb"(?<!\\)((?:\\\\)*)\\bin(\d{1,10}) ?", content):
        if match.start() >= at:
            pieces.append(content[at : match.end(1)])
            at = match.end() + int(match[2])
    return b"".join([*pieces, content[at:]])


def _format(state: _State, word: bytes, value: int | None, fonts: dict[int, str]) -> None:
    """Apply a control word to the state."""
    if word == b"f" and value is not None:
        state.encoding = fonts.get(value, fonts[-1])
    elif word == b"uc":
        state.after_unicode = 1 if value is None else max(0, value)
    elif word in (b"v", b"deleted"):
        state.visible = value == 0
    elif word == b"plain":
        state.visible, state.encoding = True, fonts.get(-2, fonts[-1])
    elif word == b"pard":
        state.outline = 9
    elif word == b"outlinelevel" and value is not None:
        state.outline = value


def _fonts(content: bytes, encoding: str | None) -> dict[int, str]:
    """Number of each font -> its encoding; -1: that of the file, -2: that of the default font."""
    page = re.search(rb"\\ansicpg(\d{3,5})", content[:2000])
    own = encoding or (_python_name(f"cp{page[1].decode()}", "cp1252") if page else "cp1252")
    if not encoding and re.search(rb"\\mac\b", content[:200]):
        own = "mac_roman"
    fonts = {-1: own}
    start = content.find(b"{\\fonttbl")
    if start >= 0:
        table = content[start : start + 100_000]
        for font in re.finditer(rb"\\f(\d{1,5})\b[^{};]{0,200}?\\fcharset(\d{1,3})", table):
            fonts[int(font[1])] = _CHARSETS.get(int(font[2]), own) if int(font[2]) > 2 else own
    default = re.search(rb"\\deff(\d{1,5})", content[:2000])
    if default and int(default[1]) in fonts:
        fonts[-2] = fonts[int(default[1])]
    return fonts


def _western(error: UnicodeError) -> tuple[str, int]:
    """Decode a lone byte before a blank or a stop as Western; others are unreadable."""
    assert isinstance(error, UnicodeDecodeError)
    byte, following = error.object[error.start : error.start + 1], error.object[error.start + 1 : error.start + 2]
    is_accent = following < b"@" and byte not in b"\x80\xa0\xff"
    return (byte.decode("cp1252", "replace") if is_accent else "\ufffd"), error.start + 1


codecs.register_error("align-western", _western)
"""For accents in fonts without an encoding of their own, in Japanese and Chinese files."""


def _python_name(label: str, fallback: str) -> str:
    try:
        return codecs.lookup({"cp65001": "utf-8", "cp10000": "mac_roman"}.get(label, label)).name
    except LookupError:
        return fallback
