"""Sentences of a document as rows: all of them by position, or those of one language of a mixed page."""

from __future__ import annotations

from collections.abc import Sequence

from align.jobs.browse import Browser, SentenceRow
from align.text.tags import primary

PREFETCHED_ROWS = 400


class WholeDocument:
    """All sentences, fetched only near the visible rows."""

    def __init__(self, browser: Browser, document: int) -> None:
        self._browser = browser
        self._document = document
        self.reload()

    def reload(self) -> None:
        """Reload after a sentence was split or joined."""
        self.count = self._browser.sentence_count(self._document)
        self._first = 0
        self._fetched: Sequence[SentenceRow] = ()
        self._row_numbers: dict[int, int] = {}

    def rows(self, start: int, n: int) -> Sequence[SentenceRow]:
        """Up to `n` sentences from row `start`."""
        stop = min(self.count, start + n)
        if not (self._first <= start and stop <= self._first + len(self._fetched)):
            self._first = max(0, start - PREFETCHED_ROWS // 2)
            self._fetched = self._browser.sentences(self._document, self._first, n + PREFETCHED_ROWS)
        return self._fetched[start - self._first : stop - self._first]

    def row_number(self, sentence: int) -> int | None:
        """Row number of a sentence; None if it is in another document."""
        if sentence not in self._row_numbers:
            for row in self._browser.sentences_by_id([sentence]):
                if row.document == self._document:
                    self._row_numbers[sentence] = row.position
        return self._row_numbers.get(sentence)


class OneLanguage:
    """Sentences of a document in one language: a side of a page that mixes languages."""

    def __init__(self, browser: Browser, document: int, lang: str) -> None:
        self._browser = browser
        self._document = document
        self._primary = primary(lang)
        self.reload()

    def reload(self) -> None:
        """Reload after a sentence was split or joined."""
        every = self._browser.sentences(self._document, 0, self._browser.sentence_count(self._document))
        self._rows = [row for row in every if primary(row.lang) == self._primary]
        self._row_numbers = {row.id: number for number, row in enumerate(self._rows)}
        self.count = len(self._rows)

    def rows(self, start: int, n: int) -> Sequence[SentenceRow]:
        """Up to `n` sentences from row `start`."""
        return self._rows[start : start + n]

    def row_number(self, sentence: int) -> int | None:
        """Row number of a sentence; None if it is not in this language."""
        return self._row_numbers.get(sentence)
