"""Languages: by script first, with the document's help for what tells nothing by itself."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from align.text import ngrams
from align.text.language import identify, identify_blocks
from align.text.language_evidence import first_evidence
from align.text.segment import segment
from align.text.tags import canonical, language_name


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("日露で初の外務・防衛閣僚会議", "ja"),
        ("国際協力機構", "ja"),
        ("昭和23年1月1日", "ja"),
        ("就在中俄於近烏拉山地區舉行大規模軍事演習之後", "zh-Hant"),
        ("了解应用程序在部署时的行为方式", "zh-Hans"),
        ("安装前的准备", "zh-Hans"),
        ("在 Kubernetes 集群中可以检查应用程序性能：容器，pods，services", "zh-Hans"),
        ("양국 외무장관은 회담에서", "ko"),
        ("Министры обеих стран заявили, что переговоры помогут", "ru"),
        ("Міністри обох країн заявили, що переговори допоможуть", "uk"),
        ("Οι υπουργοί συναντήθηκαν στο Τόκιο", "el"),
        ("รัฐมนตรีของทั้งสองประเทศ", "th"),
        ("وقال الوزيران إن المحادثات ساعدت على بناء الثقة", "ar"),
        ("وزیران دو کشور گفتند که این گفتگوها به اعتماد کمک می کند", "fa"),
        ("The ministers of both countries met in Tokyo.", "en"),
        ("Die Minister der beiden Länder haben sich in Tokio getroffen.", "de"),
        ("Les ministres des deux pays se sont rencontrés à Tokyo.", "fr"),
        ("Los ministros de los dos países se reunieron en Tokio.", "es"),
        ("I ministri dei due paesi si sono incontrati a Tokyo.", "it"),
        ("Os ministros dos dois países não se encontraram em Tóquio.", "pt"),
        ("De ministers van beide landen hebben elkaar in Tokio ontmoet.", "nl"),
        ("Ministrowie obu krajów spotkali się w Tokio i rozmawiali.", "pl"),
        ("İki ülkenin bakanları Tokyo'da bir araya geldi ve görüştü.", "tr"),
        ("Ráðherrar landanna hittust í Tókýó og töluðu saman um það.", "is"),
        ("Các bộ trưởng của hai nước đã gặp nhau tại Tokyo.", "vi"),
        ("Molempien maiden ministerit tapasivat, ja he olivat samaa mieltä.", "fi"),
        ("2013-11-03", "und"),
        ("////////", "und"),
        ("http://example.org/news/today.html", "und"),
        ("", "und"),
    ],
)
def test_one_text_alone(text: str, lang: str) -> None:
    assert identify(text).lang == lang


def test_the_lines_of_the_seed_pages(seeds: Path) -> None:
    """At least 99 % are right."""
    gold: dict[str, dict[int, str]] = {}
    with (seeds / "lines.tsv").open(encoding="utf-8") as rows:
        for row in csv.DictReader(rows, delimiter="\t"):
            gold.setdefault(row["file"], {})[int(row["line"])] = row["lang"]
    wrong = total = 0
    for name, lines in gold.items():
        text = (seeds / name).read_text(encoding="utf-8").split("\n")
        texts = [text[number - 1] for number in lines]
        found, _ = identify_blocks(texts, map(first_evidence, texts))
        wrong += sum(guess.lang != lang for guess, lang in zip(found, lines.values(), strict=True))
        total += len(lines)
    assert total > 250
    assert wrong <= 0.01 * total


def test_neighbours_and_document_decide_what_tells_nothing() -> None:
    hant = "概述\n\n這個系統是為了讓大家學習而設計的。\n\n目的"
    hans = "概述\n\n这个系统是为了让大家学习而设计的。\n\n目的"
    assert {block.lang for block in segment(hant)} == {"zh-Hant"}
    assert {block.lang for block in segment(hans)} == {"zh-Hans"}


SHORT = {
    "it": "Buongiorno.|Che succede?|Dove sei stato?|Non lo so.|Andiamo via.|Ti amo.|Grazie mille.|A domani.",
    "nl": "Goedemorgen.|Hoe gaat het?|Waar ben je?|Ik weet het niet.|Kom hier.|Dank je wel.|Tot morgen.|Ga weg!",
    "de": "Guten Tag, meine Freunde.|Wie geht es dir?|Wo bist du?|Ich bin müde.|Komm her!|Bis morgen.|Warte mal.",
    "fr": "Bonjour.|Comment ça va ?|Où es-tu ?|Je ne sais pas.|Viens ici.|Merci beaucoup.|À demain.|Attends !",
    "pl": "Dzień dobry.|Co słychać?|Gdzie jesteś?|Nie wiem.|Chodź tutaj.|Dziękuję bardzo.|Do jutra.|Poczekaj.",
    "es": "Buenos días.|¿Qué pasa?|¿Dónde estás?|No lo sé.|Ven aquí.|Muchas gracias.|Hasta mañana.|Espera.",
    "pt": "Bom dia.|Como vai?|Onde estás?|Não sei.|Vem cá.|Muito obrigado.|Até amanhã.|Espera um pouco.",
    "sv": "God morgon.|Hur mår du?|Var är du?|Jag vet inte.|Kom hit.|Tack så mycket.|Vi ses i morgon.|Vänta.",
    "en": "Good morning.|How are you?|Where are you?|I have no idea.|Come here.|Many thanks.|See you.|Wait.",
}


@pytest.mark.parametrize("lang", SHORT)
def test_a_page_of_short_lines_is_in_its_language(lang: str) -> None:
    """No line of these says enough by itself; all together do."""
    page = "\n".join(SHORT[lang].split("|"))
    assert [s.lang for block in segment(page) for s in block.sentences] == [lang] * len(SHORT[lang].split("|"))


@pytest.mark.parametrize("lang", ["it", "nl", "de", "pl"])
def test_a_few_short_lines_in_another_language_keep_theirs(lang: str) -> None:
    page = [*SHORT[lang].split("|"), "How are you?", "Where are you?"]
    found, _ = identify_blocks(page, map(first_evidence, page))
    assert [guess.lang for guess in found] == [lang] * (len(page) - 2) + ["en", "en"]


def test_a_strong_letter_counts_in_the_first_word_too() -> None:
    for text, lang in (("Mañana.", "es"), ("Dzień dobry.", "pl"), ("Größe", "de")):
        assert identify_blocks([text], [first_evidence(text)])[0][0].lang == lang


def test_names_on_a_page_in_another_script_are_not_asked_for_their_language() -> None:
    page = ["概述", "Ubuntu", "这个系统是为了让大家学习而设计的。", "flannel, calico", "kubectl"]
    found, _ = identify_blocks(page, map(first_evidence, page))
    assert [guess.lang for guess in found] == ["zh-Hans", "en", "zh-Hans", "en", "en"]


def test_short_lines_follow_what_the_document_itself_looks_like() -> None:
    """Icelandic is unknown to langdetect: the trigrams of the page tell its short lines from the English ones."""
    icelandic = "Ráðherrar landanna hittust í borginni og töluðu lengi saman um það sem hefur verið gert þar. " * 4
    english = "The ministers of the countries met in the city and talked about what has been done there so far. " * 4
    page = [icelandic, english, "Hittust landanna", "Talked so far", "Borginni", "Countries"]
    found, _ = identify_blocks(page, map(first_evidence, page))
    assert [guess.lang for guess in found] == ["is", "en", "is", "en", "is", "en"]


PAIRS = [
    "This page tells you how the cluster is installed.", "本页告诉您如何安装集群。",
    "Ubuntu", "Ubuntu", "`--oidc-client-id`", "`--oidc-client-id`",
    "The following clouds can be used with it.", "可以使用以下的云服务。",
    "flannel, calico", "Yes", "flannel, calico", "yes",
    "Run this command when you have done that.", "完成以后请运行这个命令。",
]  # fmt: skip


def test_of_two_equal_lines_one_is_in_each_language() -> None:
    """Where paragraph and translation take turns; also where a group of lines stands twice."""
    found, _ = identify_blocks(PAIRS, map(first_evidence, PAIRS))
    en, zh = "en", "zh-Hans"
    assert [guess.lang for guess in found] == [en, zh, en, zh, en, zh, en, zh, en, en, zh, zh, en, zh]
    turned = [PAIRS[index ^ 1] for index in range(8)]
    found, _ = identify_blocks(turned, map(first_evidence, turned))
    assert [guess.lang for guess in found] == [zh, en, zh, en, zh, en, zh, en]


def test_equal_lines_stay_alone_where_languages_take_no_turns() -> None:
    english = [PAIRS[index] for index in (0, 2, 3, 6, 12)]
    page = [*english, *(PAIRS[index] for index in (1, 7, 13))]
    found, _ = identify_blocks(page, map(first_evidence, page))
    assert [guess.lang for guess in found] == ["en"] * 5 + ["zh-Hans"] * 3


def test_a_quotation_in_another_language_has_its_own_tag() -> None:
    text = (
        '「条約を1度も結んでいない」"The countries have never signed a treaty to mark the end of the war"、と書かれた。'
    )
    (block,) = segment("これは日本語の文です。" + text)
    assert [(s.lang, s.span.of(block.span.of("これは日本語の文です。" + text))[:8]) for s in block.sentences][:3] == [
        ("ja", "これは日本語の文"),
        ("ja", "「条約を1度も結"),
        ("en", '"The cou'),
    ]


def test_terms_in_brackets_stay_in_their_sentence() -> None:
    text = (
        "ウェールズ議会議員の呼称をAM (Assembly Member) からMWP (Member of the Welsh Parliament) に変えるという提案。"
    )
    (block,) = segment(text)
    assert [sentence.span.of(text) for sentence in block.sentences] == [text]


def test_langdetect_is_asked_only_for_what_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = ngrams.probabilities

    def counted(text: str, script: str, allowed: dict[str, float]) -> dict[str, float]:
        asked.append(text)
        return real(text, script, allowed)

    monkeypatch.setattr(ngrams, "probabilities", counted)
    segment(
        "日露で初の会議。\n\nThe ministers of both countries have met in the city of Tokyo.\n\n這個系統是為了讓大家學習。"  # noqa: E501
    )
    assert asked == []
    assert identify("Kokous pidettiin Tokiossa lauantaina.").lang == "fi"
    assert len(asked) == 1


def test_langdetect_answers_the_same_each_time() -> None:
    allowed = {"en": 1.0, "da": 1.0, "no": 1.0, "sv": 1.0}
    ngrams._detect.cache_clear()
    first = ngrams.probabilities("Museet åbnede igen efter sommeren", "latin", allowed)
    ngrams._detect.cache_clear()
    assert ngrams.probabilities("Museet åbnede igen efter sommeren", "latin", allowed) == first
    assert set(first) <= set(allowed)


@pytest.mark.parametrize(
    ("given", "tag"),
    [("zh-TW", "zh-Hant"), ("zh_CN", "zh-Hans"), ("zh-Hant-HK", "zh-Hant"), ("EN-us", "en-US"), ("sr-latn", "sr-Latn"),
     ("zh_HK", "zh-Hant"), ("iw", "he"), ("jp", "ja"), ("deu", "de"), ("ger-at", "de-AT"),
     ("zho_TW", "zh-Hant"), ("yue", "yue"),
     ("no language", None), ("", None), ("zh", "zh")],
)  # fmt: skip
def test_tags_are_written_one_way(given: str, tag: str | None) -> None:
    assert canonical(given) == tag


def test_a_language_set_by_hand() -> None:
    assert {block.lang for block in segment("概述\n\n這個系統", lang="zh")} == {"zh-Hant"}
    assert {block.lang for block in segment("概述", lang="zh-TW")} == {"zh-Hant"}
    assert {block.lang for block in segment("An English line", lang="ja")} == {"ja"}


def test_languages_have_english_names_and_unlisted_ones_their_tag() -> None:
    tags = ("de", "deu", "zh-Hant", "zh_TW", "pt-BR", "pt-AO", "yue", "und", "qaa")
    assert [language_name(tag) for tag in tags] == [
        "German", "German", "Traditional Chinese", "Traditional Chinese", "Brazilian Portuguese", "Portuguese (AO)",
        "Cantonese", "und", "qaa",
    ]  # fmt: skip
