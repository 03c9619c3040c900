"""The published model card, and the code in it."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from model.hub.resolve import EMBEDDED
from tests.fake_hub.pushing import (
    REPOSITORY,
    Push,
    published,
    result,
)
from tests.fake_hub.server import Hub
from tests.support.serving import EXAMPLES, ROOT, environment


def test_the_published_card_states_the_metrics(hub: Hub, push: Push) -> None:
    from huggingface_hub import ModelCard, ModelCardData

    result(push("--license", "apache-2.0", "--dataset-name", "national flags"))

    data = ModelCard(published(hub)["README.md"].decode()).data
    assert isinstance(data, ModelCardData)
    metrics = json.loads((EMBEDDED / "metrics.json").read_text(encoding="utf-8"))
    assert (data.library_name, data.pipeline_tag, data.license) == ("keras", "image-classification", "apache-2.0")
    assert {r.metric_name: r.metric_value for r in data.eval_results or []}["Accuracy"] == metrics["accuracy"]
    assert {r.dataset_name for r in data.eval_results or []} == {"national flags"}


def test_the_card_describes_the_model_and_its_limits(hub: Hub, push: Push) -> None:
    result(push("--license", "apache-2.0", "--dataset-name", "national flags"))
    card = published(hub)["README.md"].decode()

    for words in (
        "Trained on: national flags.",
        "kept for validation",  # the split
        "| Brazil | ",  # results of each class
        "calibrated with temperature",
        "## Limits",
        "“none of these”",
        "Licence: apache-2.0.",
        "names in other languages as well: es, fr.",
    ):
        assert words in card
    (image,) = re.findall(r"!\[Confusion matrix\]\((.+?)\)", card)
    assert published(hub)[image].startswith(b"\x89PNG")


def test_a_card_without_a_licence_says_so(hub: Hub, push: Push) -> None:
    result(push())
    assert "No licence is named: ask the author" in published(hub)["README.md"].decode()


@pytest.mark.parametrize("way", ["vistazo", "keras", "litert"])
def test_the_code_in_the_card_classifies_an_image(way: str, hub: Hub, push: Push, tmp_path: Path) -> None:
    result(push())
    code = re.findall(r"```(?:bash|python)\n(.*?)```", published(hub)["README.md"].decode(), re.DOTALL)
    vistazo, keras, litert = code
    assert f"python app.py --model {REPOSITORY}" in vistazo  # tests/train/publish/test_space.py runs such an app
    (predict,) = [line for line in vistazo.splitlines() if line.startswith("python -m model predict ")]
    shutil.copy(EXAMPLES / "images" / "brazil.jpg", tmp_path / "image.jpg")
    done = subprocess.run(
        {
            "vistazo": [sys.executable, *shlex.split(predict)[1:]],
            "keras": [sys.executable, "-c", keras],
            "litert": [sys.executable, "-c", litert],
        }[way],
        cwd=tmp_path,
        env=environment(
            tmp_path,
            **hub.environment(tmp_path / "other"),
            PYTHONPATH=str(ROOT) if way == "vistazo" else "",
            TF_CPP_MIN_LOG_LEVEL="3",
        ),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    predicted = done.stdout.strip().splitlines()[-1]
    if way != "vistazo":
        predicted = published(hub)["labels.txt"].decode().splitlines()[int(predicted)]
    assert "Brazil" in predicted
