"""Stops that do not always end a sentence, as in abbreviations, and reference marks, which may follow one that does.

Abbreviations are by language, in lower case, without the last stop.
"""

from __future__ import annotations

import re
from functools import cache

from align.text.function_words import WORDS, words
from align.text.scripts import HAN_CLASS, HANGUL_CLASS, KANA_CLASS

ABBREVIATIONS: dict[str, str] = {
    "": "dr prof mr mrs ms st vs no nr vol pp fig cf jr sr e.g i.e co op art tel ca al approx dept",
    "en": """mr mrs ms dr prof sen rep gov gen col lt capt cpl sgt maj cmdr adm rev hon pres st mt ft messrs mmes vs viz
        cf e.g i.e fig figs vol vols no nos pp sec ch ed eds trans approx dept univ assn bros jan feb mar apr jun jul
        aug sept sep oct nov dec mon tue wed thu fri sat sun art supt insp det""",
    "de": """z.b z b d.h d h u.a u a o.ä v.a bzw ca dr prof hr fr st str nr bd abb tab vgl evtl ggf usf inkl exkl zzgl
        max min mio mrd tsd jh jhd jan feb apr aug sept okt nov dez sog geb gest ev kath chr v n i.d.r s.o s.u m.e
        dipl ing phil med jur kap abs art ziff lt gem bes insb allg engl franz lat griech red hrsg verf ebd""",
    "fr": """m mm mme mlle dr pr st ste cf p pp p.ex ex art fig vol éd chap env av apr janv févr avr juil sept oct nov
        déc tél no n° col gén lt cap me mgr""",
    "es": """sr sra srta sres d dña dr dra prof lic ing ud uds vd vds p pp pág págs art arts cap fig núm n.º vol tel
        av avda c etc ej p.ej ee.uu ee uu ss mm gral cnel st sto sta""",
    "it": """sig sigg sig.ra dott dott.ssa prof prof.ssa ing avv on sen gen col cap p pp pag art artt fig vol n nr cfr
        ecc es p.es s ss st tel""",
    "pt": """sr sra srs dr dra prof profa eng exmo exma p pp pág págs art arts cap fig núm n.º vol tel av r ex p.ex
        st sto sta gen cel""",
    "nl": """dhr mevr mw dr drs ir ing mr prof st nr blz p pp art fig bijv b.v bv d.w.z o.a m.b.t t.o.v i.p.v ca
        resp vgl jl jhr ds""",
    "pl": """p prof dr hab mgr inż ul al nr r s str tj tzn tzw np m.in godz ok por red św ks gen płk wyd t zob pt
        im wg""",
    "ru": """г гг в вв т.е т.д т.п т д п др пр см ср стр с рис табл им ул д кв обл р руб коп тыс млн млрд проф акад
        доц канд док св англ нем фр лат рус н.э до н э ред изд т.к т.н гл ст""",
    "uk": """р рр ст т.д т.п т.зв ін див стор с рис табл ім вул д кв обл грн коп тис млн млрд проф акад доц св англ
        нім н.е ред вид гл""",
    "tr": """dr prof doç yrd sn av bkz vb vs vd no sok cad mah apt tel s yy st örn alb bnb org""",
    "cs": """p pp dr mgr ing bc prof doc st sv tj tzn tzv např atd apod č čís str r s sb odst písm hl""",
    "sk": "p dr mgr ing bc prof doc st sv tj tzn tzv napr č str r s ods písm",
    "sv": "dr prof st bl.a t.ex m.m m.fl d.v.s dvs s.k ca kl nr s sid jfr resp fr.o.m t.o.m p.g.a",
    "da": "dr prof hr fr st bl.a f.eks m.m m.v d.v.s dvs ca kl nr s jf pga osv mht ift",
    "no": "dr prof st bl.a f.eks m.m m.v d.v.s dvs ca kl nr s jf pga osv mht ift",
    "fi": "esim mm ts ns os vrt ks tri prof yms jne klo nro s",
    "is": "t.d þ.e o.s.frv m.a sbr nr bls u.þ.b dr prof hr sr",
    "hu": "dr prof ifj id kb pl stb ún u.n old ld vö sz st özv",
    "ro": "dr prof dl d-l dna d-na str nr art alin ex p.ex etc sf st ing",
    "el": "κ κκ π.χ δηλ κ.ά κ.λπ βλ σελ αρ τηλ κα δρ",
    "id": "dr drs ir prof hj h jl no tgl hlm dll dsb dst yth",
    "vi": "tp ts ths gs pgs q p đ ông st tr",
}
NUMBERED = words(
    "no nos nr nrn vol vols fig figs p pp pág págs pag art arts ch sec cap chap abb tab bd kap abs núm č str с "
    "стр рис табл гл ст № n° n.º op hl h min"
)
"""Abbreviations only before a number: `no. 5` continues, `I said no.` ends."""
MONTHS = words("jan feb mar apr jun jul aug sept sep oct nov dec mon tue wed thu fri sat sun")
"""Short months and days: `Oct. 5` continues, `until Oct.` before a capital ends."""
BEFORE_STARTER = words("u.s u.k u.n e.u d.c a.m p.m inc corp ltd co jr sr etc ph.d b.c a.d p.s m.d")
"""Abbreviations that may also end a sentence: they do if the next word typically begins one."""
ORDINAL = words("de da no fi cs sk sl hr sr hu is et lv pl tr eu nb nn lb")
"""Languages with ordinals of a number and a stop (`am 3. Mai`)."""
WIDE = f"{HAN_CLASS}{KANA_CLASS}\u30fc"
"""Han, kana and the long-vowel mark, for a character class."""
IS_WIDE = re.compile(f"[{WIDE}{HANGUL_CLASS}」』）】〉》]")
IS_CJK = re.compile(f"[{WIDE}]")
OTHER_STOPS = "؟۔।॥։።፧။៕៚᠃᠉‼⁇⁈⁉"
"""Stops of scripts without Latin or CJK punctuation, and doubled marks."""
_OPENS = re.compile("[\"'“”‘’„‚«»‹›([{「『（【〔〈《［｛〝¿¡–—-]*\\s?")
_DASH = re.compile(r"[ \u00a0][–—] ?([^\W\d_])")
_LAST_WORD = re.compile(r"[^\s(\[{\"'“”‘«»„‚‹›/—–]*$")
_NUMBER_LABEL = re.compile(f"(?:^|[\\s.!?。！？)）」』{WIDE}])[(（]?\\d{{1,3}}$")
_HEADING_LABEL = re.compile(
    r"(?:article|section|chapter|part|table|figure|appendix|annex|rule|clause|artikel|abschnitt|kapitel|teil|tabelle"
    r"|abbildung|anhang|chapitre|partie|tableau|annexe|art[ií]culo|cap[ií]tulo|secci[oó]n|tabla|articolo|capitolo"
    r"|sezione|artigo|se[cç][aã]o|hoofdstuk|rozdział|kapitola|глава|статья|раздел|часть|таблица|рисунок|приложение"
    r"|стаття|розділ|κεφάλαιο|άρθρο|§{1,2}) ?(?:\d{1,4}[a-z]?|[IVXLC]{1,7})"
    r"|제 ?\d{1,4} ?[조장절항편부]",
    re.IGNORECASE,
)
"""Number of a part of a text before its title: Article 12. Definitions."""
_DOTTED = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")
_ROMAN = re.compile(r"[IVXLC]+\b")
_NEXT_WORD = re.compile(r"[^\W\d_]+")


