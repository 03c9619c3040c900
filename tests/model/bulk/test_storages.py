"""Runs from and to storages on the network: S3, as moto serves it, and the Hub."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from model.__main__ import main
from model.bulk.places import file_system, place
from tests.fake_hub.client import Client
from tests.fake_hub.server import Hub
from tests.support.many_files import jpeg, tables, write_images

_FROM_THE_HUB = """
import json, sys
from model.__main__ import main
print(json.dumps(main(["predict", "hf://maker/photos/in", "--out", sys.argv[1], "--part-size", "2"])))
"""


def test_images_in_a_hub_repository_are_predicted(client: Client, hub: Hub, tmp_path: Path) -> None:
    hub.commit("maker/photos", files={f"in/{n:04}.jpg": jpeg(n) for n in range(3)} | {"README.md": b"photos"})
    local = write_images(tmp_path / "in", 3)
    assert main(["predict", str(local), "--out", str(tmp_path / "local"), "--part-size", "2"]) == 0

    ended = client.run(_FROM_THE_HUB, [str(tmp_path / "out")])

    assert json.loads(ended.stdout.splitlines()[-1]) == 0, ended.stderr
    there = {name: content.replace(b"hf://maker/photos", b"") for name, content in tables(tmp_path / "out").items()}
    here = {n: c.replace(str(tmp_path).encode(), b"") for n, c in tables(tmp_path / "local").items()}
    assert there == here


def test_a_repository_is_no_place_for_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", str(write_images(tmp_path / "in", 1)), "--out", "hf://maker/photos"]) == 2

    assert "every table would be a commit" in capsys.readouterr().err


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    pytest.importorskip("s3fs", reason="needs the extra “s3”")
    server = pytest.importorskip("moto.server", reason="needs moto[server]").ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    name = f"bucket-{uuid.uuid4().hex}"
    storage = file_system(f"s3://{name}")
    storage.clear_instance_cache()  # one from an earlier test would ask its server
    try:
        file_system(f"s3://{name}").mkdir(name)
        yield f"s3://{name}"
    finally:
        storage.clear_instance_cache()
        server.stop()


def test_a_run_from_and_to_s3_has_the_bytes_of_one_on_a_disk(bucket: str, tmp_path: Path) -> None:
    local, root = write_images(tmp_path / "in", 5), place(bucket)
    for path in local.iterdir():
        root.child(f"in/{path.name}").write(path.read_bytes())
    for here, out in ((str(local), str(tmp_path / "out")), (f"{bucket}/in", f"{bucket}/out")):
        assert main(["predict", here, "--out", out, "--part-size", "2"]) == 0

    assert root.child("out/predictions").names() == ["00001.csv", "00002.csv", "00003.csv"]
    for name, content in tables(tmp_path / "out").items():
        expected = content.replace(str(local).encode(), f"{bucket}/in".encode())
        assert root.child(f"out/{name}").read() == expected
    assert root.child("out/locks").names() == []


def test_of_two_who_create_a_file_in_s3_one_succeeds(bucket: str) -> None:
    lock = place(bucket).child("locks/run")

    assert [lock.create(b"a"), lock.create(b"b"), lock.read()] == [True, False, b"a"]
