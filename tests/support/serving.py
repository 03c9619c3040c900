"""Run the app in a process of its own, as a user does, and send it requests."""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
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


@dataclass(frozen=True)
class ServedApp:
    """A running app.

    Attributes:
        url: Its address, with a slash at the end.
        folder: Where its log is, and its uploads in a folder of their own.
    """

    url: str
    folder: Path

    @property
    def log(self) -> str:
        """What the app has printed so far."""
        return (self.folder / "app.log").read_text(encoding="utf-8")


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
    temporary: Path, arguments: Sequence[str] = (), timeout: float = 120, folder: Path = ROOT, **more: str
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
            end = time.monotonic() + timeout
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
    """Write a clip of `LONG` small frames, 250 that are repeated: quickly written, many seconds to read."""
    images = [av.VideoFrame.from_ndarray(scene(64, 48, seed), "rgb24").reformat(format="yuv420p") for seed in (0, 1)]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        encoded: list[tuple[bytes, bool]] = []
        for index in range(250):
            frame = images[index // 50 % 2]
            frame.pts = index
            encoded += [(bytes(packet), packet.is_keyframe) for packet in stream.encode(frame)]
        encoded += [(bytes(packet), packet.is_keyframe) for packet in stream.encode()]
        for index in range(LONG):
            content, is_keyframe = encoded[index % 250]
            packet = av.Packet(content)
            packet.stream, packet.time_base = stream, Fraction(1, 25)
            packet.pts = packet.dts = index  # nothing refers to a later frame
            packet.duration, packet.is_keyframe = 1, is_keyframe
            container.mux(packet)
    return path


def answers(url: str) -> bool:
    """Say whether somebody answers at an address."""
    try:
        with urllib.request.urlopen(url, timeout=10):
            return True
    except OSError:
        return False


def asked_as_a_browser(url: str, endpoint: str, name: str, content: bytes, timeout: float) -> str:
    """Upload a file to the app, ask an endpoint about it as the page does, and return all events of the answer.

    Raises:
        urllib.error.HTTPError: The app refuses the upload or the call.
        OSError: It cannot be reached, or says nothing for `timeout` seconds.
    """
    boundary = uuid.uuid4().hex
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
    body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
    kind = f"multipart/form-data; boundary={boundary}"
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())  # a proxy's cookie names the copy

    def sent(url: str, body: bytes | None, kind: str) -> bytes:
        request = urllib.request.Request(url, body, {"Content-Type": kind} if kind else {})
        with browser.open(request, timeout=timeout) as answer:
            return bytes(answer.read())

    (path,) = json.loads(sent(f"{url}gradio_api/upload", body, kind))
    file = {"path": path, "orig_name": name, "meta": {"_type": "gradio.FileData"}}
    others = [0, 0, 0] if endpoint == "predict_video" else []  # frames per second, from, to
    call = f"{url}gradio_api/call/{endpoint}"
    event = json.loads(sent(call, json.dumps({"data": [file, *others]}).encode(), "application/json"))
    return sent(f"{call}/{event['event_id']}", None, "").decode()


def wait_until(condition: Callable[[], bool], seconds: float = 300) -> None:
    """Ask every tenth of a second until a condition holds; give up after far longer than that may take."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "what was waited for has not come"
        time.sleep(0.1)


@contextmanager
def loopback_server(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve with a handler on the loopback address; yield the host and port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def ask(url: str, path: str, method: str = "GET", body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    """Ask for a path exactly as it is written, where a client would tidy it up; returns the status and the body."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    try:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders(body)
        response = connection.getresponse()
        return response.status, response.read(5_000_000)
    finally:
        connection.close()


def post_json(url: str, path: str, body: bytes) -> tuple[int, bytes]:
    """Post a JSON body; returns the status and the response's body."""
    return ask(url, path, "POST", body, Content_Type="application/json")


def upload(url: str, name: str, content: bytes) -> tuple[int, bytes]:
    """Upload a file to the app; returns the status and the response's body."""
    boundary = uuid.uuid4().hex
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode()
    body = head + content + f"\r\n--{boundary}--\r\n".encode()
    return ask(url, "/gradio_api/upload", "POST", body, Content_Type=f"multipart/form-data; boundary={boundary}")


def call(url: str, endpoint: str, *data: object) -> str:
    """Call an endpoint with arguments that the client library may refuse to send; returns the stream of events."""
    path = f"/gradio_api/call/{endpoint}"
    event = json.loads(post_json(url, path, json.dumps({"data": data}).encode())[1])["event_id"]
    return ask(url, f"{path}/{event}")[1].decode()


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
