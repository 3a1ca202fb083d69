"""The documents build without a network and without a warning, ask nobody for anything, and are current."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site. A proxy that answers nothing stands in the way of every connection."""
    if importlib.util.find_spec("material") is None:
        pytest.skip("NO MKDOCS MATERIAL: the documents were not built. pip install 'align-workbench[docs]'")
    out = tmp_path_factory.mktemp("site")
    nowhere = "http://127.0.0.1:9"
    environ = os.environ | {"NO_MKDOCS_2_WARNING": "1", "http_proxy": nowhere, "https_proxy": nowhere}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(out)]
    built = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    assert "WARNING" not in built.stderr
    return out


class Links(HTMLParser):
    """What a page loads, what it links to, and the names of its places."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.names |= {found[key] for key in ("id", "name") if key in found}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        elif tag == "link" and found.get("rel") not in ("canonical", "prev", "next"):
            self.loads.append(found.get("href", ""))
        elif "src" in found:
            self.loads.append(found["src"])


def parsed(page: Path) -> Links:
    links = Links()
    links.feed(page.read_text(encoding="utf-8"))
    return links


def test_pages_load_only_what_is_beside_them(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 10
    for page in pages:
        for load in parsed(page).loads:
            assert not re.match(r"(https?:)?//", load), f"{page.name} loads {load}"
            if not load.startswith("data:") and page.name != "404.html":
                assert (page.parent / unquote(urlsplit(load).path)).is_file(), f"{page.name} loads {load}"


def test_no_link_is_dead(site: Path) -> None:
    names = {page: parsed(page) for page in site.rglob("*.html") if page.name != "404.html"}
    for page, links in names.items():
        for link in links.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            target = target / "index.html" if target.is_dir() else target
            assert target.is_file(), f"{page.name}: {link}"
            if parts.fragment and target in names:
                assert unquote(parts.fragment) in names[target].names, f"{page.name}: {link}"


def test_what_the_program_says_is_current() -> None:
    """In a process of its own: click keeps what a command's help was asked for first, whoever asked."""
    command = [sys.executable, str(ROOT / "docs" / "scripts" / "generated.py")]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, f"{ran.stdout}{ran.stderr}Mend it: make fresh"
