"""Untrusted files are read or refused, whatever their fields contain: properties over all values of the fields."""

from __future__ import annotations

import copy
import json
import random
import struct
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.bundle import load_bundle
from model.classifier import Classifier
from model.errors import BundleError, VistazoError
from tests.fuzz.corpus import avi_that_claims, png
from tests.fuzz.mutations import mutate
from tests.fuzz.seeds import LABELS, bundle_files, image_bytes
from tests.fuzz.targets import check_bundle, check_clip, check_image, manifest_of, verdict
from tests.support.tiers import NIGHTLY
from train.export.bundle import write_manifest

in_one_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])

NUMBERS = st.one_of(
    st.integers(-(2**70), 2**70), st.floats(), st.sampled_from([10**4000, -(10**400), 0, -0.0, 2**31 - 1, 2**63])
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=150)),
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(st.text(max_size=20), inner, max_size=5)),
    max_leaves=20,
)
FIELDS = st.integers(0, 2**32 - 1) | st.sampled_from([0, 1, 2, 3, 4, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1])


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every value inside a JSON value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, inner in inside for place in places(inner, (*path, key)))]


def put(value: Any, path: tuple[Any, ...], new: object) -> Any:
    if not path:
        return new
    changed = copy.deepcopy(value)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = new
    return changed


def outcome(folder: Path, name: str, content: bytes) -> str:
    """Read a file with the reader that its name stands for; an exception that is no `VistazoError` fails the test."""
    check = {"a": check_image, "c": check_clip}.get(name.split(".")[0], check_bundle)
    (folder / name).write_bytes(content)
    return verdict(check, folder / name)


@pytest.mark.parametrize("name", ["config.json", "manifest.json", "metrics.json"])
@in_one_folder
@given(data=st.data())
def test_any_value_in_any_place_of_a_bundle_s_json(name: str, data: st.DataObject, tmp_path: Path) -> None:
    files = bundle_files()
    whole = json.loads(files.get(name) or manifest_of(files))
    place = data.draw(st.sampled_from(places(whole)))

    outcome(tmp_path, name, dumped(put(whole, place, data.draw(JSON))))


def dumped(value: object) -> bytes:
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)  # an untrusted file may contain numbers of thousands of digits
    try:
        return json.dumps(value).encode()
    finally:
        sys.set_int_max_str_digits(before)


@in_one_folder
@given(st.lists(st.text(max_size=130), max_size=8), st.sampled_from(["\n", "\r\n", "\r", "\u2028", "\x0c"]))
def test_any_lines_as_labels(tmp_path: Path, lines: list[str], end: str) -> None:
    outcome(tmp_path, "labels.txt", end.join(lines).encode("utf-8", "surrogatepass"))


@in_one_folder
@given(st.binary(max_size=300))
def test_any_bytes_as_translated_labels(tmp_path: Path, content: bytes) -> None:
    outcome(tmp_path, "labels.es.txt", content)


@in_one_folder
@given(FIELDS, FIELDS, *[st.integers(0, 255)] * 5)
def test_any_header_of_a_png(
    tmp_path: Path, width: int, height: int, bits: int, colour: int, packing: int, filters: int, lace: int
) -> None:
    content = png(20, 20)
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, bits, colour, packing, filters, lace)
    content = content[:12] + header + struct.pack(">I", zlib.crc32(header)) + content[33:]

    outcome(tmp_path, "a.png", content)


@in_one_folder
@given(st.integers(0, 30), FIELDS, st.integers(0, 14), FIELDS)
def test_any_tag_of_a_tiff(tmp_path: Path, number: int, tag: int, kind: int, value: int) -> None:
    content = bytearray(image_bytes("TIFF"))
    (directory,) = struct.unpack_from("<I", content, 4)
    (count,) = struct.unpack_from("<H", content, directory)
    entry = directory + 2 + 12 * (number % count)
    if tag < 2**16:  # else only the value is another
        struct.pack_into("<HH", content, entry, tag, kind)
    struct.pack_into("<I", content, entry + 8, value)

    outcome(tmp_path, "a.tif", bytes(content))


@in_one_folder
@given(st.dictionaries(st.sampled_from(["microseconds", "frames", "scale", "rate", "start", "length"]), FIELDS))
def test_any_numbers_in_the_header_of_an_avi(tmp_path: Path, fields: dict[str, int]) -> None:
    avi_that_claims(**fields)(tmp_path / "made.avi")

    outcome(tmp_path, "c.avi", (tmp_path / "made.avi").read_bytes())


@pytest.mark.parametrize("order", [(3, 1, 0, 2), (3, 2, 1, 0)])
def test_label_keys_out_of_order_are_read_by_number(order: tuple[int, ...], tmp_path: Path) -> None:
    files = bundle_files()
    config = json.loads(files["config.json"]) | {"id2label": {str(index): LABELS[index] for index in order}}
    files["config.json"] = json.dumps(config).encode()
    for name, content in {**files, "manifest.json": manifest_of(files)}.items():
        (tmp_path / name).write_bytes(content)

    assert load_bundle(tmp_path).labels == LABELS


@pytest.mark.parametrize("name", ["config.json", "labels.txt", "manifest.json", "metrics.json", "labels.es.txt"])
def test_a_gigabyte_where_a_page_of_text_belongs_is_refused_unread(name: str, tmp_path: Path) -> None:
    files = bundle_files()
    for other, content in {**files, "manifest.json": manifest_of(files)}.items():
        (tmp_path / other).write_bytes(content)
    with (tmp_path / name).open("r+b") as file:
        file.truncate(2**30)

    with pytest.raises(BundleError, match=name.replace(".", r"\.")) as caught:
        load_bundle(tmp_path)

    assert len(str(caught.value)) < 600


def test_no_damaged_network_is_run(copied_bundle: Path) -> None:
    """One in six of such files would still run, with wrong numbers: checksums decide, not the parser."""
    whole = (copied_bundle / "model.tflite").read_bytes()
    for seed in range(40 if NIGHTLY else 8):
        damaged = mutate(whole, random.Random(seed), [whole])
        if damaged == whole:
            continue
        (copied_bundle / "model.tflite").write_bytes(damaged)
        with pytest.raises(BundleError, match=r"model\.tflite.* does not match the manifest"):
            Classifier.load(copied_bundle)


def test_a_damaged_network_whose_checksum_agrees_is_run_or_refused(copied_bundle: Path) -> None:
    """A file that the parser of LiteRT rejects gives one sentence as well."""
    whole = (copied_bundle / "model.tflite").read_bytes()
    for content in (whole[:1000], whole[:4] + b"TFL9" + whole[8:], whole[: len(whole) // 2]):
        (copied_bundle / "model.tflite").write_bytes(content)
        write_manifest(copied_bundle)
        with pytest.raises(VistazoError):
            Classifier.load(copied_bundle)
