"""What every test may use: the seed pages, and the gold of others where it is at hand."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# A shell that runs us in its background ignores Ctrl-C, and so would the programs that we start to press it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parent.parent

# A law says what holds, not how fast: on a busy machine an example may take a second.
settings.register_profile("laws", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# A change is judged by the examples that the one before it was judged by; new examples are tried by `make test`.
settings.register_profile("same_examples", settings.get_profile("laws"), derandomize=True, database=None)
settings.load_profile(os.environ.get("ALIGN_LAWS", "laws"))


def gold_folder() -> Path:
    """`ALIGN_GOLD`, or `../shared/gold` beside the checkout. It need not exist."""
    return Path(os.environ.get("ALIGN_GOLD") or ROOT.parent / "shared" / "gold")


@pytest.fixture(scope="session")
def seeds() -> Path:
    """The folder of the five pages, our English RT text and our own gold."""
    return ROOT / "seeds"


@pytest.fixture(scope="session")
def gold() -> Path:
    """The folder with `dev/` and the two scorers; a test that needs it is skipped where it is absent."""
    folder = gold_folder()
    if not (folder / "dev").is_dir():
        pytest.skip(f"NO GOLD at {folder}: quality is not checked here. Set ALIGN_GOLD to its folder.")
    return folder


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A headless Chromium, driven by playwright-core; where there is none, the test is skipped and says so."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("NO CHROMIUM HERE: nothing was seen in a browser. Install it: apt-get install chromium.")
    driver = pytest.importorskip("playwright.sync_api", reason="NO PLAYWRIGHT: nothing was seen in a browser.")
    with driver.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()
