"""Embed two or more texts for alignment: the only caller of encoders for everything that aligns.

`eval`, `pair`, `propose`, `bulk`, `mine` and `align_texts` all use it, so that they see the same evidence: vectors,
tokens, and the similarity that the encoder gives by chance to texts that have nothing to do with each other.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from align.aligner import EmbeddedSide
from align.aligner.types import MAX_TOKEN_SENTENCES, EncodeRuns, IntArray
from align.embeddings.base import Encoder, Progress, TokenEncoder, Tokens, Vectors, half_precision
from align.embeddings.registry import unknown_languages

ValueT = TypeVar("ValueT")

BACKGROUND: tuple[str, ...] = (
    "The committee postponed its vote on the fishing quota until after the election.",
    "Save changes",
    "What did she think of the soup?",
    "A pod runs one or more containers that share storage and network resources.",
    "He never spoke of the winter in which his brother left.",
    "Rainfall was twice the average of the last thirty years.",
    "Thank you, I will call you back this afternoon.",
    "The temple burned down in 1467 and was rebuilt by order of the shogun.",
    "Password is too short.",
    "If the argument is a list, the function returns a copy of it.",
    "Der Zug nach Salzburg fällt heute wegen eines Schadens an der Oberleitung aus.",
    "Datei öffnen",
    "Haben Sie gestern noch etwas von ihm gehört?",
    "Die Kosten der Sanierung trägt zur Hälfte der Kanton.",
    "Am dritten Tag erreichten wir den Gipfel bei dichtem Nebel.",
    "Le tribunal a rejeté la demande des héritiers.",
    "Paramètres avancés",
    "Je ne sais pas où j'ai mis les clés de la voiture.",
    "La recette de cette tarte vient de ma grand-mère.",
    "Las abejas orientan su vuelo por la luz del sol.",
    "¿Puedes enviarme el informe antes del lunes?",
    "El equipo perdió la final por un solo punto.",
    "新しい橋の工事は来年の春に始まる予定である。",
    "設定を保存できませんでした。",
    "すみません、会議の時間を変更してもらえますか。",
    "この関数は二つの整数の和を返す。",
    "彼は京都の商家に生まれ、若くして絵を学んだ。",
    "はい、わかりました。",
    "猫が窓辺で眠っている。",
    "原油価格が三週連続で下落した。",
    "请先安装驱动程序，然后重新启动计算机。",
    "他把信折好，放进了抽屉里。",
    "取消",
    "昨晚的暴雨淹没了两条街道。",
    "凡投票年龄以上的公民都有权参加选举。",
    "你打算什么时候搬家？",
    "這家醫院將於明年增設兒科病房。",
    "媽媽說晚飯要吃餃子。",
    "경찰은 용의자 두 명을 체포했다고 밝혔다.",
    "다음",
    "오늘 점심은 뭐 먹을까요?",
    "이 산의 높이는 천 미터가 조금 넘는다.",
    "Учёные обнаружили новый вид жуков на острове.",
    "Удалить файл?",
    "Мы так и не узнали, кто написал эту песню.",
    "Курс рубля немного вырос на утренних торгах.",
    "I musei della città sono chiusi il lunedì.",
    "Non ho ancora finito di leggere quel libro.",
    "O governo anunciou um novo imposto sobre bebidas açucaradas.",
    "De fiets stond de hele nacht in de regen.",
    "Każdy uczeń dostał własny zeszyt i ołówek.",
    "Bu oda yalnızca toplantılar için kullanılır.",
    "تأخرت الرحلة ثلاث ساعات بسبب العاصفة.",
    "لا أحد يعرف اسم صاحب البيت.",
    "สวนสาธารณะเปิดให้เข้าชมฟรีทุกวันอาทิตย์",
    "Cô ấy học đàn từ khi còn rất nhỏ.",
    "A folyó tavasszal gyakran kilép a medréből.",
    "Jökullinn hefur hopað um fimmtíu metra á ári.",
    "השופט ביקש לדחות את הדיון בשבוע.",
    "किसान इस साल कपास कम बो रहे हैं।",
    "Uimahalli on suljettu remontin ajan.",
    "Ο καπετάνιος άφησε το πλοίο τελευταίος.",
    "Bab ketiga membahas sejarah perdagangan rempah.",
    "Sáng nay chợ đông hơn mọi khi.",
)
"""Of one topic each, in the registers of news, manuals, dialogues, novels and user interfaces."""

_by_digest: dict[str, Vectors | None] = {}


def background(encoder: Encoder) -> Vectors | None:
    """(k, d) float32 unit vectors of BACKGROUND, encoded once for an encoder's digest.

    None for an encoder that looks up vectors which were made before, and has none of other texts. Raises EncoderError.
    """
    if encoder.digest not in _by_digest:
        try:
            _by_digest[encoder.digest] = half_precision(encoder.encode(list(BACKGROUND)))
        except LookupError:
            _by_digest[encoder.digest] = None
    return _by_digest[encoder.digest]


MAX_CACHED_TOKEN_SENTENCES, MAX_CACHED_RUNS = 4_000, 10_000
"""Sentences whose token vectors are cached where they are encoded on demand (about 25 kB each), and joined texts whose
vectors are (about 2 kB each): around a decision the same part of two texts is aligned again and again."""


class LatestTexts(Generic[ValueT]):
    """Values of texts, encoded on demand; those of the latest texts are cached."""

    def __init__(self, encode: Callable[[list[str]], Iterable[ValueT]], max_texts: int) -> None:
        self._encode, self._max_texts = encode, max_texts
        self._values: OrderedDict[str, ValueT] = OrderedDict()

    def __call__(self, texts: Sequence[str]) -> list[ValueT]:
        """The value of each text. Raises EncoderError."""
        missing = [text for text in dict.fromkeys(texts) if text not in self._values]
        if missing:
            self._values.update(zip(missing, self._encode(missing), strict=True))
        values = [self._values[text] for text in texts]
        for text in texts:
            self._values.move_to_end(text)
        while len(self._values) > self._max_texts:
            self._values.popitem(last=False)
        return values


def _run_encoder(encoder: Encoder) -> EncodeRuns | None:
    """`encode_runs` of the encoder with a cache; None where it has none."""
    encode: EncodeRuns | None = getattr(encoder, "encode_runs", None)
    if encode is None:
        return None
    vectors: LatestTexts[Vectors] = LatestTexts(encode, MAX_CACHED_RUNS)
    return lambda texts: np.array(vectors(texts))


@dataclass(frozen=True, slots=True)
class TextSide:
    """Sentences of one side in reading order, without vectors. The fields are those of `EmbeddedSide`."""

    texts: tuple[str, ...]
    lang: str = "und"
    positions: IntArray | None = None


def embed_sides(
    encoder: Encoder, sides: Sequence[TextSide], *, tokens_now: bool = True, progress: Progress | None = None
) -> list[EmbeddedSide]:
    """The sides with all evidence that the encoder gives; each text is encoded once.

    Vectors are rounded as in the cache of a store, so that they are the same with and without it. tokens_now: whether
    token vectors are encoded together with the vectors, which takes less time; otherwise the aligner has those of two
    texts encoded when it needs them. Raises EncoderError.
    """
    texts = list(dict.fromkeys(text for side in sides for text in side.texts))
    tokens: list[Tokens] | None = None
    encode_tokens: LatestTexts[Tokens] | None = None
    if isinstance(encoder, TokenEncoder):
        encode_tokens = LatestTexts(encoder.encode_tokens, MAX_CACHED_TOKEN_SENTENCES)
    encode_runs = _run_encoder(encoder)
    if (
        tokens_now
        and isinstance(encoder, TokenEncoder)
        and sum(len(side.texts) for side in sides) <= MAX_TOKEN_SENTENCES
    ):
        vectors, tokens = encoder.encode_with_tokens(texts, progress)
    else:
        vectors = encoder.encode(texts, progress)
    vectors = half_precision(vectors)
    row = {text: number for number, text in enumerate(texts)}
    unrelated = background(encoder)
    embedded = []
    for side in sides:
        rows = [row[text] for text in side.texts]
        embedded.append(
            EmbeddedSide(
                side.texts,
                vectors[rows],
                side.lang,
                None if tokens is None else [tokens[number] for number in rows],
                side.positions,
                encoder=encoder.name,
                encode_runs=encode_runs,
                background=unrelated,
                language_covered=not unknown_languages(encoder, [side.lang]),
                encode_tokens=encode_tokens,
            )
        )
    return embedded


def embed_texts(encoder: Encoder, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
    """(n, d) float32 unit vectors of any number of texts, each encoded once. Raises EncoderError."""
    distinct = list(dict.fromkeys(texts))
    row = {text: number for number, text in enumerate(distinct)}
    rows: Vectors = encoder.encode(distinct, progress)[[row[text] for text in texts]]
    return rows
