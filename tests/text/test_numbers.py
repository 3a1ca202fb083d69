"""Numbers, dates and eras: one value however they are written, and nothing in words that only look like numbers."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from align.text.numbers import find_numbers, parse_numeral

MIXED = st.text(
    alphabet="第二百三十年月日億万천만0123456789٣３,.，' 令和元民國 Mai XIV may two hundred-and million Mrd.½①",
    max_size=60,
)
DIGITS = "〇一二三四五六七八九"


def first(text: str) -> list[float]:
    """The likeliest value of each number."""
    return [number.values[0] for number in find_numbers(text)]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("51億円", [5.1e9]),
        ("$5.1 billion", [5.1e9]),
        ("$5.1bn", [5.1e9]),
        ("5,1 Mrd. Euro", [5.1e9]),
        ("12 Mrd.", [12e9]),
        ("5 миллионов", [5e6]),
        ("300 тыс. человек", [300_000]),
        ("3 mil millones", [3e9]),
        ("3 milhões", [3e6]),
        ("5 milljónir", [5e6]),
        ("5 triệu", [5e6]),
        ("5 ล้านคน", [5e6]),
        ("३५ लाख", [3.5e6]),
        ("٣٥ مليون", [35e6]),
        ("1,00,000 rupees", [100_000]),
        ("1万2000人", [12_000]),
        ("5만 명", [50_000]),
        ("2억 3천만 원", [230_000_000]),
        ("12 000 Einwohner", [12_000]),
        ("12’000 Franken", [12_000]),
        ("1.234,5", [1234.5]),
        ("1,234.5", [1234.5]),
        ("0.125", [0.125]),
        ("三千二百人", [3200]),
        ("二〇一三年", [2013]),
        ("两百个", [200]),
        ("２０１３", [2013]),
        ("１，２３４", [1234]),
        ("3カ国", [3]),
        ("三カ国", [3]),
        ("twenty", [20]),
        ("twenty-five", [25]),
        ("two hundred and fifty thousand", [250_000]),
        ("nineteen eighty-four", [19, 84]),
        ("the twenty-first century", [21]),
        ("Louis XIV", [14]),
    ],
)
def test_a_number_has_its_value_in_any_script(text: str, values: list[float]) -> None:
    assert first(text) == values


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("令和6年", 2024),
        ("令和元年", 2019),
        ("Reiwa 6", 2024),
        ("the 6th year of Reiwa", 2024),
        ("民國113年", 2024),
        ("พ.ศ. 2567", 2024),
        ("昭和二十年", 1945),
        ("Showa 23", 1948),
        ("康熙30年", 1691),
        ("in 2024", 2024),
        ("二〇二四年", 2024),
    ],
)
def test_a_year_has_its_value_in_any_calendar(text: str, year: int) -> None:
    assert first(text) == [year]


@pytest.mark.parametrize(
    "text",
    [
        "2024年3月5日",
        "March 5, 2024",
        "5. März 2024",
        "le 5 mars 2024",
        "5 de marzo de 2024",
        "5 марта 2024 г.",
        "5.3.2024",
        "2024-03-05",
        "5 มีนาคม 2024",
        "5 مارس 2024",
        "令和6年3月5日",
    ],
)
def test_a_date_is_its_day_month_and_year(text: str) -> None:
    assert sorted(first(text)) == [3, 5, 2024]


@pytest.mark.parametrize(("text", "values"), [("1.500", [1500, 1.5]), ("12,000", [12_000, 12])])
def test_a_figure_that_can_be_read_in_two_ways_has_both_values(text: str, values: list[float]) -> None:
    assert [list(number.values) for number in find_numbers(text)] == [values]


@pytest.mark.parametrize(
    "text",
    [
        "統一",
        "一方で",
        "万一",
        "三菱重工",
        "百貨店",
        "数十人",
        "may come",
        "march on",
        "March on!",
        "MIX",
        "vivid",
        "mars",
    ],
)
def test_words_that_only_look_like_numbers(text: str) -> None:
    assert find_numbers(text) == []


@pytest.mark.parametrize(
    ("text", "firm"),
    [
        ("one of them", False),
        ("三人", False),
        ("IV", False),
        ("4 of them", True),
        ("二十三", True),
        ("July", True),
        ("三月", True),
        ("一日", False),
        ("第五", True),
    ],
)
def test_only_what_every_translation_has_is_firm(text: str, firm: bool) -> None:
    assert [number.firm for number in find_numbers(text)] == [firm]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("二十三", 23), ("千二百三十四", 1234), ("百", 100), ("3.5億", 3.5e8), ("二億三千万", 2.3e8), ("一〇", 10),
        ("廿五", 25), ("3억", 3e8),
    ],
)  # fmt: skip
def test_han_and_hangul_numerals(written: str, value: float) -> None:
    assert parse_numeral(written) == value


def han(value: int) -> str:
    """A value up to 10^8 in Han numerals."""
    if value >= 10_000:
        return han(value // 10_000) + "万" + (han(value % 10_000) if value % 10_000 else "")
    written = ""
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        if value // unit % 10:
            written += DIGITS[value // unit % 10] + name
    return written


@given(st.integers(13, 10**8 - 1))
@example(10_000)
def test_however_an_integer_is_written_it_has_its_value(value: int) -> None:
    grouped = f"{value:,}"
    forms = [str(value), grouped, grouped.replace(",", "."), grouped.replace(",", "\u202f"), grouped.replace(",", "'")]
    forms += ["第" + han(value), str(value).translate({48 + n: 0x0660 + n for n in range(10)})]
    if value >= 10_000 and value % 10_000:
        forms += [f"{value // 10_000}万{value % 10_000}", f"{value // 10_000}만 {value % 10_000}"]
    assert {form: first(form) for form in forms} == {form: [value] for form in forms}


@given(MIXED)
@example("9" * 10_000)
def test_numbers_lie_in_their_text_apart_and_in_order(text: str) -> None:
    at = 0
    for number in find_numbers(text):
        assert at <= number.start < number.end <= len(text)
        assert number.values
        at = number.end
