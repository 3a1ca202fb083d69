"""Our XLIFF against OASIS's own schemas, as Debian ships them, and against the rules for what they leave open."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from align.exchange.export import export_store
from align.exchange.types import ExportOptions
from align.models import LinkKind, Status
from align.store import Store

OASIS = Path("/usr/share/php/Symfony/Component/Translation/Resources/schemas")
"""Where Debian's php-symfony-translation keeps them."""
PROVENANCE = Path(str(files("align.exchange") / "rules" / "provenance.xsd"))
METADATA = Path(__file__).parent / "rules" / "xliff_metadata.xsd"
CORE = {
    "xlf": ("urn:oasis:names:tc:xliff:document:1.2", "xliff-core-1.2-strict.xsd"),
    "xlf2": ("urn:oasis:names:tc:xliff:document:2.0", "xliff-core-2.0.xsd"),
}
BESIDE = {
    "xlf": ("urn:align-workbench:provenance:1", PROVENANCE),
    "xlf2": ("urn:oasis:names:tc:xliff:metadata:2.0", METADATA),
}
ALL: dict[str, Any] = {"statuses": frozenset(Status), "kinds": frozenset(LinkKind)}


class AtHand(etree.Resolver):
    """The schema of `xml:lang` from beside the others: nothing is fetched."""

    def resolve(self, url: str, public: str, context: Any) -> Any:
        return self.resolve_filename(str(OASIS / "xml.xsd"), context) if url.endswith("xml.xsd") else None


def schema_of(suffix: str) -> etree.XMLSchema:
    """The standard's schema with that of what stands beside it. Skips, loudly, where the standard's is not there."""
    (core, name), (beside, path) = CORE[suffix], BESIDE[suffix]
    if not (OASIS / name).exists():
        pytest.skip(f"NO {name} HERE: our XLIFF was not held against the standard's schema. .ci/run installs it.")
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(AtHand())
    imports = "".join(
        f'<xs:import namespace="{space}" schemaLocation="{where.as_uri()}"/>'
        for space, where in ((core, OASIS / name), (beside, path))
    )
    both = f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">{imports}</xs:schema>'
    return etree.XMLSchema(etree.fromstring(both, parser))


def wrong(suffix: str, path: Path) -> list[str]:
    schema = schema_of(suffix)
    schema.validate(etree.parse(path))
    return [f"{entry.line}: {entry.message}" for entry in schema.error_log]


@pytest.mark.parametrize("suffix", CORE)
@pytest.mark.parametrize(
    "options",
    [
        {}, {"context": 2}, {"with_nulls": True}, {"level": "block"}, {"src": "en", "lang_map": {"ja": "ja-JP"}},
        {"min_confidence": 1.0},
    ],
    ids=["plain", "context", "nulls", "blocks", "turned", "empty"],
)  # fmt: skip
def test_our_xliff_is_valid(store: Store, tmp_path: Path, suffix: str, options: dict[str, Any]) -> None:
    out = tmp_path / f"out.{suffix}"
    export_store(store, out, None, ExportOptions(**ALL | options))
    assert wrong(suffix, out) == []


@pytest.mark.parametrize(
    ("suffix", "right", "broken"),
    [
        ("xlf", 'approved="yes"', 'approved="perhaps"'),
        ("xlf", ' datatype="plaintext"', ""),
        ("xlf", 'state="final"', 'state="done"'),
        ("xlf", 'align:kind="translation"', 'align:kind="poem"'),
        ("xlf", 'align:encoder="use"', 'align:coder="use"'),
        ("xlf2", 'state="final"', 'state="done"'),
        ("xlf2", 'srcLang="ja"', ""),
        ("xlf2", '<mda:meta type="kind">', "<mda:meta>"),
        ("xlf2", "<target", "<aim/><target"),
    ],
)
def test_a_broken_one_is_not(store: Store, tmp_path: Path, suffix: str, right: str, broken: str) -> None:
    """So the schemas have teeth, also in what is ours."""
    out = tmp_path / f"out.{suffix}"
    export_store(store, out, None, ExportOptions(**ALL))
    text = out.read_text(encoding="utf-8")
    assert right in text
    out.write_text(text.replace(right, broken), encoding="utf-8")
    assert wrong(suffix, out)
