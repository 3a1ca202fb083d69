"""`align bulk` as it is called: real files, the real encoder, real processes."""

from __future__ import annotations

import gzip
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import cluster_in

from align.bulk.run import dated, shard_writer
from align.bulk.shards import unpack
from align.bulk.types import Batch, Item, PairEntry
from align.bulk.worker import WorkSpec
from align.cli import cli
from align.errors import AlignError
from align.readers.safe_zip import decompress
from align.reviewer import open_reviewer
from align.store import open_store
from tests.prefork import align_program

TEXTS = {
    "en": ["The cabinet met on Monday morning.", "It agreed on a new budget for schools.",
           "Teachers welcomed the plan.",
           "Critics said that the money would come too late.", "Parliament will vote in March."],
    "ja": ["内閣は月曜日の朝に会合を開いた。", "学校のための新しい予算に合意した。", "教師たちはこの計画を歓迎した。",
           "批判する人々は、資金が届くのが遅すぎると述べた。", "議会は三月に採決する。"],
    "de": ["Das Kabinett tagte am Montagmorgen.", "Es einigte sich auf einen neuen Haushalt für Schulen.",
           "Lehrer begrüßten den Plan.", "Kritiker sagten, das Geld komme zu spät.",
           "Das Parlament stimmt im März ab."],
}  # fmt: skip
OTHER = {
    "en": ["The river rose three metres overnight.", "Two bridges were closed.", "No one was hurt.",
           "Farmers moved their cattle to higher ground.", "More rain is expected on Friday."],
    "ja": ["川の水位は一晩で三メートル上がった。", "二つの橋が閉鎖された。", "けが人はいなかった。",
           "農家は牛を高台に移した。", "金曜日にはさらに雨が降る見込みだ。"],
    "de": ["Der Fluss stieg über Nacht um drei Meter.", "Zwei Brücken wurden gesperrt.", "Niemand wurde verletzt.",
           "Bauern brachten ihr Vieh auf höheres Gelände.", "Am Freitag wird weiterer Regen erwartet."],
}  # fmt: skip


