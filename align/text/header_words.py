"""Words by which the header of a table names its columns, in many languages, in lower case."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(word.strip() for word in text.split("|"))


SOURCES = _words(
    "source|source text|source string|original|original text|src|from|quelle|quelltext|ausgangstext|originaltext|"
    "texte source|origen|texto original|texto de origen|sorgente|testo originale|origem|bron|brontekst|źródło|"
    "tekst źródłowy|zdroj|zdrojový text|källa|källtext|kilde|lähde|lähdeteksti|forrás|kaynak|kaynak metin|sursă|"
    "原文|源文|源语言|原語|исходный текст|оригинал|источник|πηγή|원문|מקור|المصدر|النص الأصلي|"
    "ต้นฉบับ|ข้อความต้นฉบับ|nguồn|bản gốc|văn bản gốc|văn bản nguồn|sumber|teks sumber|teks asli|स्रोत|मूल|मूल पाठ|"
    "منبع|متن اصلی|джерело|оригінал|източник|izvor|izvornik|izvirnik|zdrojový text|font|text original|šaltinis|"
    "avots|allikas|来源|源文本|原本|원본|소스"
)
TARGETS = _words(
    "target|target text|target string|translation|translated|translated text|tgt|ziel|zieltext|übersetzung|cible|"
    "texte cible|traduction|traducción|destino|texto traducido|traduzione|destinazione|tradução|doel|doeltekst|"
    "vertaling|tłumaczenie|cel|překlad|cíl|översättning|måltext|oversættelse|oversettelse|käännös|kohde|fordítás|cél|"
    "çeviri|hedef|traducere|訳文|翻訳|译文|譯文|翻译|翻譯|目标语言|перевод|переклад|μετάφραση|번역|번역문|תרגום|الترجمة|ترجمة|"
    "คำแปล|ข้อความแปล|bản dịch|đích|terjemahan|sasaran|अनुवाद|लक्ष्य|ترجمه|مقصد|превод|prijevod|prevod|preklad|traducció|"
    "vertimas|tulkojums|tõlge|目标|目標|目标文本|訳|和訳|英訳|대상|번역어|번역본"
)
KEYS = _words(
    "key|keys|string id|stringid|msgid|msgctxt|identifier|resource|resource id|context|kontext|schlüssel|bezeichner|"
    "clé|identifiant|clave|identificador|chiave|chave|sleutel|klucz|klíč|nyckel|nøgle|nøkkel|avain|kulcs|anahtar|cheie|"
    "ключ|идентификатор|κλειδί|キー|識別子|键|鍵|键名|标识|키|מפתח|مفتاح|معرف|المعرف|"
    "รหัส|คีย์|khóa|mã|kunci|कुंजी|کلید|شناسه|kľúč|ključ|clau|raktas|atslēga|võti|标识符|식별자"
)
NOTES = _words(
    "note|notes|comment|comments|remark|remarks|kommentar|kommentare|bemerkung|anmerkung|notiz|commentaire|commentaires|"
    "remarque|comentario|comentarios|nota|notas|commento|comentário|observação|opmerking|uwaga|uwagi|poznámka|"
    "anteckning|bemærkning|merknad|huomautus|megjegyzés|not|açıklama|notă|备注|備考|備註|注释|注釈|コメント|комментарий|"
    "примечание|σχόλιο|메모|비고|הערה|הערות|ملاحظة|"
    "ملاحظات|تعليق|تعليقات|หมายเหตุ|ความคิดเห็น|ghi chú|bình luận|catatan|komentar|टिप्पणी|یادداشت|توضیح|توضیحات|"
    "примітка|коментар|примечания|комментарии|забележка|бележка|napomena|bilješka|opomba|komentár|pastaba|piezīme|märkus|メモ|注記|注|주석|참고"
)
TEXTS = SOURCES | TARGETS | _words("text|日本語|英語|中文|english|japanese|chinese|french|german|spanish|korean")
NUMBERS = _words(
    "id|no.|nr|nr.|#|index|番号|编号|編號|序号|번호|순번|№|n°|nº|номер|numer|číslo|nummer|numéro|número|رقم|الرقم|ลำดับ|stt|شماره"
)
"""Headers of columns that number the rows of a table."""
FIELDS = _words(
    "name|title|term|terms|definition|definitions|example|examples|body|content|contents|value|values|description|summary|category|type|tag|tags|"
    "date|time|created|updated|author|url|link|slug|status|state|question|answer|message|sentence|sentences|string|"
    "strings|heading|subject|label|language|lang|locale|page|line|segment|speaker|titel|inhalt|wert|beschreibung|"
    "kategorie|typ|datum|zeit|autor|satz|sprache|frage|antwort|titre|contenu|valeur|catégorie|auteur|phrase|langue|"
    "título|contenido|valor|descripción|categoría|fecha|frase|idioma|titolo|contenuto|valore|descrizione|autore|"
    "lingua|conteúdo|descrição|tytuł|treść|wartość|opis|název|hodnota|popis|заголовок|название|текст|значение|"
    "описание|дата|автор|タイトル|題名|本文|内容|値|説明|日付|著者|标题|標題|正文|值|描述|说明|日期|作者|제목|내용|값|설명|날짜|저자"
)
"""Other headers of tables."""
LOCALES = _words(
    "en|de|fr|es|it|pt|nl|pl|ru|uk|cs|sv|da|nb|fi|hu|tr|el|ro|ja|ko|zh|zh_Hant|ar|he|bg|hr|sk|ca|id|vi|th|fa|hi|"
    "sr|sl|lt|lv|et|ms|bn|ta|ur|ka|km|lo|my"
)
"""In whose names of languages a header may name the languages of its columns."""
LANGUAGE_WORDS = ("ภาษา", "ພາສາ", "ភាសា", "اللغة ", "زبان ", "bahasa ", "język ", "язык ", "мова ", "lingua ",
                  "langue ", "lengua ", "idioma ", "sprache ", "language ", "भाषा ")  # fmt: skip
"""Words for "language" before the name of one, as in `ภาษาไทย`; after it, they are preceded by a space."""
