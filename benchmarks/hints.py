"""How quiet and how right the hints "only in ..." of the review are, by gold links.

    python -m benchmarks.hints                 # all dev sets; prints one JSON object
    python -m benchmarks.hints textberg --show 20

`alarms`: share of gold-right links with a hint, at most `LINKS` of each set. `noticed`: share of `CHANGED` gold-right
links over all sets in which one number, date or name of one side was changed or taken out, where the hint is new. The
part to change is drawn among the numbers, dates and names of both sides; a number is changed to another one of as many
digits, a name to one of another link. Names are capitalised words inside sentences of two languages in alphabets, and
katakana with a middle dot: others cannot be compared without a dictionary of names.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from align.highlight import correspondences
from align.text.numbers import MONTHS, find_numbers
from align.text.tags import primary
from benchmarks.gold import asked_for, chosen, documents, joined

LINKS = 1000
"""Maximum number of links of a set."""
CHANGED = 200
"""Changed links of each kind of change."""
CAPITALISED = re.compile(r"(?<=[\w,;] )[A-ZА-ЯΑ-Ω][a-zà-ÿа-яёα-ωά-ώ]{3,}\b")
"""Names in scripts with capitals, in the middle of a sentence."""
KATAKANA = re.compile(r"[ァ-ヺー]{2,}(?:・[ァ-ヺー]{2,})+")
UNSURE = ("de", "und")
"""Languages whose capitals say nothing of names."""


class GoldLink(NamedTuple):
    """Both texts of a gold-right link and their languages."""

    src: str
    tgt: str
    src_lang: str
    tgt_lang: str


def gold_links(name: str) -> list[GoldLink]:
    """Links of a set with text on both sides."""
    links = []
    for page in documents(name):
        space = ["" if primary(page[f"{side}_lang"]) in ("ja", "zh") else " " for side in ("src", "tgt")]
        for src, tgt in joined(page["gold"]):
            if src and tgt:
                texts = (space[0].join(page["src"][i] for i in src), space[1].join(page["tgt"][j] for j in tgt))
                links.append(GoldLink(*texts, page["src_lang"], page["tgt_lang"]))
    return links


def hints(link: GoldLink) -> set[tuple[int, str]]:
    """What the review shows as being in one text only: (side, text)."""
    sides = correspondences(*link)
    return {
        (side, link[side][mark.start : mark.end]) for side in (0, 1) for mark in sides[side] if mark.role == "lonely"
    }


def parts(link: GoldLink) -> Iterator[tuple[int, int, int, str]]:
    """Numbers and names of both sides: (side, start, end, kind)."""
    for side in (0, 1):
        text, lang = link[side], link[side + 2]
        for number in find_numbers(text):
            if any(char.isdigit() for char in text[number.start : number.end]):
                yield side, number.start, number.end, "number"
            elif text[number.start : number.end].casefold() in MONTHS:
                yield side, number.start, number.end, "date"
        is_alphabetic = not {primary(link.src_lang), primary(link.tgt_lang)} & {"ja", "zh", "ko", "th", "ar", "hi"}
        if primary(lang) not in UNSURE and is_alphabetic:
            yield from ((side, *match.span(), "name") for match in CAPITALISED.finditer(text))
        if primary(lang) == "ja":
            yield from ((side, *match.span(), "name") for match in KATAKANA.finditer(text))


def other_number(figure: str, chance: random.Random) -> str:
    """The figure with other digits."""
    while True:
        changed = "".join(chance.choice("123456789") if char.isdigit() else char for char in figure)
        if changed != figure or not any(char.isdigit() for char in figure):
            return changed


def changed_links(links: list[GoldLink], count: int, chance: random.Random) -> Iterator[tuple[GoldLink, GoldLink, str]]:
    """`count` links, each before and after a part of it was changed or taken out, and how."""
    order = chance.sample(links, len(links))
    names = [
        (link[side + 2], link[side][start:end])
        for link in links
        for side, start, end, kind in parts(link)
        if kind == "name"
    ]
    for link in order:
        found = list(parts(link))
        if not found:
            continue
        kinds = sorted({kind for *_, kind in found})
        kind = chance.choice(kinds)
        side, start, end, _ = chance.choice([one for one in found if one[3] == kind])
        part = link[side][start:end]
        others = [name for lang, name in names if lang == link[side + 2] and name[:3] != part[:3]]
        how = chance.choice(["changed", "taken out"])
        if kind == "number" and how == "changed":
            new = other_number(part, chance)
        elif kind == "name" and how == "changed" and others:
            new = chance.choice(others)
        else:
            how, new = "taken out", ""
        texts = [link.src, link.tgt]
        texts[side] = link[side][:start] + new + link[side][end:]
        yield link, GoldLink(texts[0], texts[1], link.src_lang, link.tgt_lang), f"{kind} {how}"
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
            print(name, sorted(one), "|", link.src[:160], "|", link.tgt[:160])
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
            print("missed", how, "|", after.src[:160], "|", after.tgt[:160], "|", before.src[:160])
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
