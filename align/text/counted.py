"""Counts with nouns for messages."""

from __future__ import annotations


def pluralise(number: int, noun: str) -> str:
    """`1 link`, `2 links`, `1,000 links`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