def corpus(folder: Path, copies: int = 6) -> Path:
    """Pairs by name, in three languages, with a broken one."""
    for number in range(copies):
        for lang in ("en", "ja"):
            texts = (TEXTS if number % 2 else OTHER)[lang]
            path = folder / f"{number}.{lang}.txt"
            path.parent.mkdir(exist_ok=True, parents=True)
            path.write_text("\n".join(texts[number // 2 % 3 :]) + "\n", encoding="utf-8")
    return folder


def align(*arguments: str, cwd: Path, code: int | None = 0) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"ALIGN_CONFIG": str(cwd / "none.toml")}
    done = subprocess.run(
        [align_program(), *arguments], cwd=cwd, env=env, timeout=120, check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    assert code is None or done.returncode == code, done.stderr
    return done


def shards(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(out.glob("part-*"))}


def links(out: Path) -> list[dict]:
    return [json.loads(line) for content in shards(out).values() for line in content.splitlines()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bulk")


SMALL = ("--encoder", "use", "--batch-tokens", "150", "--shard-tokens", "300")


@pytest.fixture(scope="module")
def calm(folder: Path) -> Path:
    """An undisturbed run over the corpus, by one worker."""
    corpus(folder / "c")
    (folder / "c" / "9.en.txt").write_bytes(b"")
    (folder / "c" / "9.ja.txt").write_text("何か。\n", encoding="utf-8")
    done = align("bulk", "c", "calm", *SMALL, "--workers", "1", "--summary", "s.json", "--metrics", "m.prom",
                 cwd=folder, code=3)  # fmt: skip
    assert "1 failed" in done.stderr
    assert done.stdout == ""
    return folder / "calm"


def test_links_follow_the_contract_and_the_order_of_the_files(calm: Path) -> None:
    found = links(calm)
    assert len(found) > 20
    assert len(shards(calm)) > 1
    assert [link["id"] for link in found] == sorted(link["id"] for link in found)
    for link in found:
        assert set(link) >= {"id", "kind", "score", "confidence", "status", "encoder", "src", "tgt"}
        for side in ("src", "tgt"):
            text = (calm.parent / link[side]["doc"]).read_text(encoding="utf-8")
            assert "".join(text[a:b] for a, b in link[side]["spans"])[:5] == link[side]["text"][:5]
        assert (link["src"]["lang"], link["tgt"]["lang"]) == ("en", "ja")
    known = dict(zip(TEXTS["en"] + OTHER["en"], TEXTS["ja"] + OTHER["ja"], strict=True))
    right = sum(known.get(link["src"]["text"]) == link["tgt"]["text"] for link in found)
    assert right >= 0.9 * len(found)


def test_the_summary_and_the_metrics_add_up(calm: Path) -> None:
    figures = json.loads((calm.parent / "s.json").read_text(encoding="utf-8"))
    assert figures["documents"] == {"waiting": 0, "done": 6, "failed": 1}
    assert figures["links"]["written"] == len(links(calm)) == sum(shard["links"] for shard in figures["shards"])
    assert [failed["src"] for failed in figures["failed"]] == ["c/9.en.txt"]
    assert "empty" in figures["failed"][0]["error"]
    assert 'align_bulk_documents{state="failed"} 1' in (calm.parent / "m.prom").read_text()
    failed = (calm / "failed.tsv").read_text(encoding="utf-8").splitlines()
    assert len(failed) == 2
    assert Path(failed[1].split("\t")[0]).is_absolute()


def test_two_workers_write_the_same_bytes(calm: Path) -> None:
    align("bulk", "c", "two", *SMALL, "--workers", "2", cwd=calm.parent, code=3)
    assert shards(calm.parent / "two") == shards(calm)


def test_a_cluster_writes_the_same_bytes(calm: Path, request: pytest.FixtureRequest) -> None:
    cluster = request.getfixturevalue("cluster")
    align("bulk", "c", "dask", *SMALL, "--scheduler", cluster.address, cwd=calm.parent, code=3)
    assert shards(calm.parent / "dask") == shards(calm)


def batches_kept(ledger: Path) -> int:
    """How many batches a run has kept so far; 0 before it has a plan."""
    if not ledger.exists():
        return 0
    with closing(sqlite3.connect(f"{ledger.as_uri()}?mode=ro", uri=True, timeout=10)) as db, suppress(sqlite3.Error):
        return int(db.execute("select coalesce(sum(kept), 0) from batches").fetchone()[0])
    return 0


def test_killed_drivers_lose_nothing_and_repeat_nothing(tmp_path: Path) -> None:
    corpus(tmp_path / "c", copies=90)
    flags = (*SMALL, "--workers", "1")
    align("bulk", "c", "calm", *flags, cwd=tmp_path)
    env = os.environ | {"ALIGN_CONFIG": "none.toml"}
    command = [sys.executable, "-m", "align", "bulk", "c", "killed", *flags]
    ledger = tmp_path / "killed" / "ledger.db"
    for _ in range(2):
        before = batches_kept(ledger)
        process = subprocess.Popen(command, cwd=tmp_path, env=env, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while batches_kept(ledger) == before and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        process.kill()
        assert process.wait() == -signal.SIGKILL, "it was at work when it was killed"
        assert batches_kept(ledger) > before
    align("bulk", "c", "killed", *flags, cwd=tmp_path)
    assert shards(tmp_path / "killed") == shards(tmp_path / "calm")


def test_a_folder_begun_otherwise_is_not_mixed(calm: Path) -> None:
    done = align("bulk", "c", "calm", *SMALL, "--min-confidence", "0.9", cwd=calm.parent, code=2)
    assert "was started with min_confidence = 0.0, not 0.9" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nowhere",), "no such file or folder"),
        (("c/0.en.txt",), "not a manifest"),
        (("empty",), "no texts in it"),
        (("alone",), "no two of 1 files have the same name and suffix"),
        (("m.tsv",), "no column 'src'"),
        (("c", "--to", "srt"), "no format of shards"),
        (("c", "--to", "doc"), "no such format"),
        (("c", "--scheduler", "http//x"), "no Dask scheduler answers"),
        (("c", "--scheduler", "tcp://127.0.0.1:9"), "no Dask scheduler answers"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(
    calm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], words: str
) -> None:
    monkeypatch.chdir(calm.parent)
    Path("empty").mkdir(exist_ok=True)
    Path("alone").mkdir(exist_ok=True)
    Path("alone/a.en.txt").write_text("x")
    Path("m.tsv").write_text("a\tb\n")
    source, *flags = arguments
    result = CliRunner().invoke(cli, ["bulk", source, str(tmp_path / "o"), "--encoder", "use", *flags])
    assert isinstance(result.exception, AlignError)
    assert words in str(result.exception)
    assert "\n" not in str(result.exception)
    assert not list(tmp_path.glob("o/part-*"))


def test_parquet_duplicates_and_the_doubtful_part_for_review(calm: Path) -> None:
    import pyarrow.parquet as pq

    from align.store import open_store

    align("bulk", "c", "pq", *SMALL, "--to", "parquet", "--dedupe", "near", "--into-store", "review.db",
          "--doubtful-below", "0.95", "--summary", "pq.json", cwd=calm.parent, code=3)  # fmt: skip
    rows = [
        row for path in sorted((calm.parent / "pq").glob("part-*.parquet")) for row in pq.read_table(path).to_pylist()
    ]
    everything = links(calm)
    distinct = {(link["src"]["text"], link["tgt"]["text"]) for link in everything}
    assert [(row["src"], row["tgt"]) for row in rows] == list(
        dict.fromkeys((link["src"]["text"], link["tgt"]["text"]) for link in everything)
    )
    figures = json.loads((calm.parent / "pq.json").read_text(encoding="utf-8"))
    assert figures["links"]["removed"] == {"duplicate": len(everything) - len(distinct)}
    doubtful = [row for row in rows if row["confidence"] < 0.95]
    with open_store(calm.parent / "review.db") as store:
        stored = list(store.links())
    assert {(link.src.text, link.tgt.text) for link in stored} == {(row["src"], row["tgt"]) for row in doubtful}
    assert {link.confidence for link in stored} == {row["confidence"] for row in doubtful}


def test_moses_files_and_compressed_shards(tmp_path: Path) -> None:
    """Line n of one file translates line n of the other, shard by shard."""
    corpus(tmp_path / "c", copies=2)
    align("bulk", "c", "moses", *SMALL, "--workers", "1", "--to", "moses.gz", cwd=tmp_path)
    en, ids, ja = (
        [line for path in sorted((tmp_path / "moses").glob(f"part-*.{end}.gz"))
         for line in gzip.decompress(path.read_bytes()).decode().splitlines()]
        for end in ("en", "ids", "ja")
    )  # fmt: skip
    assert len(en) == len(ja) == len(ids) == 10
    assert set(zip(en, ja, strict=True)) >= {(OTHER["en"][0], OTHER["ja"][0]), (TEXTS["en"][4], TEXTS["ja"][4])}
    assert not [path for path in (tmp_path / "moses").iterdir() if path.name.endswith(".part")]
    rows = [{"de": "\n".join(texts["de"]), "en": "\n".join(texts["en"])} for texts in (TEXTS, OTHER)]
    rows.append({"de": "", "en": "Nothing there."})
    (tmp_path / "c.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    align("bulk", "c.jsonl", "inside", *SMALL, "--workers", "1", cwd=tmp_path, code=3)
    assert {link["src"]["doc"] for link in links(tmp_path / "inside")} == {"c.jsonl#1.de", "c.jsonl#2.de"}
    assert "c.jsonl#3.de" in (tmp_path / "inside/failed.tsv").read_text(encoding="utf-8")
    suffix, write = shard_writer("jsonl.zst")
    write(iter([b'{"id": 1}\n']), tmp_path / "x")
    assert (suffix, decompress("x", (tmp_path / "x").read_bytes())) == (".jsonl.zst", b'{"id": 1}\n')


def test_documents_are_matched_by_content(folder: Path) -> None:
    for name, texts in (("p", TEXTS), ("q", OTHER)):
        for lang in ("en", "de"):
            path = folder / "mixed" / f"{name if lang == 'en' else {'p': 'x', 'q': 'w'}[name]}.txt"
            path.parent.mkdir(exist_ok=True)
            path.write_text("\n".join(texts[lang]) + "\n", encoding="utf-8")
    (folder / "mixed" / "z.txt").write_text("Knitting is easy to learn.\nTake two needles.\n", encoding="utf-8")
    (folder / "mixed" / "broken.txt").write_bytes(b"\0\1\2")
    done = align("bulk", "mixed", "matched", "--match", "--encoder", "use", "--src", "de", "--summary", "mm.json",
                 cwd=folder, code=3)  # fmt: skip
    assert "broken.txt" in done.stderr
    pairs = (folder / "matched" / "pairs.tsv").read_text(encoding="utf-8").splitlines()
    assert [line.split("\t")[:4] for line in pairs[1:]] == [
        ["mixed/w.txt", "mixed/q.txt", "de", "en"],
        ["mixed/x.txt", "mixed/p.txt", "de", "en"],
    ]
    assert (folder / "matched" / "alone.txt").read_text(encoding="utf-8") == "mixed/z.txt\n"
    figures = json.loads((folder / "mm.json").read_text(encoding="utf-8"))
    assert figures["documents"]["done"] == 2
    assert figures["matching"]["alone"] == 1
    assert len(links(folder / "matched")) >= 8


def test_a_mistyped_call_does_not_spoil_its_folder(folder: Path) -> None:
    corpus(folder / "typed", 1)
    align("bulk", "typed", "typed-out", "--encoder", "./no/such", "--workers", "1", cwd=folder, code=1)
    align("bulk", "typed", "typed-out", "--encoder", "use", "--workers", "1", cwd=folder)
    assert links(folder / "typed-out")
    again = align("bulk", "typed", "typed-out", "--encoder", "e5", "--workers", "1", cwd=folder, code=2)
    assert "was started with encoder = 'use'" in again.stderr


def test_what_came_later_is_told(folder: Path) -> None:
    place = corpus(folder / "grown", 2)
    for path in place.iterdir():
        os.utime(path, (1_000_000_000, 1_000_000_000))
    again = ("bulk", "grown", "grown-out", "--encoder", "use", "--workers", "1")
    assert "Since" not in align(*again, cwd=folder).stderr
    assert "Since" not in align(*again, cwd=folder).stderr, "nothing came"
    os.utime(place / "0.en.txt", (4_000_000_000, 4_000_000_000))
    corpus(place, 3)
    for path in place.glob("[12].*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    told = align(*again, cwd=folder).stderr
    assert "Since this run started: 2 files changed, 1 new pairs" in told, told


def test_two_documents_are_no_translations_for_being_alone(folder: Path) -> None:
    place = folder / "strangers"
    place.mkdir()
    bread = ["Mix the flour with the water.", "Let the dough rest for an hour.", "Add the starter and the salt.",
             "Put the loaf in the fridge overnight.", "Bake it for forty minutes."]  # fmt: skip
    (place / "bread.txt").write_text("\n".join(bread) + "\n", encoding="utf-8")
    library = ["Die neue Bibliothek öffnete am ersten April.", "Sie hat dreihunderttausend Bücher.",
               "Montags ist sie geschlossen.", "Am ersten Tag kamen zweitausend Besucher.",
               "Der Bürgermeister hofft auf viele Leser."]  # fmt: skip
    (place / "library.txt").write_text("\n".join(library) + "\n", encoding="utf-8")
    done = align("bulk", "strangers", "stranger-pairs", "--match", "--encoder", "use", cwd=folder, code=2)
    assert "no two documents in different languages match" in done.stderr


def test_a_batch_is_encoded_in_one_call_and_a_broken_document_stays_out(folder: Path) -> None:
    corpus(folder / "b", 3)
    spec = WorkSpec("use", str(folder / "b"))
    work = spec()
    entries = [PairEntry(f"{n}.en.txt", f"{n}.ja.txt", "en", "ja") for n in (0, 7, 1, 2)]
    result = work(Batch(0, tuple(Item(n, entry) for n, entry in enumerate(entries, start=1))))
    assert [item.number for item in result.items] == [1, 2, 3, 4]
    assert [bool(item.error) for item in result.items] == [False, True, False, False]
    assert "7.en.txt" in (result.items[1].error or "")
    without = work(Batch(0, tuple(Item(n, e) for n, e in enumerate(entries, start=1) if n != 2)))
    assert [unpack(i.payload) for i in without.items] == [unpack(i.payload) for i in result.items if not i.error]


def test_a_scheduler_that_dies_is_told_and_the_next_run_goes_on(calm: Path, tmp_path: Path) -> None:
    with cluster_in(tmp_path, workers=1) as cluster:
        command = ["bulk", "c", "headless", *SMALL, "--scheduler", cluster.address]
        driver = subprocess.Popen(
            [sys.executable, "-m", "align", *command], cwd=calm.parent, stderr=subprocess.PIPE, text=True
        )
        ledger = calm.parent / "headless" / "ledger.db"
        deadline = time.monotonic() + 60
        while not ledger.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        os.killpg(cluster.scheduler.pid, signal.SIGKILL)
        cluster.scheduler.wait()
        _, told = driver.communicate(timeout=90)
        assert driver.returncode == 1, told
        assert "run the same command again" in told or "no Dask scheduler answers" in told
        assert "Traceback" not in told
        cluster.start_scheduler()
        cluster.start_worker()  # Dask's workers leave with their scheduler
        cluster.wait_for(1)
        align(*command, cwd=calm.parent, code=3)
    assert shards(calm.parent / "headless") == shards(calm)


def test_a_shard_that_is_made_again_has_the_date_of_the_run(calm: Path, tmp_path: Path) -> None:
    _, write = shard_writer("tmx")
    lines = [line + b"\n" for content in shards(calm).values() for line in content.splitlines()]
    with dated(1_000):
        write(iter(lines), tmp_path / "one.tmx")
    written = (tmp_path / "one.tmx").read_text(encoding="utf-8")
    assert "19700101T001640Z" in written
    assert written.count("<tu ") == len(lines)
    assert "SOURCE_DATE_EPOCH" not in os.environ


def test_a_language_that_the_encoder_does_not_know_is_said_once(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.en.txt").write_text("\n".join(TEXTS["en"]) + "\n")
        (tmp_path / f"{number}.fi.txt").write_text(
            "Hallitus kokoontui maanantaiaamuna.\nSe sopi koulujen uudesta budjetista.\nOpettajat olivat iloisia.\n"
        )
    done = align("bulk", ".", "out", "--encoder", "use", "--workers", "1", "--summary", "s.json", cwd=tmp_path)
    assert done.stderr.count("use does not cover fi") == 1
    assert json.loads((tmp_path / "s.json").read_text())["uncovered"] == {"fi": 3}


def test_a_pair_that_a_manifest_names_twice_is_done_once(tmp_path: Path) -> None:
    corpus(tmp_path, copies=2)
    lines = ["src\ttgt", "0.en.txt\t0.ja.txt", "1.en.txt\t1.ja.txt", "./0.en.txt\t0.ja.txt", "0.en.txt\t0.ja.txt"]
    (tmp_path / "pairs.tsv").write_text("\n".join(lines) + "\n")
    done = align("bulk", "pairs.tsv", "out", "--encoder", "use", "--workers", "1", "--summary", "s.json", cwd=tmp_path)
    figures = json.loads((tmp_path / "s.json").read_text())
    assert (figures["documents"]["done"], figures["repeated"]) == (2, 2)
    assert "2 rows of the manifest repeat a pair" in done.stderr


def test_names_that_lead_elsewhere_are_read_there_but_nothing_is_written_there(tmp_path: Path) -> None:
    corpus(tmp_path / "texts", copies=1)
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "pairs.tsv").write_text("src\ttgt\n../texts/0.en.txt\t../texts/0.ja.txt\n")
    before = sorted(tmp_path.rglob("*"))
    align("bulk", "lists/pairs.tsv", "out", "--encoder", "use", "--workers", "1", "--to", "tmx", cwd=tmp_path)
    new = [path for path in sorted(tmp_path.rglob("*")) if path not in before]
    assert [path for path in new if tmp_path / "out" not in (path, *path.parents)] == []


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("none.tsv", None, "no such file"),
        ("bad.tsv", "a\tb\n1\t2\n", "no column 'src'"),
        ("short.tsv", "src\ttgt\nonly\n", "line 2: src and tgt must both name a file"),
        ("empty.tsv", "src\ttgt\n", "names no pair"),
    ],
)
def test_a_run_that_cannot_begin_leaves_no_folder(tmp_path: Path, name: str, text: str | None, why: str) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    result = CliRunner().invoke(cli, ["bulk", str(tmp_path / name), str(tmp_path / "out"), "--encoder", "use"])
    assert isinstance(result.exception, AlignError)
    assert why in str(result.exception)
    assert not (tmp_path / "out").exists()


DECIDE = """
import sys, time
from pathlib import Path
from align.reviewer import Reviewer
from align.store import edits, open_store
stop = Path(sys.argv[2])
done = 0
with open_store(Path(sys.argv[1])) as store:
    reviewer = Reviewer(store, "ada")
    while not stop.exists():
        for link in list(store.links()):
            reviewer.commit(edits.note(link.id, f"looked at {done}"))
            done += 1
            time.sleep(0.01)
print(done)
"""


def test_a_review_goes_on_while_a_run_proposes_into_its_store(tmp_path: Path) -> None:
    corpus(tmp_path / "first", copies=1)
    corpus(tmp_path / "more", copies=6)
    into = ["--encoder", "use", "--workers", "1", "--into-store", "review.db", "--doubtful-below", "1.0"]
    align("bulk", "first", "o1", *into, cwd=tmp_path)
    reviewer = subprocess.Popen(
        [sys.executable, "-c", DECIDE, str(tmp_path / "review.db"), str(tmp_path / "stop")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        align("bulk", "more", "o2", *into, "--shard-tokens", "64", "--batch-tokens", "64", cwd=tmp_path)
    finally:
        (tmp_path / "stop").touch()
        told, errors = reviewer.communicate(timeout=60)
    assert errors == ""
    with open_store(tmp_path / "review.db") as store:
        assert len(store.documents()) == 14
        notes = [decision for decision in store.decisions() if decision.reviewer == "ada"]
        links = list(store.links())
    assert len(notes) == int(told) > 0
    written = sum(len(part.read_text().splitlines()) for o in ("o1", "o2") for part in (tmp_path / o).glob("part-*"))
    assert len(links) == written


def test_a_run_leaves_out_of_the_store_what_would_take_settled_links_there(tmp_path: Path) -> None:
    corpus(tmp_path / "c", copies=2)
    into = ["--encoder", "use", "--workers", "1", "--into-store", "review.db", "--doubtful-below", "1.0"]
    align("bulk", "c", "o1", *into, cwd=tmp_path)
    with open_reviewer(tmp_path / "review.db", "ada") as reviewer:
        reviewer.accept_above(0.0)
        before = list(reviewer.store.links())
    (tmp_path / "c" / "0.en.txt").write_text("Tea is hot.\nThe train is late.\nWe read a book.\n")
    done = align("bulk", "c", "o2", *into, "--summary", "o2.json", cwd=tmp_path)
    assert "left out of the store: c/0.en.txt: the new text would take away" in done.stderr
    assert len(json.loads((tmp_path / "o2.json").read_text())["refused"]) == 1
    with open_reviewer(tmp_path / "review.db", "ada") as reviewer:
        assert list(reviewer.store.links()) == before


def test_documents_that_do_not_belong_together_are_told_apart(tmp_path: Path) -> None:
    for name, english, japanese in (
        ("1", TEXTS["en"], TEXTS["ja"]),
        ("2", ["Stir the flour into the butter.", "My uncle collected stamps."], TEXTS["ja"][:2]),
    ):
        (tmp_path / f"{name}.en.txt").write_text("\n".join(english) + "\n", encoding="utf-8")
        (tmp_path / f"{name}.ja.txt").write_text("\n".join(japanese) + "\n", encoding="utf-8")
    least = ("--min-document-confidence", "0.5")
    done = align("bulk", ".", "out", "--encoder", "use", "--workers", "1", *least, "--summary", "s.json",
                 cwd=tmp_path)  # fmt: skip
    out = tmp_path / "out"
    rows = [line.split("\t") for line in (out / "documents.tsv").read_text(encoding="utf-8").splitlines()]
    assert rows[0] == ["src", "tgt", "src_lang", "tgt_lang", "links", "document_confidence"]
    assert float(rows[1][-1]) > 0.8
    assert float(rows[2][-1]) < 0.5
    assert rows[2][-2] == "0"
    assert "1 pair of documents, probably no translations of each other" in done.stderr
    figures = json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))
    assert figures["doubtful"] == 1
    assert figures["links"]["found"] == figures["links"]["written"] + figures["links"]["removed"].get(
        "document_confidence", 0
    )
