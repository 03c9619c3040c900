"""Data sets of the Hub, through the real client: image files, Parquet and archives, at one commit."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.fake_hub.client import HURRY, Client, Ended
from tests.fake_hub.server import Hub
from tests.fake_hub.writing import TOKEN

_RUN = (
    HURRY
    + """
import json, sys
from model.errors import VistazoError
from train.commands.data_options import source_of
from train.data.source import read_data
import argparse
options = argparse.Namespace(data=sys.argv[1], labels=None, label_column=(sys.argv + [""])[2], label_from="")
try:
    source = source_of(options)
    data = read_data(source)
    print(json.dumps({
        "splits": {split: sorted(e.labels[0] for e in examples) for split, examples in data.splits.items()},
        "revision": source.origin.revision, "name": source.origin.name,
    }))
except VistazoError as error:
    print(f"error: {error}", file=sys.stderr)
    sys.exit(2)
"""
)
NAME = "somebody/pets"
LABELS = ("cat", "dog")
Read = Callable[..., Ended]


@pytest.fixture
def read(client: Client, tmp_path: Path) -> Read:
    """Reads a data set in a process of its own."""

    def read_(*arguments: str, token: str = "") -> Ended:
        done = client.run(_RUN, arguments, XDG_CACHE_HOME=str(tmp_path / "cache"), HF_TOKEN=token)
        assert "Traceback" not in done.stderr
        return done

    return read_


def image(seed: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (16, 16, 3), np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def folders(splits: tuple[str, ...] = ("train", "test"), count: int = 3) -> dict[str, bytes]:
    return {
        f"data/{split}/{label}/{index}.png": image(hash((split, label, index)) % 2**32)
        for split in splits
        for label in LABELS
        for index in range(count)
    }


def parquet(split: str, *, features: dict[str, Any] | None = None, **columns: list[Any]) -> bytes:
    """A shard as the Hub writes it."""
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet as format_

    images = [{"bytes": image(n), "path": f"{split}{n}.png"} for n in range(4)]
    table = pyarrow.table({"image": images, **(columns or {"label": [0, 1, 0, -1]})})
    described = features or {"image": {"_type": "Image"}, "label": {"_type": "ClassLabel", "names": list(LABELS)}}
    table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": described}})})
    buffer = io.BytesIO()
    format_.write_table(table, buffer)
    return buffer.getvalue()


def result(done: Ended) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_folders_of_images_are_read_at_a_commit_and_fetched_once(hub: Hub, read: Read) -> None:
    commit = hub.commit(f"datasets/{NAME}", files={**folders(), "README.md": b"# Pets\n", "pets.py": b"raise"})
    hub.fail(r"GET .*/cat/1\.png", status=500, times=1)

    found = result(read(f"hf://datasets/{NAME}"))

    assert found["splits"] == {split: ["cat"] * 3 + ["dog"] * 3 for split in ("train", "test")}
    assert (found["name"], found["revision"]) == (f"datasets/{NAME}", commit)
    assert not hub.requests(r"pets\.py")
    hub.recover()
    assert result(read(f"hf://datasets/{NAME}@{commit}")) == found
    assert not hub.requests(r"\.png")
    hub.commit(f"datasets/{NAME}", files=folders(("train",)))
    assert set(result(read(f"https://huggingface.co/datasets/{NAME}/tree/main"))["splits"]) == {"train"}


def test_parquet_is_read_with_the_names_of_its_classes(hub: Hub, read: Read) -> None:
    shards = {f"data/{split}-00000-of-00001.parquet": parquet(split) for split in ("train", "validation")}
    hub.commit(f"datasets/{NAME}", files=shards)
    assert result(read(f"hf://datasets/{NAME}"))["splits"] == {
        "train": ["cat", "cat", "dog"],
        "validation": ["cat", "cat", "dog"],
    }


def test_an_archive_is_unpacked(hub: Hub, read: Read) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in folders().items():
            archive.writestr(name, content)
    hub.commit(f"datasets/{NAME}", files={"pets.zip": buffer.getvalue()})
    assert set(result(read(f"hf://datasets/{NAME}"))["splits"]) == {"train", "test"}


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"pets.py": b"raise SystemExit"}, "its own loading script, which is never run"),
        ({"README.md": b"words"}, "holds no image files, no Parquet and no archive"),
        ({"a.zip": b"", "b.zip": b""}, "holds 2 archives"),
    ],
)
def test_a_data_set_in_another_form_is_refused(files: dict[str, bytes], sentence: str, hub: Hub, read: Read) -> None:
    hub.commit(f"datasets/{NAME}", files=files)
    done = read(f"hf://datasets/{NAME}")
    assert done.returncode == 2 and sentence in done.stderr


def test_parquet_of_another_task_is_refused(hub: Hub, read: Read) -> None:
    for columns, sentence in (
        ({"text": ["a"] * 4}, "no columns of labels among image, text. Give --label-column"),
        ({"fine": [0] * 4, "coarse": [1] * 4}, "no columns of labels"),
    ):
        hub.commit(f"datasets/{NAME}", files={"train.parquet": parquet("train", features={}, **columns)})
        done = read(f"hf://datasets/{NAME}")
        assert done.returncode == 2 and sentence in done.stderr
    several = {f"{config}/train.parquet": parquet("train") for config in ("a", "b")}
    hub.commit(f"datasets/{NAME}", files=several)
    assert "several configurations (a, b)" in read(f"hf://datasets/{NAME}").stderr
    hub.commit(f"datasets/{NAME}", files={"train.parquet": b"PAR1 and no more"})
    assert "is damaged or not a Parquet file" in read(f"hf://datasets/{NAME}").stderr


def test_a_column_of_labels_can_be_named(hub: Hub, read: Read) -> None:
    hub.commit(f"datasets/{NAME}", files={"train.parquet": parquet("train", fine=["a", "b"] * 2, coarse=[1] * 4)})
    assert result(read(f"hf://datasets/{NAME}", "fine"))["splits"] == {"train": ["a", "a", "b", "b"]}


def test_a_gated_or_missing_data_set_is_named(hub: Hub, read: Read) -> None:
    hub.commit(f"datasets/{NAME}", files=folders())
    assert "no repository “somebody/none”" in read("hf://datasets/somebody/none").stderr
    assert "no branch, tag or commit “v9”" in read(f"hf://datasets/{NAME}@v9").stderr
    hub.fail(r"/resolve/", status=403, code="GatedRepo")
    done = read(f"hf://datasets/{NAME}", token=TOKEN)
    assert done.returncode == 2 and "is gated: accept its conditions" in done.stderr


@pytest.mark.parametrize("text", ["hf://somebody/pets", "hf://spaces/somebody/pets", "hf://datasets/pets", "hf://"])
def test_an_address_that_names_no_data_set_is_refused(text: str, read: Read) -> None:
    done = read(text)
    assert done.returncode == 2 and "Write hf://datasets/user/name" in done.stderr
    assert ("is the address of a Space" in done.stderr) == ("/spaces/" in text)
