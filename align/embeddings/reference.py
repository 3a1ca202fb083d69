"""Sentences in many languages with their expected vectors, for `align models check`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from align.embeddings.base import Vectors

VECTORS = Path(__file__).with_name("reference.npz")
"""One array per encoder, (sentences, dimensions) float16; made by `python -m benchmarks.reference`."""

SENTENCES: tuple[tuple[str, str], ...] = (
    ("en", "The museum opens at nine, but the garden behind it is open all night."),
    ("ja", "博物館は九時に開きますが、裏の庭園は一晩中開いています。"),
    ("zh", "博物馆九点开门，但后面的花园整夜开放。"),
    ("ko", "박물관은 아홉 시에 열지만 그 뒤의 정원은 밤새 열려 있습니다."),
    ("de", "Das Museum öffnet um neun, doch der Garten dahinter ist die ganze Nacht offen."),
    ("fr", "Le musée ouvre à neuf heures, mais le jardin derrière reste ouvert toute la nuit."),
    ("es", "El museo abre a las nueve, pero el jardín de atrás está abierto toda la noche."),
    ("it", "Il museo apre alle nove, ma il giardino sul retro è aperto tutta la notte."),
    ("pt", "O museu abre às nove, mas o jardim atrás dele fica aberto a noite toda."),
    ("nl", "Het museum gaat om negen uur open, maar de tuin erachter is de hele nacht open."),
    ("pl", "Muzeum otwierają o dziewiątej, ale ogród za nim jest otwarty całą noc."),
    ("ru", "Музей открывается в девять, но сад за ним открыт всю ночь."),
    ("tr", "Müze dokuzda açılıyor, ama arkasındaki bahçe bütün gece açık."),
    ("ar", "يفتح المتحف في التاسعة، لكن الحديقة خلفه مفتوحة طوال الليل."),
    ("th", "พิพิธภัณฑ์เปิดเก้าโมง แต่สวนด้านหลังเปิดตลอดคืน"),
    ("vi", "Bảo tàng mở cửa lúc chín giờ, nhưng khu vườn phía sau mở suốt đêm."),
    ("fi", "Museo aukeaa yhdeksältä, mutta sen takana oleva puutarha on auki koko yön."),
    ("he", "המוזיאון נפתח בתשע, אבל הגן שמאחוריו פתוח כל הלילה."),
    ("hi", "संग्रहालय नौ बजे खुलता है, लेकिन उसके पीछे का बगीचा रात भर खुला रहता है।"),
    ("el", "Το μουσείο ανοίγει στις εννέα, αλλά ο κήπος πίσω του είναι ανοιχτός όλη τη νύχτα."),
    ("uk", "Музей відчиняється о дев'ятій, але сад за ним відкритий усю ніч."),
    ("is", "Safnið opnar klukkan níu en garðurinn fyrir aftan það er opinn alla nóttina."),
    ("id", "Museum buka pukul sembilan, tetapi taman di belakangnya buka sepanjang malam."),
    ("en", "The two ministers signed the agreement in Geneva on 14 March 2019, after 36 hours of talks."),
    ("ja", "両大臣は三十六時間に及ぶ協議の末、2019年3月14日にジュネーブで協定に署名した。"),
    ("zh", "經過36小時的談判，兩位部長於2019年3月14日在日內瓦簽署了協議。"),
    ("en", "Table 3: Results (%) – see https://example.org/a?b=c#d and README.md."),
    ("ja", "「え、10～20人も？」"),
    ("en", "No."),
    ("en", ""),
)


def texts() -> list[str]:
    """The sentences without their languages."""
    return [text for _, text in SENTENCES]


def expected(encoder: str) -> Vectors | None:
    """Expected vectors of the sentences; None where none are stored for the encoder."""
    with np.load(VECTORS) as stored:
        return stored[encoder].astype(np.float32) if encoder in stored.files else None
