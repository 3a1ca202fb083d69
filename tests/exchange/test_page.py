"""The bilingual page in a browser: a tap lights up the partner, texts stay texts, the filter filters, lines cross."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from align.exchange.export import export, export_store
from align.exchange.html import crossing_links
from align.models import Link, LinkKind, LinkSide, Span, Status
from align.store import Store

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SIZES = {"phone": (390, 844), "desktop": (1280, 800)}
BOTH = pytest.mark.parametrize("page", sorted(SIZES), indirect=True)


def link(number: int, left: int, right: int, src: str = "ここ。", tgt: str = "Here.", sure: float = 0.9) -> Link:
    """A link between the sentence that starts at `left` and the one that starts at `right`."""
    return Link(
        number,
        LinkSide(1, "ja.txt", "ja", (left,), src, (Span(left, left + 3),)),
        LinkSide(2, "en.txt", "en", (right + 1000,), tgt, (Span(right, right + 3),)),
        LinkKind.TRANSLATION, 0.1, sure, Status.PROPOSED, "use",
    )  # fmt: skip


HOSTILE = (
    '<script>document.title = "taken"</script>',
    "</span></p><img src=x onerror=\"document.title='taken'\">",
    '"><svg onload="document.title=\'taken\'">',
    "</script><script>document.title='taken'</script>",
    "javascript:document.title='taken'",
    "&lt;b&gt; {{7*7}} ${7*7} <!-- -->",
)


@pytest.fixture(params=["desktop"])
def page(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[Page]:
    """A page of a reviewer (or a phone, where a test asks), which must log no error and fetch nothing."""
    width, height = SIZES[request.param]
    context = chromium.new_context(viewport={"width": width, "height": height}, has_touch=request.param == "phone")
    opened = context.new_page()
    troubles: list[str] = []
    opened.on("console", lambda message: troubles.append(message.text))
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on("request", lambda asked: None if asked.url.startswith("file:") else troubles.append(asked.url))
    yield opened
    context.close()
    assert troubles == []


def shown(page: Page, out: Path, *links: Link) -> None:
    export(links, out)
    page.goto(out.as_uri())


def lines_drawn(page: Page, count: int) -> None:
    """Wait until there are so many."""
    from playwright.sync_api import expect

    expect(page.locator(".gutter path")).to_have_count(count)


def lit(page: Page) -> list[str]:
    return page.locator(".s.lit").all_inner_texts()


@BOTH
def test_a_tap_lights_up_the_partner(page: Page, store: Store, tmp_path: Path) -> None:
    export_store(store, tmp_path / "page.html")
    page.goto((tmp_path / "page.html").as_uri())
    page.get_by_text("山へ行く。").click()
    assert lit(page) == ["山へ行く。", "We climb."]
    assert "confidence 55 %" in page.locator("#card").inner_text()
    page.locator(".right").get_by_text("Fog rises.").click()
    assert lit(page) == ["霧が出る。", "Fog rises."]
    page.keyboard.press("Escape")
    assert lit(page) == []
    assert page.locator("#card").is_hidden()


def test_the_whole_texts_are_there(page: Page, store: Store, tmp_path: Path) -> None:
    export_store(store, tmp_path / "page.html")
    page.goto((tmp_path / "page.html").as_uri())
    assert page.locator(".left .n").all_inner_texts() == ["雨が降る。"], "its link was rejected: it has no partner"
    assert page.locator(".left p").count() == 3, "a paragraph a block"


@BOTH
def test_a_far_partner_comes_to_the_same_height(page: Page, tmp_path: Path) -> None:
    links = [link(n, 10 * n, 10 * ((n * 37) % 100), f"文{n}。" * 9, f"Sentence {n}. " * 9) for n in range(1, 100)]
    shown(page, tmp_path / "page.html", *links)
    page.get_by_text("文50。").first.scroll_into_view_if_needed()
    page.wait_for_timeout(400)
    page.get_by_text("文50。").first.click()
    page.wait_for_timeout(400)
    boxes = [page.locator(f".{side} .s.lit").bounding_box() for side in ("left", "right")]
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert abs(boxes[0]["y"] - boxes[1]["y"]) < 5


def test_texts_stay_texts(page: Page, tmp_path: Path) -> None:
    links = [
        replace(link(n, n, n, text, text), note=text, src=replace(link(n, n, n, text).src, doc=text))
        for n, text in enumerate(HOSTILE, start=1)
    ]
    shown(page, tmp_path / "page.html", *links)
    options = page.locator("#pick option")
    for number, text in enumerate(HOSTILE):
        page.select_option("#pick", index=number)
        sentence = page.locator("section:not([hidden]) .left .s")
        assert sentence.inner_text() == text
        sentence.click()
        assert page.locator("#card p").first.inner_text() == text
    assert options.count() == len(HOSTILE)
    page.wait_for_timeout(200)
    assert page.title() == "Bilingual reader"
    assert page.locator("script").count() == 1
    assert page.locator("main img").count() == 0


def test_even_markup_that_got_in_would_not_run(page: Page, tmp_path: Path) -> None:
    """The page's policy alone stops scripts and handlers, should the escaping ever fail."""
    out = tmp_path / "page.html"
    export([link(1, 1, 1)], out)
    evil = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
    out.write_text(out.read_text(encoding="utf-8").replace("<main>", f"<main>{evil}"), encoding="utf-8")
    blocked: list[str] = []
    clean = page.context.browser.new_page()  # type: ignore[union-attr]
    clean.on("console", lambda message: blocked.append(message.text))
    clean.goto(out.as_uri())
    clean.wait_for_timeout(200)
    assert clean.title() == "Bilingual reader"
    assert any("Content Security Policy" in text for text in blocked)
    clean.close()


