"""File names made from language tags, which may come from anywhere."""

from __future__ import annotations

import re

_TAG = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")


def tag_name(lang: str) -> str:
    """The tag where it is shaped as BCP 47 has it, else `und`: a name that cannot leave its folder."""
    return lang if _TAG.fullmatch(lang) else "und"


def pair_name(src: str, tgt: str) -> str:
    """`ja-zh-Hant`."""
    return f"{tag_name(src)}-{tag_name(tgt)}"