@cache
def abbreviations(lang: str) -> frozenset[str]:
    """Abbreviations of a primary language tag, with those of all languages."""
    return frozenset(ABBREVIATIONS[""].split()) | frozenset(ABBREVIATIONS.get(lang, "").split())


@cache
def starters(lang: str) -> frozenset[str]:
    """Lower-case function words of `lang` (else English), which are sentence beginnings far more often than names."""
    return frozenset(WORDS.get(lang, WORDS["en"]).split()) | frozenset(WORDS["en"].split())


def is_abbreviated(word: str, text: str, stop: int, start: int, at: int, lang: str) -> bool:
    """Whether the full stop after `word` is part of it; `at` is the start of the next word."""
    if _HEADING_LABEL.fullmatch(text[start:stop].strip()):
        return True
    bare = word.strip("\"'“‘(").lower()
    first = text[at : at + 1]
    if not bare:
        return False
    if bare.isdigit():
        return _is_label_or_ordinal(bare, text, stop, start, at, lang)
    if len(bare) == 1 and bare.isalpha() and not word[-1].islower():
        return not IS_WIDE.match(bare)
    if bare in NUMBERED:
        return first.isdigit() or _ROMAN.match(text, at) is not None
    if bare in MONTHS:
        return first.isdigit()
    if bare in BEFORE_STARTER:
        following = _NEXT_WORD.match(text, at)
        return following is not None and following[0].lower() not in starters(lang)
    if bare in abbreviations(lang):
        return True
    return _DOTTED.fullmatch(word) is not None and (len(word) <= 3 or IS_CJK.match(first) is not None)


