"""A report as one self-contained HTML page: no network, no other files, and no script but its own."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator
from html import escape
from importlib import resources
from math import sqrt
from pathlib import PurePath

from align.models import CONFIRMED, Status
from align.report.survey import Bin, PairReport, Report, SideCoverage, Unlinked
from align.text.messages import per_cent, pluralise

MAX_PAIRS = 200
MAX_DOTS = 40_000
MAX_UNLINKED = 60
"""Maximum number of listed sentences per side and pair; `--json` has all."""
MAX_SENTENCE_LENGTH = 240
STATUS_WORDS = {
    Status.ACCEPTED: "accepted",
    Status.EDITED: "edited",
    Status.REJECTED: "rejected",
    Status.PROPOSED: "undecided",
}


def page(report: Report) -> Iterator[str]:
    """Yield the page in parts."""
    folder = resources.files("align.report") / "static"
    style = (folder / "report.css").read_text(encoding="utf-8")
    script = (folder / "report.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{digest}'"
    title = report.store if report.document is None else f"{PurePath(report.document).name} in {report.store}"
    yield (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)} - report</title><link rel="icon" href="data:,"><style>{style}</style></head><body>'
    )
    yield f"<header><h1>{escape(title)}</h1>{summary(report)}</header><main>"
    yield progress(report)
    yield documents(report)
    yield confidence(report)
    yield reviewers(report)
    yield from pairs(report.pairs)
    yield (
        f"</main><footer>align {escape(report.version)}, {escape(report.made_at)}. A report on the store at that "
        f"time; at most {MAX_UNLINKED} unlinked sentences per side are listed, <code>align report --json</code> has "
        f"all.</footer><script>{script}</script></body></html>\n"
    )


def part(count: float, of: float) -> float:
    """A share; 0 if the total is 0."""
    return count / of if of else 0.0


def bar(share: float, name: str = "") -> str:
    """A bar followed by its percentage."""
    return (
        f'<span class="bar"><i class="{name or "linked"}" style="width:{100 * share:.1f}%"></i></span>'
        f'<span class="n">{per_cent(share)}</span>'
    )


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of HTML cells; it scrolls where it is too wide."""
    cells = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table></div>'


def summary(report: Report) -> str:
    """The first line: documents, links, and the remaining work."""
    total = sum(report.statuses.values())
    waiting = report.statuses[Status.PROPOSED]
    settled = sum(report.statuses[status] for status in CONFIRMED)
    expected = sum(pair.expected_right for pair in report.pairs)
    left = (
        f" Of the {waiting:,} undecided, {per_cent(part(expected, waiting))} are expected to be right."
        if waiting
        else ""
    )
    return (
        f"<p>{pluralise(len(report.documents), 'document')}, {pluralise(total, 'link')} between "
        f"{pluralise(len(report.pairs), 'pair')} of texts; "
        f"{settled:,} confirmed.{left}</p>"
    )


def progress(report: Report) -> str:
    """A bar of links by status, and counts by kind, encoder and language."""
    total = sum(report.statuses.values())
    slices = "".join(
        f'<i class="{status}" style="width:{100 * part(count, total):.2f}%"></i>'
        for status in STATUS_WORDS
        if (count := report.statuses[status])
    )
    legend = "".join(
        f'<li><b class="{status}"></b>{report.statuses[status]:,} {word}</li>' for status, word in STATUS_WORDS.items()
    )
    counted = [("Kinds", report.kinds), ("Encoders", report.encoders), ("Sentences by language", report.languages)]
    words = "".join(
        f"<p>{name}: {escape(', '.join(f'{count:,} {key}' for key, count in counts.items()) or '-')}.</p>"
        for name, counts in counted
    )
    return (
        f'<section><h2>Progress</h2><div class="stack">{slices}</div><ul class="legend">{legend}</ul>{words}</section>'
    )


def documents(report: Report) -> str:
    """The linked and confirmed shares of each document."""
    rows = (
        (
            escape(PurePath(row.name).name),
            f"{row.sentences:,}",
            escape(", ".join(row.languages)),
            bar(part(row.linked, row.sentences)),
            bar(part(row.settled, row.sentences), "accepted"),
        )
        for row in report.documents
    )
    head = ("document", "sentences", "languages", "linked", "confirmed")
    return f"<section><h2>Documents</h2>{table(head, rows)}</section>"


