"""Texts of formulas in workbooks whose program saved no calculated values.

Only what makes texts of texts is calculated: `&`, CONCAT and CONCATENATE over strings, numbers and cells of the sheet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from openpyxl.formula import Tokenizer
from openpyxl.formula.tokenizer import Token

_CELL = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})")
_JOINS = frozenset({"CONCAT(", "CONCATENATE(", "_XLFN.CONCAT(", ")"})
MAX_DEPTH = 50
"""Formulas that refer to formulas."""


def formula_text(formula: str, cells: Mapping[str, str], formulas: Mapping[str, str], depth: int = 0) -> str | None:
    """The text of a formula, by the texts and the formulas of the sheet's cells (`B2`); None for other formulas."""
    if depth > MAX_DEPTH:
        return None
    parts: list[str] = []
    for token in Tokenizer(formula).items:
        if token.type == Token.OPERAND and token.subtype == Token.TEXT:
            parts.append(token.value[1:-1].replace('""', '"'))
        elif token.type == Token.OPERAND and token.subtype == Token.NUMBER:
            parts.append(token.value)
        elif token.type == Token.OPERAND and (match := _CELL.fullmatch(token.value)):
            name = match[1] + match[2]
            text = formula_text(formulas[name], cells, formulas, depth + 1) if name in formulas else cells.get(name, "")
            if text is None:
                return None
            parts.append(text)
        elif token.type in (Token.WSPACE, Token.SEP, Token.PAREN):
            continue
        elif not (
            (token.type == Token.OP_IN and token.value == "&")
            or (token.type == Token.FUNC and token.value.upper() in _JOINS)
        ):
            return None
    return "".join(parts)
