"""Convert high dynamic range (PQ, HLG in BT.2020) to standard range, by a lookup table made once for each clip."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np

PQ, HLG = 16, 18  # transfer characteristics in ISO/IEC 23091-2
_STEPS = 33  # of each colour in the table; FFmpeg interpolates between them
_WHITE = 203.0  # reference white in HDR, in candelas per square metre (ITU-R BT.2408)
_PEAK = 1000.0  # anything brighter becomes white
_KNEE = 0.5  # up to this share of white, light is not compressed
_BT2020_TO_BT709 = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]])
_BT2020_LUMINANCE = np.array([0.2627, 0.6780, 0.0593])


def converter(stream: av.video.stream.VideoStream, first: av.VideoFrame) -> Callable[[av.VideoFrame], np.ndarray]:
    """Return a function that converts HDR frames to images, (height, width, 3), uint8 BGR.

    Args:
        stream: The stream of the frames.
        first: One of its frames; the others must have the same size, format and transfer characteristics.
    """
    graph = av.filter.Graph()
    with tempfile.TemporaryDirectory(prefix="vistazo-") as folder:
        file = Path(folder) / "table.cube"
        file.write_text(_as_cube(table(first.color_trc)), encoding="ascii")
        graph.link_nodes(
            graph.add_buffer(width=first.width, height=first.height, format=first.format, time_base=stream.time_base),
            graph.add("lut3d", file=str(file)),  # by its name: within a text, “:” would begin another option
            graph.add("format", "bgr24"),
            graph.add("buffersink"),
        ).configure()

    def convert(frame: av.VideoFrame) -> np.ndarray:
        graph.push(frame)
        pulled = graph.pull()
        assert isinstance(pulled, av.VideoFrame)
        return pulled.to_ndarray()

    return convert


def table(transfer: int) -> np.ndarray:
    """Return the sRGB colours, (blue, green, red, 3), 0 to 1, for evenly spaced values of each HDR colour.

    Args:
        transfer: `PQ` or `HLG`.
    """
    steps = np.linspace(0, 1, _STEPS)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    signal = np.stack([red, green, blue], axis=-1)
    light = _pq_light(signal) if transfer == PQ else _hlg_light(signal)
    light = np.clip(light / _WHITE @ _BT2020_TO_BT709.T, 0, None)
    # Only highlights are compressed, all colours by one factor, which keeps hues (extended Reinhard et al. 2002).
    brightest = np.maximum(light.max(axis=-1, keepdims=True), _KNEE)
    over, peak = (brightest - _KNEE) / (1 - _KNEE), (_PEAK / _WHITE - _KNEE) / (1 - _KNEE)
    compressed = _KNEE + (1 - _KNEE) * over * (1 + over / peak**2) / (1 + over)
    light = np.clip(light * compressed / brightest, 0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 0.0031308) ** (1 / 2.4) - 0.055)


def _pq_light(signal: np.ndarray) -> np.ndarray:
    """Return candelas per square metre (SMPTE ST 2084)."""
    root = signal ** (32 / 2523)
    return 10_000 * (np.clip(root - 0.8359375, 0, None) / (18.8515625 - 18.6875 * root)) ** (16384 / 2610)


def _hlg_light(signal: np.ndarray) -> np.ndarray:
    """Return candelas per square metre on a display with a peak of `_PEAK` (ITU-R BT.2100)."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    return _PEAK * scene * (scene @ _BT2020_LUMINANCE)[..., np.newaxis] ** 0.2


def _as_cube(colours: np.ndarray) -> str:
    """Return the table in FFmpeg's format “cube”, in which red varies fastest."""
    rows = "\n".join(f"{r:.4f} {g:.4f} {b:.4f}" for r, g, b in colours.reshape(-1, 3).tolist())
    return f"LUT_3D_SIZE {len(colours)}\n{rows}\n"
