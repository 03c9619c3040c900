"""Fuzzing that is guided by coverage (atheris, which brings libFuzzer): of our Python code and Pillow's, not of C."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path


def run_guided(name: str, minutes: float, seed: int, keep: Path) -> None:
    """Run one target until the time is over or it is broken; libFuzzer then ends this process."""
    import atheris

    with atheris.instrument_imports(include=["model", "PIL"]):
        from tests.fuzz.run import CPU_SECONDS
        from tests.fuzz.targets import TARGETS, verdict
    target = TARGETS[name]
    seeds = target.seeds()
    names = list(seeds)
    work = Path(tempfile.mkdtemp(prefix="vistazo-fuzz-"))
    corpus = work / "corpus"
    corpus.mkdir()
    # The first byte of an input says which kind of file the rest is.
    for number, (file, content) in enumerate(seeds.items()):
        (corpus / file).write_bytes(bytes([number]) + content)
    keep.mkdir(parents=True, exist_ok=True)

    def one(data: bytes) -> None:
        if not data:
            return
        path = work / names[data[0] % len(names)]
        path.write_bytes(data[1:])
        verdict(target.check, path)

    options = [
        f"-max_total_time={round(60 * minutes)}",
        f"-timeout={CPU_SECONDS}",
        "-len_control=0",
        "-rss_limit_mb=2048",
        "-max_len=100000",
        f"-seed={seed or 1}",
        f"-artifact_prefix={keep}/{name}-",
        str(corpus),
    ]
    atheris.Setup([sys.argv[0], *options], one)
    atheris.Fuzz()
