"""The cores that count are those that this process may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from model import cores as module
from model.cores import cores


@pytest.mark.parametrize(
    ("quota", "expected"),
    [
        (None, 6),
        ("max 100000\n", 6),
        ("250000 100000\n", 3),
        ("50000 100000\n", 1),
        ("6400000 100000\n", 6),
        ("0 0\n", 6),
        ("nonsense", 6),
    ],
)
def test_affinity_and_a_container_s_quota_limit_the_cores(
    quota: str | None, expected: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(6)), raising=False)
    monkeypatch.setattr(module, "_QUOTA", tmp_path / "cpu.max")
    if quota:
        (tmp_path / "cpu.max").write_text(quota, encoding="ascii")
    assert cores() == expected
