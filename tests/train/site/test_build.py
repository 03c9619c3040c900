"""A site holds everything that its page needs, by relative paths, and is written whole or not at all."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from model.bundle import load_bundle
from model.classifier import Classifier
from model.errors import BundleError, SettingsError
from model.hub.resolve import EMBEDDED
from tests.support.images import hashes
from tests.support.site import FAKE_RUNTIME, fake_runtime
from train.site.build import site_files, write_site
from train.site.description import Source
from train.site.network import with_batch_of_one
from train.site.runtime import STATIC
from train.site.texts import LANGUAGES, page_texts

PUBLISHED = Source("user/flags", "c0ffee" * 6, "https://huggingface.co/user/flags")


@pytest.fixture(autouse=True)
def runtime(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("train.site.build.runtime_files", lambda: fake_runtime(tmp_path / "runtime"))


def embedded_site(out: Path) -> Path:
    write_site(EMBEDDED, out, Source())
    return out


def test_every_address_in_the_site_is_relative_and_leads_to_a_file_of_it(tmp_path: Path) -> None:
    site = embedded_site(tmp_path / "site")

    named = re.findall(r'(?:src|href)="([^"]+)"', (site / "index.html").read_text(encoding="utf-8"))
    assert len(named) > 5
    for script in [*site.glob("page/*.js"), *site.glob("engine/*.js")]:
        text = script.read_text(encoding="utf-8")
        for address in re.findall(r'(?:from|import\(|new URL\()\s*"([^"]+[.]js)"', text):
            named.append((script.parent / address).resolve().relative_to(site.resolve()).as_posix())
        assert set(re.findall(r'["`]https?://[^"`/]*', text)) <= {'"https://huggingface.co', '"http://www.w3.org'}, (
            script
        )
    assert [name for name in named if not (site / name).is_file()] == []
    assert not [name for name in named if name.startswith("/") or ":" in name]


def test_the_page_has_no_program_and_no_style_inside_it() -> None:
    page = (STATIC / "index.html").read_text(encoding="utf-8")

    assert re.findall(r"<script(?![^>]* src=)|<style| style=| on\w+=", page) == []


def test_every_text_that_the_page_names_is_there_in_every_language() -> None:
    programs = "".join(path.read_text(encoding="utf-8") for path in STATIC.glob("*/*.js"))
    named = set(re.findall(r'say\(\s*"(\w+)"', programs)) | set(re.findall(r'key: "(\w+)"', programs))
    assert {"card_empty", "site_private", "site_no_simd"} <= named
    own = {language: json.loads((STATIC / "texts" / f"{language}.json").read_text()) for language in LANGUAGES}

    for language in LANGUAGES:
        texts = page_texts(language)
        assert named - texts.keys() == set()
        assert own[language].keys() == own["en"].keys()
        assert all(
            re.findall(r"{\w+}", text) == re.findall(r"{\w+}", own["en"][key]) for key, text in own[language].items()
        )
    assert {key for key in own["en"] if f'"{key}"' not in programs} == set()


def test_the_site_says_of_its_model_what_the_bundle_says(tmp_path: Path) -> None:
    files = site_files(EMBEDDED, PUBLISHED)
    site = json.loads(bytes(files["site.json"]))  # type: ignore[arg-type]
    bundle = load_bundle(EMBEDDED)

    assert site["labels"][""] == list(bundle.labels)
    assert site["labels"]["es"] == list(bundle.labels_in("es"))
    assert (site["repository"], site["commit"]) == (PUBLISHED.repository, PUBLISHED.commit)
    assert site["model"]["temperature"] == bundle.temperature
    assert site["model"]["input"] == {"width": 144, "height": 144, "colour_mode": "rgb", "resize_rule": "stretch"}
    assert [bundle.labels[place] for place in site["model"]["background"]] == ["no flag"]
    assert site["title"]["fr"] == "Détecteur de drapeaux"
    assert {entry["file"] for entry in site["examples"]} >= {"examples/brazil.jpg"}
    assert {f"runtime/{name}" for name in FAKE_RUNTIME} <= files.keys()


def test_the_version_of_the_kept_copy_is_that_of_the_content(tmp_path: Path) -> None:
    first, again, other = (site_files(EMBEDDED, source) for source in (Source(), Source(), PUBLISHED))

    worker = bytes(first["service-worker.js"])  # type: ignore[arg-type]
    assert worker == again["service-worker.js"] != other["service-worker.js"]
    kept = json.loads(worker.split(b"const FILES = ")[1].split(b";\n")[0])
    assert {"index.html", "site.json", "model/model.bin", "runtime/litert.js"} < set(kept)
    assert set(kept) < first.keys() and not any(name.endswith(".mp4") for name in kept)


def test_a_network_with_a_free_batch_gets_a_batch_of_one_and_the_same_logits() -> None:
    before = (EMBEDDED / "model.tflite").read_bytes()

    after = with_batch_of_one(before)

    interpreter = Interpreter(model_content=after)
    for signature in ("predict", "explain"):
        for details in interpreter.get_signature_runner(signature).get_output_details().values():
            assert -1 not in details["shape_signature"]
    (image,) = interpreter.get_signature_runner("predict").get_input_details().values()
    assert list(image["shape_signature"]) == [1, 144, 144, 3]
    prepared = np.random.default_rng(1).integers(0, 256, (144, 144, 3), np.uint8)
    (name,) = interpreter.get_signature_runner("predict").get_input_details()
    logits = interpreter.get_signature_runner("predict")(**{name: prepared[np.newaxis]})["logits"]
    np.testing.assert_allclose(logits[0], Classifier.load(EMBEDDED).logits(prepared), atol=1e-4)


def test_what_is_no_network_is_refused() -> None:
    with pytest.raises(BundleError, match="not a LiteRT file"):
        with_batch_of_one(b"\xff" * 64)


def test_the_statistics_are_rows_of_16_bit_numbers(colour_bundle: Path, tmp_path: Path) -> None:
    files = site_files(colour_bundle, Source())
    site = json.loads(bytes(files["site.json"]))  # type: ignore[arg-type]
    statistics = load_bundle(colour_bundle).statistics
    assert statistics is not None

    rows = np.frombuffer(gzip.decompress(bytes(files["model/statistics.bin"])), "<f2")  # type: ignore[arg-type]
    rows = rows.reshape(-1, site["model"]["statistics"]["channels"])
    np.testing.assert_allclose(rows, statistics.references, atol=1e-3)
    assert site["model"]["none_of_these"]["max_distance"] == statistics.rule.max_distance


def test_a_directory_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")

    with pytest.raises(SettingsError, match="is not a site"):
        write_site(EMBEDDED, tmp_path, Source())

    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_a_site_is_written_again_without_what_it_no_longer_has_and_with_the_files_of_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = fake_runtime(tmp_path / "older runtime")
    monkeypatch.setattr("train.site.build.runtime_files", lambda: {**runtime, "old.js": runtime["litert.js"]})
    site = embedded_site(tmp_path / "site")
    (site / ".git").mkdir()
    others = [site / "CNAME", site / ".git" / "HEAD", site / "examples" / "mine.jpg"]
    for path in others:
        path.write_text("mine", encoding="utf-8")
    assert (site / "runtime" / "old.js").is_file()

    monkeypatch.setattr("train.site.build.runtime_files", lambda: runtime)
    embedded_site(site)

    assert not (site / "runtime" / "old.js").exists()
    assert (site / "index.html").is_file()
    assert [path.read_text(encoding="utf-8") for path in others] == ["mine"] * 3
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_file_of_somebody_else_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = embedded_site(tmp_path / "site")
    (site / "runtime" / "new.js").write_text("mine", encoding="utf-8")
    runtime = fake_runtime(tmp_path / "newer runtime")

    monkeypatch.setattr("train.site.build.runtime_files", lambda: {**runtime, "new.js": runtime["litert.js"]})
    with pytest.raises(SettingsError, match=r"runtime/new\.js.*would be lost"):
        embedded_site(site)

    assert (site / "runtime" / "new.js").read_text(encoding="utf-8") == "mine"


def test_a_site_that_cannot_be_written_again_is_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = embedded_site(tmp_path / "site")
    before = hashes(site)
    renamed = Path.rename

    def full(path: Path, target: Path) -> Path:
        if path.name == "site.json" and ".partial" in str(path):
            raise OSError("no space left")
        return renamed(path, target)

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(OSError, match="no space left"):
        write_site(EMBEDDED, site, PUBLISHED)

    assert hashes(site) == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
