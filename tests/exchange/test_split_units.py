"""Paragraphs of a memory are cut into sentences where both sides are sure; what will not pair stays whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from align.cli import cli
from align.embeddings import Encoder, load_encoder
from align.errors import UsageError
from align.exchange.split_units import split_units
from align.exchange.types import ImportedUnit, Segment
from align.models import Status
from align.store import open_store

SPEECH = (
    "Wir haben gestern das neue Museum besucht. Danach gingen wir in ein kleines Restaurant am Fluss. Es war gut.",
    "yesterday we visited the new museum afterwards we went to a small restaurant by the river it was good",
)
ARTICLES = (
    "Artikel 3 Die Kommission prüft den Antrag. Sie entscheidet binnen 30 Tagen. Artikel 4 Klage ist zulässig.",
    "Article 3 The Commission shall examine the application. It shall decide within 30 days. Article 4 Action may be "
    "taken.",
)
MERGED = (
    "Der Mann ging langsam nach Hause. Es regnete stark. Niemand war auf der Straße, und die Läden waren geschlossen.",
    "The man walked home slowly. It was raining heavily. Nobody was in the street. The shops were closed.",
)
STRANGERS = (
    "Die Suppe war kalt. Der Zug kam zu spät.",
    "Quarterly revenue rose by four percent. The board approved a dividend.",
)
VERSES = (
    "4 しかし長老たちは彼に答えた。「来て見てください。」5 彼は行って見た。6 そこには何もなかった。",
    "4 But the elders answered him: “Come and see.” 5 He went and saw. 6 There was nothing there.",
)


def unit(where: str, texts: tuple[str, str], src: str = "de", tgt: str = "en") -> ImportedUnit:
    return ImportedUnit(where, (Segment(src, texts[0]), Segment(tgt, texts[1])), properties=(("@tuid", where),))


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder("use")


def test_units_are_cut_where_both_sides_are_sure(encoder: Encoder) -> None:
    units = [unit("a", MERGED), unit("b", ARTICLES), unit("c", STRANGERS), unit("d", SPEECH)]
    units += [unit("e", VERSES, "ja", "en"), unit("f", ("Guten Tag.", "Good day."))]
    out = split_units(units, lambda languages: encoder)
    parts = {name: [one for one in out.units if one.where.partition(".")[0] == name] for name in "abcdef"}
    assert [len(parts[name]) for name in "abcdef"] == [3, 3, 1, 3, 3, 1]
    assert (out.cut, out.parts, out.whole) == (4, 12, 1)
    assert parts["a"][2].sides[1].text == "Nobody was in the street. The shops were closed."
    assert [one.sides[0].text[:9] for one in parts["b"]] == ["Artikel 3", "Sie entsc", "Artikel 4"]
    assert parts["d"][0].sides[1].text == "yesterday we visited the new museum"
    assert all(one.confidence and one.confidence <= 0.5 for one in parts["d"]), "a cut without a stop is less sure"
    assert [one.sides[0].text[0] for one in parts["e"]] == ["4", "5", "6"]
    assert parts["c"] == [units[2]], "what will not pair stays as it is"
    assert parts["f"] == [units[5]]
    assert {one.status for one in parts["a"]} == {Status.PROPOSED}, "nobody has confirmed a cut"
    assert all(0.5 <= (one.confidence or 0) <= 1 for one in parts["a"])
    assert [one.properties[0][1] for one in parts["a"]] == ["a.1", "a.2", "a.3"]
    for name, before in zip("abcdef", units, strict=True):
        for side in (0, 1):
            together = "".join(one.sides[side].text for one in parts[name])
            assert "".join(together.split()) == "".join(before.sides[side].text.split()), "nothing is lost"


def test_three_languages_are_cut_at_common_points(encoder: Encoder) -> None:
    french = "L'homme rentra lentement. Il pleuvait fort. Personne dans la rue, et les magasins étaient fermés."
    one = ImportedUnit("1", (*unit("1", MERGED).sides, Segment("fr", french)))
    out = split_units([one], lambda languages: encoder).units
    assert [len(part.sides) for part in out] == [3] * len(out)
    assert len(out) > 1
    assert out[0].sides[2].text == "L'homme rentra lentement."


def test_a_memory_is_added_in_sentences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    units = "".join(
        f'<tu><tuv xml:lang="de"><seg>{one}</seg></tuv><tuv xml:lang="en"><seg>{other}</seg></tuv></tu>'
        for one, other in (MERGED, STRANGERS, ("Guten Tag.", "Good day."))
    )
    header = '<header creationtool="x" creationtoolversion="1" segtype="paragraph" o-tmf="x" adminlang="en" '
    header += 'srclang="de" datatype="plaintext"/>'
    Path("old.tmx").write_text(f'<tmx version="1.4">{header}<body>{units}</body></tmx>', encoding="utf-8")
    Path("text.txt").write_text("Guten Tag.", encoding="utf-8")
    run = CliRunner().invoke
    added = run(cli, ["add", "old.tmx", "--split", "--encoder", "use"])
    assert added.exit_code == 0, added.output
    assert "Cut into sentences: 1 unit became 3, which are undecided;" in added.output
    with open_store(tmp_path / "align.db") as store:
        links = list(store.links())
        assert [link.status for link in links] == [Status.PROPOSED] * 3 + [Status.ACCEPTED] * 2
        assert all(link.confidence < 1 for link in links[:3])
    for again in (["--split"], []):
        assert "unchanged" in run(cli, ["add", "old.tmx", *again, "--encoder", "use"]).output, "it is remembered"
    imported = run(cli, ["import", "old.tmx"])
    assert isinstance(imported.exception, UsageError)
    assert "cut into sentences when it was added" in str(imported.exception)
    with open_store(tmp_path / "align.db") as store:
        assert [link.status for link in store.links()] == [Status.PROPOSED] * 3 + [Status.ACCEPTED] * 2
    refused = run(cli, ["add", "-", "--split"], input="Guten Tag.")
    assert isinstance(refused.exception, UsageError)
    refused = run(cli, ["add", "text.txt", "--split"])
    assert isinstance(refused.exception, UsageError)
    assert "--split cuts the units of files with translations" in str(refused.exception)
