"""Parts on a Ray cluster of two nodes with one core each: the bytes of one machine, whatever dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from model.bulk import ray_engine
from model.bulk.part import PartOutcome, PartWorker
from model.bulk.run_folder import Job
from tests.support.many_files import job, run_job, tables, write_images
from tests.support.serving import ROOT

ray = pytest.importorskip("ray", reason="needs the extra “ray”")


@pytest.fixture
def cluster() -> Iterator[Any]:
    """Two nodes with one core each, beside a head without any."""
    from ray.cluster_utils import Cluster

    memory = {"object_store_memory": 80 * 2**20}
    started = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **memory})
    for _ in range(2):
        started.add_node(num_cpus=1, **memory)
    try:
        ray.init(address=started.address, log_to_driver=False)
        started.wait_for_nodes()
        yield started
    finally:
        ray.shutdown()
        started.shutdown()


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("images") / "in", 24)


@pytest.fixture(scope="module")
def expected(images: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    def here(order_job: Job, parts: Iterable[int]) -> Iterator[PartOutcome]:
        worker = PartWorker(order_job, threads=2)
        yield from map(worker.predict, parts)
        worker.close()

    out = tmp_path_factory.mktemp("here") / "out"
    run_job(job(out), [images], here)
    return tables(out)


def disturbed(disturb: Callable[[], object]) -> Callable[[Job, Iterable[int]], Iterator[PartOutcome]]:
    """Return an engine that disturbs the cluster once, after its first part."""
    wanted = [disturb]

    def engine(order_job: Job, parts: Iterable[int]) -> Iterator[PartOutcome]:
        for outcome in ray_engine.predict_parts(order_job, parts):
            if wanted:
                wanted.pop()()
            yield outcome

    return engine


def kill_a_worker() -> None:
    """Kill one process of an actor, as the system does when memory is short."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cmdline").read_bytes().startswith(b"ray::_Worker"):
                os.kill(int(process.name), signal.SIGKILL)
                return
        except OSError:
            continue
    raise AssertionError("there is no worker to kill")


def test_parts_have_the_bytes_of_one_machine_after_a_worker_was_killed(
    cluster: Any, images: Path, expected: dict[str, bytes], tmp_path: Path
) -> None:
    fine, notes = run_job(job(tmp_path / "out"), [images], disturbed(kill_a_worker))

    assert fine, notes
    assert tables(tmp_path / "out") == expected


@pytest.mark.nightly
def test_parts_have_the_bytes_of_one_machine_after_a_node_was_lost(
    cluster: Any, images: Path, expected: dict[str, bytes], tmp_path: Path
) -> None:
    lost = cluster.list_all_nodes()[-1]

    fine, notes = run_job(
        job(tmp_path / "out"), [images], disturbed(lambda: cluster.remove_node(lost, allow_graceful=False))
    )

    assert fine, notes
    assert tables(tmp_path / "out") == expected


@pytest.mark.nightly
def test_a_part_that_kills_every_worker_is_tried_three_times_and_named_and_the_others_are_done(
    cluster: Any, images: Path, expected: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Dying(ray_engine._Worker):
        def predict(self, part: int) -> Any:
            if part == 2:
                os.kill(os.getpid(), signal.SIGKILL)
            return super().predict(part)

    monkeypatch.setattr(ray_engine, "_Worker", Dying)

    fine, notes = run_job(job(tmp_path / "out"), [images], ray_engine.predict_parts)

    assert not fine
    assert notes[-1].startswith("Part 2 (2 files") and "was given up after 3 tries: Its worker died" in notes[-1]
    assert tables(tmp_path / "out") == {name: table for name, table in expected.items() if "00002" not in name}


@pytest.mark.nightly
def test_a_driver_that_was_killed_is_started_again_and_the_bytes_are_the_same(
    cluster: Any, images: Path, expected: dict[str, bytes], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    arguments = [sys.executable, "vistazo.py", "predict", str(images), "--out", str(out), "--part-size", "2"]
    arguments += ["--top", "2", "--on", "ray"]
    environment = os.environ | {"RAY_ADDRESS": cluster.address}
    with subprocess.Popen(arguments, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL) as driver:
        until = time.monotonic() + 120
        while not list((out / "predictions").glob("*.csv")) and time.monotonic() < until:
            time.sleep(0.01)
        driver.kill()

    ended = subprocess.run(arguments, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)

    assert ended.returncode == 0, ended.stderr
    assert "already" in ended.stderr
    assert tables(out) == expected
