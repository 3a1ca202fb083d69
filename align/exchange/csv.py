"""CSV as spreadsheets open it: UTF-8 with a mark, quoted where needed, nothing that they would calculate."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import IO

from align.exchange.charsets import in_unicode
from align.exchange.columns import cells, columns, guarded
from align.exchange.types import ExportOptions, Unit


def write(units: Iterable[Unit], file: IO[bytes], options: ExportOptions) -> None:
    """Write the header and a record a link."""
    record = io.StringIO(newline="")
    writer = csv.writer(record)
    file.write(b"\xef\xbb\xbf")
    writer.writerow(columns(options))
    for unit in units:
        writer.writerow([guarded(cell) for cell in cells(unit)])
        if record.tell() > 1 << 16:
            file.write(in_unicode(record.getvalue())[0].encode())
            record.seek(0)
            record.truncate()
    file.write(in_unicode(record.getvalue())[0].encode())
