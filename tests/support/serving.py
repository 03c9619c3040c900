"""Run the app in a process of its own, as a user does, for the tests that talk to it."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import av

from tests.support.images import scene

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
# The last one shows what the model cannot know.
MISREAD = EXAMPLES / "images" / "poland-upside-down.jpg"
IMAGES = sorted(set((EXAMPLES / "images").glob("*.jpg")) - {MISREAD})
LONG = 15_000


def environment(temporary: Path, **more: str) -> dict[str, str]:
    """The environment for a process under test: offline, its files under `temporary`, no settings of ours."""
    ours = ("GRADIO_", "VISTAZO_", "SPACE_", "HF_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours) and name != "SYSTEM"}
    return kept | {
        "GRADIO_TEMP_DIR": str(temporary / "uploads"),
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(temporary / "hub"),
        "PYTHONDONTWRITEBYTECODE": "1",
        **more,
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running_app(
    temporary: Path, arguments: Sequence[str] = (), patience: float = 120, folder: Path = ROOT, **more: str
) -> Iterator[str]:
    """Start `python app.py` of a folder with `more` variables, wait until it answers, yield its address, and end it."""
    port, log = free_port(), temporary / "app.log"
    url = f"http://127.0.0.1:{port}/"
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            [sys.executable, "app.py", "--port", str(port), *arguments],
            cwd=folder,
            env=environment(temporary, **more),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            end = time.monotonic() + patience
            while not answers(url):
                if process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"the app did not start:\n{log.read_text(encoding='utf-8')}")
                time.sleep(0.2)
            yield url
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def slug(label: str) -> str:
    """The name of a label's example file: "United States" is in united-states.jpg."""
    return re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")


def write_long_clip(path: Path) -> Path:
    """Write a clip of `LONG` small frames: quickly written, many seconds to read."""
    images = [av.VideoFrame.from_ndarray(scene(64, 48, seed), "rgb24").reformat(format="yuv420p") for seed in (0, 1)]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for index in range(LONG):
            frame = images[index // 50 % 2]
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def answers(url: str) -> bool:
    """Say whether somebody answers at an address."""
    try:
        with urllib.request.urlopen(url, timeout=10):
            return True
    except OSError:
        return False


def asked_as_a_browser(url: str, endpoint: str, name: str, content: bytes, patience: float) -> str:
    """Upload a file to the app, ask an endpoint about it as the page does, and return all events of the answer.

    Raises:
        urllib.error.HTTPError: The app refuses the upload or the call.
        OSError: It cannot be reached, or says nothing for `patience` seconds.
    """
    boundary = uuid.uuid4().hex
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
    body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
    kind = f"multipart/form-data; boundary={boundary}"
    (path,) = json.loads(_sent(f"{url}gradio_api/upload", body, kind, patience))
    file = {"path": path, "orig_name": name, "meta": {"_type": "gradio.FileData"}}
    others = [0, 0, 0] if endpoint == "predict_video" else []  # frames per second, from, to
    call = f"{url}gradio_api/call/{endpoint}"
    event = json.loads(_sent(call, json.dumps({"data": [file, *others]}).encode(), "application/json", patience))
    return _sent(f"{call}/{event['event_id']}", None, "", patience).decode()


def app_process(url: str) -> int:
    """Return the process id of the app that answers at an address of this machine (Linux)."""
    port = f"--port\0{urlsplit(url).port}\0"
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            command = path.read_text(encoding="utf-8", errors="replace")
            if "app.py" in command and port in command:
                return int(path.parent.name)
    raise RuntimeError("the app that answers is not this machine's")


def family_of(root: int) -> list[int]:
    """Return the ids of a process and of its children (Linux)."""
    found = [root]
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            if int(path.read_text(encoding="utf-8").rpartition(")")[2].split()[1]) == root:
                found.append(int(path.parent.name))
    return found


def _sent(url: str, body: bytes | None, kind: str, patience: float) -> bytes:
    request = urllib.request.Request(url, body, {"Content-Type": kind} if kind else {})
    with urllib.request.urlopen(request, timeout=patience) as answer:
        return bytes(answer.read())
