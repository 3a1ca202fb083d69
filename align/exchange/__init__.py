"""Decided links to files: one module a format, one registry."""

from align.writers.model import ExportOptions, ExportReport, Proof, Unit
from align.writers.pipeline import write, write_to
from align.writers.registry import Format, find_format, formats

__all__ = ["ExportOptions", "ExportReport", "Format", "Proof", "Unit", "find_format", "formats", "write", "write_to"]
