"""What the site's programs say of a prediction: the same as the app, whose twins they are."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import playwright
import pytest

from tests.support.serving import ROOT
from train.site.texts import page_texts

# What the programs expect of a browser when a page begins.
_BEGINNING = """
const files = {"site.json": %s, "texts/en.json": %s};
globalThis.fetch = async (name) => ({ json: async () => files[name] });
globalThis.location = { search: "" };
globalThis.document = { documentElement: {} };
await (await import("%s/page/texts.js")).loadTexts();
await (await import("%s/page/site.js")).loadSite();
const { %s } = await import("%s");
console.log(JSON.stringify(%s));
"""


def said(program: str, names: str, expression: str, model: dict[str, Any] | None = None) -> Any:
    """Return what an expression gives in the Node.js that comes with Playwright.

    Args:
        program: The file in `static/` that has the functions.
        names: The functions.
        expression: What to evaluate.
        model: The “model” of site.json, whose labels are the letters from a to h.
    """
    static = ROOT / "static"
    site = {"labels": {"": list("abcdefgh")}, "model": {"thresholds": None, **(model or {})}}
    texts = json.dumps(page_texts("en"))
    script = _BEGINNING % (json.dumps(site), texts, static, static, names, static / program, expression)
    node = Path(playwright.__file__).parent / "driver" / "node"
    done = subprocess.run(
        [node, "--input-type=module"], input=script, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("probabilities", "thresholds", "labels"),
    [
        ([0.7] * 5 + [0.2, 0.1, 0.1], [0.8] * 5 + [0.1, 0.5, 0.5], "f"),
        ([0.9] * 6 + [0.1, 0.1], [0.5] * 8, "abcdef"),
        ([0.4] * 8, [0.5] * 8, ""),
    ],
)
def test_of_several_labels_all_above_their_thresholds_count_however_many_others_are_more_probable(
    probabilities: list[float], thresholds: list[float], labels: str
) -> None:
    shown = said(
        "page/card.js",
        "predictedLabels",
        f"predictedLabels(Float32Array.from({probabilities})).map(({{ label }}) => label).join('')",
        {"thresholds": thresholds},
    )
    assert shown == labels
