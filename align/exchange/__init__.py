"""Decided links to files: one module a format, one registry."""

from align.exchange.formats import FORMATS, Format, find_format
from align.exchange.pipeline import write, write_to
from align.exchange.types import ExportOptions, ExportReport, Proof, Unit

__all__ = ["FORMATS", "ExportOptions", "ExportReport", "Format", "Proof", "Unit", "find_format", "write", "write_to"]