def _is_label_or_ordinal(number: str, text: str, stop: int, start: int, at: int, lang: str) -> bool:
    """Whether a number and its stop are the label of what follows (`2.`) or an ordinal (`3. Mai`)."""
    if len(number) > 3:
        return False
    label = _NUMBER_LABEL.search(text, max(start, stop - 5), stop)
    if label and (label.start() == start or label[0][0] in ".!?。！？)）」』" or IS_CJK.match(label[0])):
        return True
    if text[start:stop].strip() == number:
        return True
    following = _NEXT_WORD.match(text, at)
    return len(number) <= 2 and lang in ORDINAL and not (following and following[0].lower() in starters(lang))


_REFERENCES = re.compile(
    "(?:[ \u00a0]?\\[(?:\\d{1,3}|[a-z]{1,2}|(?:note|nb|n|anm|прим|注|註)[. \u00a0]{0,2}\\d{1,3}|citation needed|[^\\W\\d_]{3,12} ?\\?)\\])+"  # noqa: E501
    "|[\u00b9\u00b2\u00b3\u2070\u2074-\u2079*†‡]{1,3}|\\d{1,3}(?=\\s+[^\\W\\d_]|\\s*$)",
    re.IGNORECASE,
)
"""Marks of notes and sources directly after a stop: [1], [note 1], ¹, *, and a bare number."""
_NOTE_NUMBER = re.compile(
    "[\u00b9\u00b2\u00b3\u2070\u2074-\u2079]{1,3}|\\d{1,2}[\u00b9\u00b2\u00b3\u2070\u2074-\u2079]?\\s*$"
)
"""Number of a note directly after a stop of CJK, where more digits are text unless they end it."""
_WORD_BEFORE = re.compile('[^\\W\\d_]{3,}[.!?]["”’»]?\\Z')
_GEORGIAN = ("\u10d0", "\u10ff")
"""First and last letter of Georgian, which has no case in running text although Unicode counts it as lower case."""


def after_references(text: str, end: int, *, is_cjk: bool) -> int:
    """The end of the reference marks directly after a stop, of CJK or not; `end` if there are none."""
    if is_cjk:
        number = _NOTE_NUMBER.match(text, end)
        return number.end() if number else end
    marks = _REFERENCES.match(text, end)
    if marks is None:
        return end
    if marks[0].isdecimal() and not (
        _WORD_BEFORE.search(text, max(0, end - 40), end) and not text[marks.end() :].lstrip()[:1].islower()
    ):
        return end
    return marks.end()


def is_lower(letter: str) -> bool:
    """Whether a letter is lower case in a script that begins sentences with upper case."""
    return letter.islower() and not _GEORGIAN[0] <= letter <= _GEORGIAN[1]


def _next_sentence(text: str, end: int) -> tuple[int, int]:
    """Where the text after a stop goes on, behind opening marks; and the number of blanks before it."""
    opened = _OPENS.match(text, end)
    at = opened.end() if opened else end
    blanks = 0
    while text[at : at + 1].isspace():
        at += 1
        blanks += 1
    if blanks:
        opened = _OPENS.match(text, at)
        at = opened.end() if opened else at
    return at, blanks


def ends_alphabetic(text: str, match: re.Match[str], end: int, start: int, lang: str, *, is_wide: bool) -> bool:
    """Whether stops that also occur in abbreviations, numbers and ellipses end the sentence that starts at `start`.

    `match`: the stops; `end`: after the marks that close behind them; `is_wide`: they are of CJK or after CJK.
    """
    stop = match[0]
    dash = _DASH.match(text, end)
    if dash and stop != "." and is_lower(dash[1]):
        return False  # speech tag: — Да! — сказал он.
    at, blanks = _next_sentence(text, end)
    space = blanks or text[end : end + 1].isspace()
    first = text[at : at + 1]
    cjk = IS_CJK.match(first) is not None
    if stop[0] == "…" or stop.startswith(".."):
        if not space or is_wide or is_lower(first):
            return False
        return not cjk or IS_CJK.match(text[match.start() - 1 : match.start()]) is not None
    if not space:
        return _ends_without_space(stop, cjk=cjk, is_wide=is_wide, is_quoted=first.isupper() and end > match.end())
    if is_lower(first):
        return blanks >= 3
    if stop != ".":
        return True
    word = _LAST_WORD.search(text, max(start, match.start() - 24), match.start())
    return not is_abbreviated(word[0] if word else "", text, match.start(), start, at, lang)


def _ends_without_space(stop: str, *, cjk: bool, is_wide: bool, is_quoted: bool) -> bool:
    """Whether a stop with text directly after it ends a sentence. `cjk`: that text is CJK."""
    if stop[0] in OTHER_STOPS:
        return True
    if stop == ".":
        return cjk and is_wide
    return (cjk and stop[0] in "!?") or is_quoted
