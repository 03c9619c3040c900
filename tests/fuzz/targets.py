"""What is fuzzed: for each reader of untrusted files, whole files to start from and what has to hold for any other."""

from __future__ import annotations

import hashlib
import itertools
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model.bundle import CONFIG, LABELS, MANIFEST, load_bundle
from model.errors import VistazoError
from model.labels import MAX_LABEL_LENGTH, MAX_LABELS, clean_label
from model.limits import limits
from model.preprocessing import InputSpec, prepare, read_image
from model.video.probe import is_clip
from model.video.reader import read_frames
from tests.fuzz.seeds import bundle_files, write_clips, write_images

# A small file may have many frames, and a caller may stop after any of them.
_FRAMES = 100
_LONGEST_SENTENCE = 1000
_SPEC = InputSpec(32, 32)


@dataclass(frozen=True)
class Target:
    """A reader under test.

    Attributes:
        seeds: Returns whole files: name → content.
        check: Reads the file at a path and returns a word about it. Raises `VistazoError` for a file that is
            refused; any other exception is a finding.
        takes_files: Whether the files of another folder may be seeds.
    """

    seeds: Callable[[], dict[str, bytes]]
    check: Callable[[Path], str]
    takes_files: bool = False


def verdict(check: Callable[[Path], str], path: Path) -> str:
    """Read a file and return what became of it: “answered” or “refused”.

    Raises:
        Exception: Whatever the reader raised that is no `VistazoError`.
    """
    try:
        check(path)
    except VistazoError as error:
        sentence = str(error)
        assert sentence and "\n" not in sentence and len(sentence) < _LONGEST_SENTENCE, repr(sentence[:200])
        assert "Traceback" not in sentence
        return "refused"
    return "answered"


def check_image(path: Path) -> str:
    for side in (None, _SPEC.ample_side):
        image = read_image(path, side)
        assert image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3, image.shape
        assert 0 < image.shape[0] * image.shape[1] <= limits().image_megapixels * 1_000_000
        assert prepare(image, _SPEC).shape == (32, 32, 3)
        del image
    return "an image"


def check_clip(path: Path) -> str:
    is_clip(path)
    count, last = 0, -1.0
    for frame in itertools.islice(read_frames(path, on_warning=_warned), _FRAMES):
        assert np.isfinite(frame.time) and frame.time > last, (last, frame.time)
        assert frame.image.dtype == np.uint8 and frame.image.shape[2] == 3
        assert prepare(frame.image, _SPEC).shape == (32, 32, 3)
        count, last = count + 1, frame.time
    assert count, "neither a frame nor an error"
    return f"{count} frames"


def check_bundle(path: Path) -> str:
    """Read a bundle of which one file was changed on purpose: its checksum agrees, unless the manifest is that file."""
    bundle = load_bundle(_written(path.name, path.read_bytes(), path.parent / "bundle"))
    assert 2 <= len(bundle.labels) <= MAX_LABELS
    for names in (bundle.labels, *bundle.translations.values()):
        assert len(set(names)) == len(names) == len(bundle.labels)
        assert all(name and clean_label(name) == name and len(name) <= MAX_LABEL_LENGTH for name in names)
    assert 1e-3 <= bundle.temperature <= 1e3
    assert bundle.unknown_threshold is None or 0 <= bundle.unknown_threshold <= 1
    assert bundle.thresholds is None or len(bundle.thresholds) == len(bundle.labels)
    json.dumps([dict(bundle.settings), dict(bundle.metrics)])  # what is shown or written again is plain data
    return f"{len(bundle.labels)} labels"


def _warned(sentence: str) -> None:
    assert sentence and "\n" not in sentence and len(sentence) < _LONGEST_SENTENCE


def _written(name: str, content: bytes, folder: Path) -> Path:
    files = {**bundle_files(), name: content}
    if name == LABELS:  # or every change of it would be refused for contradicting config.json
        lines = content.decode("utf-8", "surrogateescape").removeprefix("\ufeff").splitlines()
        config = json.loads(files[CONFIG]) | {"id2label": dict(enumerate(lines))}
        files[CONFIG] = json.dumps(config).encode()
    folder.mkdir(exist_ok=True)
    if name != MANIFEST:
        files[MANIFEST] = manifest_of(files)
    for other, written in files.items():
        (folder / other).write_bytes(written)
    return folder


def manifest_of(files: dict[str, bytes]) -> bytes:
    entries = {n: {"size": len(c), "sha256": hashlib.sha256(c).hexdigest()} for n, c in files.items()}
    return json.dumps({"files": entries}).encode()


def _seeds_of(write: Callable[[Path], None]) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder))
        return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}


def _bundle_seeds() -> dict[str, bytes]:
    files = bundle_files()
    parts = {name: files[name] for name in ("config.json", "metrics.json", "model.tflite")}
    return {**parts, MANIFEST: manifest_of(files)}


def _label_seeds() -> dict[str, bytes]:
    """Label files, and the label map inside config.json."""
    files = bundle_files()
    return {name: files[name] for name in ("labels.txt", "labels.es.txt", "config.json")}


TARGETS: dict[str, Target] = {
    "image": Target(lambda: _seeds_of(write_images), check_image, takes_files=True),
    "clip": Target(lambda: _seeds_of(write_clips), check_clip, takes_files=True),
    "bundle": Target(_bundle_seeds, check_bundle),
    "labels": Target(_label_seeds, check_bundle),
}
