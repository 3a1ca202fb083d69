"""What is written reads back, for every format, over texts that break careless writers."""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from align.exchange.charsets import SURROGATE_PAIR
from align.exchange.export import export
from align.exchange.formats import FORMATS, format_named
from align.exchange.link_stamp import read_stamp, stamp_of
from align.exchange.types import ExportOptions, ImportedUnit
from align.models import Link, LinkKind, LinkSide, Span, Status

NASTY = (
    "<b>&amp;</b>", "]]>", "<![CDATA[x]]>", "&", "&#0;", "=1+1", "+1", "-1", "@x", "\t=1", "'=1", "''+", "=1", "'", '"',
    "a\nb", "a\r\nb", "\r", "\t", "\\n", "\\", "\\\\t", "\0", "\x01", "\x0b", "\x1f", "\x7f", "\x85", "\u2028",
    "\ufeff", "\ud800", "\udfff", "\ud800\udfff", "\ufffe", "\uffff", "\ufffd",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\u202eabc\u202c",
    "שלום", "مرحبا", "日本", "_x0041_", "_x005F_", "_x000D_", "#, fuzzy", "msgid \"x\"", "{{x}}", "%s", "--",
    "a" * 40_000, "<script>alert(1)</script>", "</script><!--", "\u00a0", "e\u0301", "[b]x[/b]",
)  # fmt: skip
TEXTS = st.lists(st.sampled_from(NASTY) | st.text(max_size=8), min_size=1, max_size=4).map("".join)
LANGS = st.sampled_from(["en", "ja", "zh-Hant", "ar", "sr-Latn"])
NOTES = st.none() | TEXTS


@st.composite
def links(draw: st.DrawFn, number: int = 1, lang: str | None = None) -> Link:
    """A link with nasty texts, names and notes."""
    src, tgt = draw(TEXTS), draw(TEXTS)
    spans = (Span(0, 4), Span(6, 9))
    doc = draw(st.sampled_from(["a.txt", "dir/ü &<'\".txt", "=x.txt", "日本 語.txt"]))
    decided = draw(st.booleans())
    return Link(
        id=number,
        src=LinkSide(1, doc, lang or draw(LANGS), (1,), src, spans, draw(st.none() | TEXTS)),
        tgt=LinkSide(2, "b.txt", "fr", (2, 3), tgt, (Span(1, 2),)),
        kind=draw(st.sampled_from(list(LinkKind))),
        score=draw(st.floats(-1, 1)),
        confidence=draw(st.floats(0, 1)),
        status=draw(st.sampled_from(list(Status))),
        encoder="use",
        version=draw(st.integers(1, 5)),
        reviewer=draw(TEXTS) if decided else None,
        decided_at="2026-11-21T10:11:12.000013+00:00" if decided else None,
        note=draw(NOTES),
    )


def some_links(lang: str | None) -> st.SearchStrategy[list[Link]]:
    """A few links with numbers of their own."""
    return st.integers(0, 4).flatmap(lambda n: st.tuples(*(links(i + 1, lang) for i in range(n))).map(list))


ANY = ExportOptions(statuses=frozenset(Status), kinds=frozenset(LinkKind), with_nulls=False)
ONE_PAIR = frozenset({"po", "xliff2"})


def read_back(name: str, out: Path) -> list[ImportedUnit]:
    return list(format_named(name).read(out.parent if name == "moses" else out, "utf-8-sig"))


@pytest.mark.parametrize("name", [known.name for known in FORMATS if not known.complete])
@settings(deadline=None, max_examples=25)
@given(st.data())
def test_what_is_written_reads_back(name: str, data: st.DataObject) -> None:
    """Ids, statuses, languages, texts, stamps: what the format carries is there; what it does not is warned of."""
    known = format_named(name)
    given_links = data.draw(some_links("en" if name in ONE_PAIR else None))
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        report = export(given_links, out, name, ANY)
        found = read_back(name, out)
    meant = [
        link
        for link in given_links
        if (known.nulls and not known.memory) or (link.src.text.strip() and link.tgt.text.strip())
    ]
    assert report.units == len(meant)
    if known.shape != "file" or name == "html":
        meant.sort(key=lambda link: link.id)
        found.sort(key=lambda row: row.id or 0)
    warned = 0
    for link, row in zip(meant, found, strict=True):
        carried = [known.text_rule(side.text)[0] for side in (link.src, link.tgt)]
        warned += bool(link.note) and (known.note_rule or known.text_rule)(link.note or "")[1] is not None
        warned += sum(text != side.text for text, side in zip(carried, (link.src, link.tgt), strict=True))
        if "id" in known.fields:
            assert row.id == link.id
        assert [(told.lang, told.text) for told in row.sides] == [
            (side.lang if known.languages else "und", text)
            for side, text in zip((link.src, link.tgt), carried, strict=True)
        ]  # fmt: skip
        if "status" in known.fields:
            assert row.status == link.status
        if "stamp" in known.fields:
            note = (known.note_rule or known.text_rule)(link.note)[0] if link.note else link.note
            fit = replace(
                link, note=note, src=replace(link.src, text=carried[0]), tgt=replace(link.tgt, text=carried[1])
            )
            assert row.stamp == stamp_of(fit)
    assert Counter(report.warnings).total() == warned, "what the format cannot carry is named, never dropped in silence"


@given(links())
def test_a_stamp_says_what_the_link_was(link: Link) -> None:
    stamp = read_stamp(stamp_of(link))
    assert stamp is not None
    assert (stamp.version, stamp.status, stamp.kind) == (link.version, link.status, link.kind)


@given(st.text())
def test_what_is_no_stamp_is_none(text: str) -> None:
    assert read_stamp(text) is None


FAITHFUL = {
    "jsonl": (st.text(alphabet=st.characters()) | TEXTS).filter(lambda text: not SURROGATE_PAIR.search(text)),
    "tmx": st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")),
    "xliff2": st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    "csv": st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    "tsv": st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    "parquet": st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    "xlsx": st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufffe\uffff")),
}


@pytest.mark.parametrize("name", sorted(FAITHFUL))
@given(st.data())
def test_formats_carry_all_that_they_can(name: str, data: st.DataObject) -> None:
    """Nothing is replaced that the format could have carried."""
    text = data.draw(FAITHFUL[name])
    known = format_named(name)
    assert known.text_rule(text) == (text, None)