def test_the_confidence_filter_takes_links_away(page: Page, tmp_path: Path) -> None:
    links = link(1, 1, 1, "たしか。", "Sure.", 0.95), link(2, 9, 9, "どうかな。", "Perhaps.", 0.3)
    shown(page, tmp_path / "page.html", *links)
    lines_drawn(page, 2)
    page.locator("#floor").fill("60")
    lines_drawn(page, 1)
    page.get_by_text("どうかな。").click()
    assert lit(page) == []
    page.get_by_text("たしか。").click()
    assert lit(page) == ["たしか。", "Sure."]


def test_crossing_lines_are_drawn(page: Page, tmp_path: Path) -> None:
    shown(page, tmp_path / "page.html", link(1, 1, 30), link(2, 10, 10), link(3, 20, 20))
    lines_drawn(page, 3)
    assert page.locator(".gutter path.cross").count() == 1
    page.locator("#lines").uncheck()
    lines_drawn(page, 0)


def test_light_and_dark(page: Page, tmp_path: Path) -> None:
    shown(page, tmp_path / "page.html", link(1, 1, 1))
    colours = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        colours.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(set(colours)) == 2
    page.locator("#theme").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == colours[0]


def test_it_prints_all_of_the_texts(page: Page, store: Store, tmp_path: Path) -> None:
    export_store(store, tmp_path / "page.html")
    page.goto((tmp_path / "page.html").as_uri())
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator(".bar").is_hidden()
    assert page.locator(".left").evaluate("e => getComputedStyle(e).overflowY") == "visible"
    printed = page.locator(".left .s").first.evaluate("e => getComputedStyle(e, '::before').content")
    assert printed == '"1"'


def test_crossing_links_are_what_breaks_the_order() -> None:
    assert crossing_links([link(1, 1, 1), link(2, 5, 5), link(3, 9, 9)]) == set()
    assert crossing_links([link(1, 1, 9), link(2, 5, 1), link(3, 9, 5)]) == {1}
    assert crossing_links([]) == set()