def confidence(report: Report) -> str:
    """The histogram, and confidence against the reviewers' decisions."""
    highest = max((row.links for row in report.bins), default=0)
    columns = "".join(column(row, highest) for row in report.bins)
    decided = sum(row.decided for row in report.bins)
    if decided:
        body = "".join(reliability(row) for row in report.bins if row.decided)
        details = (
            f"<p>Of {decided:,} decided links, by the confidence that the solver had: the dot is the share that "
            "is confirmed, the line its 95 % interval, the tick the mean confidence. A calibrated solver has its dot "
            "on the tick. Reviewers choose what they decide, so this is no random sample.</p>"
            f'<div class="rel">{body}</div>'
        )
    else:
        details = "<p>Nothing is decided yet, so confidence cannot be compared with decisions.</p>"
    audits = "".join(
        f"<li>{escape(str(row['at'])[:10])} {escape(str(row['reviewer']))}: {row['right']} of {row['n']} right, "
        f"95 % interval {per_cent(float(str(row['low'])))} to {per_cent(float(str(row['high'])))}</li>"
        for row in report.audits
    )
    details += f"<h3>Audits of random samples</h3><ul>{audits}</ul>" if audits else ""
    key = '<p class="dim">Links by confidence, in per cent; of each column, the lower part is decided.</p>'
    return f'<section><h2>Confidence</h2><div class="hist">{columns}</div>{key}{details}</section>'


def column(row: Bin, highest: int) -> str:
    """One column of the histogram; its decided part is filled."""
    height = 100 * part(row.links, highest)
    inside = 100 * part(row.decided, row.links)
    label = f"{100 * row.low:.0f} to {per_cent(row.high)}: {pluralise(row.links, 'link')}, {row.decided} decided"
    return (
        f'<div title="{label}"><span>{row.links or ""}</span><i style="height:{height:.1f}%">'
        f'<i class="accepted" style="height:{inside:.1f}%"></i></i><b>{row.low * 100:.0f}</b></div>'
    )


