"""How quiet and how right the hints "only in ..." of the review are, by gold links.

    python -m benchmarks.hints                 # all dev sets; prints one JSON object
    python -m benchmarks.hints textberg --show 20

`alarms`: share of gold-right links with a hint, at most `LINKS` of each set. `noticed`: share of `CHANGED` gold-right
links over all sets in which one number, date or name of one side was changed or taken out, where the hint is new. The
part to change is drawn among the numbers, months and names of both sides; a number is changed to another one of as many
digits, a month or name to one of another link. As in the review, a link is judged with the sentences next to it and the
links around it, which stay as they are.

Only what a reader of both texts could notice is changed. A number that a hint marks already, since the other text
does not have it, or that the other text has less often, is left out: without it the texts agree better. A name is a
word with a capital inside a sentence that the dev texts of its language never have without one, so no `Ministry`, and
for which the other text has a word with a capital that is spelled alike; in Japanese, katakana with a middle dot of
which the other text has a transcription. Names between Han characters and alphabets are not changed: no rule tells
them from words.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import cache, partial
from typing import Any, NamedTuple

from align.highlight import correspondences
from align.highlight.alphabets import spelled
from align.highlight.names import OtherLinks, Surroundings, consonant_key, find_names
from align.text.numbers import MONTHS, find_numbers
from align.text.tags import primary
from benchmarks.gold import asked_for, chosen, documents, joined, names

LINKS = 1000
"""Maximum number of links of a set."""
CHANGED = 200
"""Changed links of each kind of change."""
CAPITALISED = re.compile(r"(?<=[\w,;] )[A-ZА-ЯΑ-Ω][a-zà-ÿа-яёα-ωά-ώ]{3,}\b")
"""Names in scripts with capitals, in the middle of a sentence."""
KATAKANA = re.compile(r"[ァ-ヺー]{2,}(?:・[ァ-ヺー]{2,})+")
WORD = re.compile(r"[^\W\d_]+")
STEM = 6
"""First letters by which inflected forms of a word are taken for one."""
ALIKE = 0.6
"""Similarity of two spellings of a name."""
WITHOUT_CAPITALS = frozenset({"ja", "zh", "yue", "ko", "th", "ar", "he", "hi"})
UNSURE = ("de", "und")
"""Languages whose capitals say nothing of names."""


class GoldLink(NamedTuple):
    """Both texts of a gold-right link, their languages, and what is around it."""

    texts: tuple[str, str]
    langs: tuple[str, str]
    around: Surroundings


class Part(NamedTuple):
    """A number, month or name of a side of a link: [start, end) in characters; `value` of a number or month."""

    side: int
    start: int
    end: int
    kind: str
    value: float

    def of(self, link: GoldLink) -> str:
        """The part as written."""
        return link.texts[self.side][self.start : self.end]


REACH = 2
"""Sentences before and after a link that are near, as in the review."""
WINDOW = 120
"""Links of a document that are evidence, about as in the review."""


def gold_links(name: str) -> list[GoldLink]:
    """Links of a set with text on both sides."""
    links = []
    for page in documents(name):
        langs = (page["src_lang"], page["tgt_lang"])
        space = ["" if primary(lang) in ("ja", "zh") else " " for lang in langs]
        rows, pairs = [], []
        for src, tgt in joined(page["gold"]):
            if src and tgt:
                pairs.append((space[0].join(page["src"][i] for i in src), space[1].join(page["tgt"][j] for j in tgt)))
                near = [
                    "\n".join(
                        page[side][max(0, min(own) - REACH) : min(own)]
                        + page[side][max(own) + 1 : max(own) + 1 + REACH]
                    )
                    for side, own in (("src", src), ("tgt", tgt))
                ]
                rows.append((near[0], near[1]))
        half = WINDOW // 2
        for first in range(0, len(pairs), half):
            start = max(0, first - half // 2)
            others = cache(partial(OtherLinks, pairs[start : start + WINDOW], langs))
            links += [
                GoldLink(pairs[number], langs, Surroundings(rows[number], others, number - start))
                for number in range(first, min(len(pairs), first + half))
            ]
    return links


def hints(link: GoldLink) -> set[tuple[int, str]]:
    """What the review shows as being in one text only: (side, text)."""
    sides = correspondences(*link.texts, *link.langs, link.around)
    return {
        (side, link.texts[side][mark.start : mark.end])
        for side in (0, 1)
        for mark in sides[side]
        if mark.role == "lonely"
    }


def is_alike(word: str, other: str) -> bool:
    """Whether two words look like one name, in Latin letters."""
    one, two = spelled(word), spelled(other)
    return one[:3] == two[:3] or SequenceMatcher(None, one, two, autojunk=False).ratio() >= ALIKE


@cache
def common_words(lang: str) -> frozenset[str]:
    """First letters of the words that the dev texts of a language have without a capital."""
    texts = (
        text
        for name in names()
        for page in documents(name)
        for side in ("src", "tgt")
        if primary(page[f"{side}_lang"]) == lang
        for text in page[side]
    )
    return frozenset(word[:STEM] for text in texts for word in WORD.findall(text) if word[0].islower())


def names_in(link: GoldLink, side: int) -> Iterator[tuple[int, int]]:
    """Names of a side that the other side has, too."""
    lang = primary(link.langs[side])
    if lang == "ja":
        words = [word for word in WORD.findall(link.texts[1 - side]) if word[0].isupper() and len(word) > 2]
        keys = {consonant_key(word) for word in words if word.isascii()}
        for match in KATAKANA.finditer(link.texts[side]):
            if keys.intersection(map(consonant_key, match[0].split("・"))) or list(
                find_names(link.texts[1 - side], [match[0]])
            ):
                yield match.span()
    if {lang, primary(link.langs[1 - side])} & WITHOUT_CAPITALS or lang in UNSURE:
        return
    others = [word for word in WORD.findall(link.texts[1 - side]) if word[0].isupper()]
    for match in CAPITALISED.finditer(link.texts[side]):
        if match[0].lower()[:STEM] not in common_words(lang) and any(is_alike(match[0], other) for other in others):
            yield match.span()


def parts(link: GoldLink) -> Iterator[Part]:
    """Numbers, months and names of both sides that the other side has, as far as that is certain."""
    numbers = [find_numbers(link.texts[side]) for side in (0, 1)]
    values = [Counter(value for number in own for value in number.values) for own in numbers]
    marked = hints(link)
    for side in (0, 1):
        text = link.texts[side]
        for number in numbers[side]:
            part = text[number.start : number.end]
            value = number.values[0]
            has_less = 0 < values[1 - side][value] < values[side][value]
            if has_less or (side, part) in marked:
                continue
            if any(char.isdigit() for char in part):
                yield Part(side, number.start, number.end, "number", value)
            elif part.casefold() in MONTHS:
                yield Part(side, number.start, number.end, "date", value)
        yield from (Part(side, start, end, "name", 0.0) for start, end in names_in(link, side))


def other_number(figure: str, chance: random.Random) -> str:
    """The figure with other digits."""
    while True:
        changed = "".join(chance.choice("123456789") if char.isdigit() else char for char in figure)
        if changed != figure or not any(char.isdigit() for char in figure):
            return changed


def changed_links(links: list[GoldLink], count: int, chance: random.Random) -> Iterator[tuple[GoldLink, GoldLink, str]]:
    """`count` links, each before and after a part of it was changed or taken out, and how."""
    order = chance.sample(links, len(links))
    by_kind: dict[tuple[str, str], list[tuple[str, float]]] = {}
    for link in links:
        for part in parts(link):
            by_kind.setdefault((part.kind, link.langs[part.side]), []).append((part.of(link), part.value))
    for link in order:
        own = list(parts(link))
        if not own:
            continue
        kind = chance.choice(sorted({part.kind for part in own}))
        part = chance.choice([part for part in own if part.kind == kind])
        words = part.of(link)
        others = [
            other
            for other, value in by_kind[kind, link.langs[part.side]]
            if other[:3].casefold() != words[:3].casefold() and (kind == "name" or value != part.value)
        ]
        how, new = chance.choice(["changed", "taken out"]), ""
        if how == "changed" and kind == "number":
            new = other_number(words, chance)
        elif how == "changed" and others:
            new = chance.choice(others)
        else:
            how = "taken out"
        text = link.texts[part.side]
        changed = text[: part.start] + new + text[part.end :]
        texts = (changed, link.texts[1]) if part.side == 0 else (link.texts[0], changed)
        yield link, link._replace(texts=texts), f"{kind} {how}"
        count -= 1
        if not count:
            return


def main() -> None:
    """Measure and print."""
    parser = asked_for(__doc__)
    parser.add_argument("--show", type=int, default=0, help="hints of so many gold-right links of each set")
    arguments = parser.parse_args()
    chance = random.Random(17)
    alarms: dict[str, Any] = {}
    every: list[GoldLink] = []
    for name in chosen(arguments.sets):
        links = gold_links(name)
        links = chance.sample(links, min(len(links), LINKS))
        found = [(link, hints(link)) for link in links]
        with_hint = [(link, one) for link, one in found if one]
        alarms[name] = {"links": len(links), "share": round(len(with_hint) / len(links), 3)}
        for link, one in with_hint[: arguments.show]:
            print(name, sorted(one), "|", link.texts[0][:160], "|", link.texts[1][:160])
        if arguments.show:
            print(name, Counter(text for _, one in with_hint for _, text in one).most_common(20))
        every += links
    noticed: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for before, after, how in changed_links(every, CHANGED, chance):
        total[how] += 1
        is_noticed = bool(hints(after) - hints(before))
        noticed[how] += is_noticed
        if arguments.show and not is_noticed:
            print("missed", how, "|", after.texts[0][:160], "|", after.texts[1][:160], "|", before.texts[0][:160])
    print(
        json.dumps(
            {
                "alarms": alarms,
                "noticed": {
                    "links": total.total(),
                    "share": round(noticed.total() / max(1, total.total()), 3),
                    "by_change": {how: f"{noticed[how]} of {count}" for how, count in sorted(total.items())},
                },
            },
            ensure_ascii=False,
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