def wilson(right: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """The 95 % interval of a rate (Wilson 1927)."""
    if not n:
        return 0.0, 1.0
    rate, scale = right / n, 1 + z * z / n
    middle = (rate + z * z / (2 * n)) / scale
    half = z * sqrt(rate * (1 - rate) / n + z * z / (4 * n * n)) / scale
    return max(0.0, middle - half), min(1.0, middle + half)


def reliability(row: Bin) -> str:
    """One line of the reliability plot."""
    low, high = wilson(row.right, row.decided)
    share = part(row.right, row.decided)
    return (
        f'<div><span>{100 * row.low:.0f} to {per_cent(row.high)}</span><span class="line">'
        f'<i class="span" style="left:{100 * low:.1f}%;width:{100 * (high - low):.1f}%"></i>'
        f'<i class="tick" style="left:{100 * row.mean_confidence:.1f}%"></i>'
        f'<i class="dot" style="left:{100 * share:.1f}%"></i></span><span>{row.right} of {row.decided}</span></div>'
    )


def reviewers(report: Report) -> str:
    """Each reviewer's decisions and pace, and the links decided per day."""
    if not report.reviewers:
        return "<section><h2>Reviewers</h2><p>Nobody has decided anything yet.</p></section>"
    rows = (
        (
            escape(pace.reviewer), f"{pace.accepted:,}", f"{pace.edited:,}", f"{pace.rejected:,}",
            f"{pace.superseded:,}", f"{pace.decisions:,}",
            "-" if pace.median_seconds is None else f"{pace.median_seconds:g} s",
            escape(f"{pace.first} to {pace.last}"),
        )
        for pace in report.reviewers
    )  # fmt: skip
    highest = max(report.days.values(), default=0)
    days = "".join(
        f'<div title="{day}: {pluralise(count, "link")}"><i style="height:{100 * part(count, highest):.1f}%"></i></div>'
        for day, count in report.days.items()
    )
    head = (
        "reviewer",
        "accepted",
        "edited",
        "rejected",
        "decided later or alike by another",
        "decisions made",
        "median time of a decision",
        "days",
    )
    ends = list(report.days)
    shown = (
        f'<div class="days">{days}</div><p class="dim">Links decided a day, {ends[0]} to {ends[-1]}.</p>'
        if ends
        else ""
    )
    return f"<section><h2>Reviewers</h2>{table(head, rows)}{shown}</section>"


def pairs(reports: tuple[PairReport, ...]) -> Iterator[str]:
    """Each pair of texts: coverage of both sides, the map, unpaired sentences."""
    yield '<section><h2>Pairs of texts</h2><p class="views" hidden><button data-view="dots">Dots</button>'
    yield '<button data-view="ribbons">Ribbons</button></p>'
    if not reports:
        yield "<p>No links yet: <code>align propose</code> finds them.</p>"
    dots = 0
    for number, one in enumerate(reports[:MAX_PAIRS]):
        drawn = one.dots if dots + len(one.dots) <= MAX_DOTS else ()
        dots += len(drawn)
        yield pair(one, number, with_map=bool(drawn))
    if len(reports) > MAX_PAIRS:
        more = f"{len(reports) - MAX_PAIRS:,}"
        yield f"<p>And {more} pairs with fewer links: <code>align report --json</code> has them.</p>"
    yield "</section>"


def pair(one: PairReport, number: int, *, with_map: bool) -> str:
    """The section of one pair."""
    src, tgt = PurePath(one.src_doc).name, PurePath(one.tgt_doc).name
    total = sum(one.statuses.values())
    where = src if one.src_doc == one.tgt_doc else f"{src} - {tgt}"
    counts = ", ".join(
        f"{one.statuses[status]:,} {word}" for status, word in STATUS_WORDS.items() if one.statuses[status]
    )
    label = f"{pluralise(total, 'link')}, {pluralise(one.crossings, 'pair')} of them cross"
    chart = (
        f'<canvas role="img" aria-label="Map of {label}" data-map="m{number}"></canvas>'
        f'<script type="application/json" id="m{number}">{as_json(one)}</script>'
        if with_map
        else "<p>Too many links on one page to draw these too.</p>"
    )
    return (
        f'<article><h3>{escape(where)} <span class="tag">{escape(one.src_lang)} - {escape(one.tgt_lang)}</span></h3>'
        f"<p>{label}: {counts}.</p>"
        f'<div class="cover">{cover("source", one.src)}{cover("target", one.tgt)}</div>{chart}'
        f"{unlinked('unpaired source sentences, perhaps omissions (no menus)', one.omissions)}"
        f"{unlinked('unpaired target sentences, perhaps additions (no menus)', one.additions)}</article>"
    )


def cover(side: str, covered: SideCoverage) -> str:
    """The coverage of a side."""
    return (
        f"<div><span>{side}</span>{bar(covered.share)}"
        f"<small>{covered.linked:,} of {covered.sentences:,} sentences, {covered.settled:,} confirmed</small></div>"
    )


def as_json(one: PairReport) -> str:
    """The map, as numbers only, without any text."""
    order = list(Status)
    dots = [[*dot.src, *dot.tgt, round(100 * dot.confidence), order.index(dot.status)] for dot in one.dots]
    return json.dumps({"s": one.src_length, "t": one.tgt_length, "d": dots}, separators=(",", ":"))


def unlinked(title: str, sentences: tuple[Unlinked, ...]) -> str:
    """Unpaired sentences, collapsed."""
    if not sentences:
        return ""
    items = "".join(
        f"<li value='{row.position + 1}'>{escape(row.text[:MAX_SENTENCE_LENGTH])}"
        f"{'...' if len(row.text) > MAX_SENTENCE_LENGTH else ''}</li>"
        for row in sentences[:MAX_UNLINKED]
    )
    more = len(sentences) - MAX_UNLINKED
    rest = f'<p class="dim">And {more:,} more.</p>' if more > 0 else ""
    head = f"{title[:1].upper()}{title[1:]}: {len(sentences):,}"
    return f"<details><summary>{head}</summary><ol>{items}</ol>{rest}</details>"
