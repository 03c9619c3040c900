"""Fractal noise, cut from a few tiles drawn once: the grain of everything that is not a flat colour."""

from __future__ import annotations

import functools

import cv2
import numpy as np

Size = tuple[int, int]  # height, width

_TILE = 512
_TILES_PER_SLOPE = 3
# How fast amplitude falls with frequency. Photographs are near 1; larger is smoother (clouds), smaller is grain.
ROUGH, NATURAL, CLOUDY, SMOOTH = 0.6, 1.1, 1.6, 2.4


@functools.lru_cache(maxsize=64)
def _tile(slope: float, number: int) -> np.ndarray:
    """Return a periodic tile with mean 0 and spread 1."""
    rng = np.random.default_rng([7041, number, round(slope * 100)])
    spectrum = np.fft.rfft2(rng.standard_normal((_TILE, _TILE)))
    frequency = np.hypot(np.fft.fftfreq(_TILE)[:, None], np.fft.rfftfreq(_TILE)[None, :])
    frequency[0, 0] = 1
    spectrum *= frequency**-slope
    spectrum[0, 0] = 0
    tile = np.fft.irfft2(spectrum, s=(_TILE, _TILE))
    return (tile / tile.std()).astype(np.float32)


def fractal(
    rng: np.random.Generator, size: Size, slope: float = NATURAL, zoom: float = 1.0, stretch: float = 1.0
) -> np.ndarray:
    """Return a window of fractal noise, about mean 0 and spread 1.

    Args:
        rng: Chooses the tile, the place and the turn.
        size: Height and width in pixels.
        slope: One of ROUGH, NATURAL, CLOUDY and SMOOTH.
        zoom: Enlargement of the noise; 2 makes features twice as large.
        stretch: Enlargement of the x axis alone (wood grain, clouds, brushed metal).

    Returns:
        float32, (height, width).
    """
    height, width = size
    tile = _tile(slope, int(rng.integers(_TILES_PER_SLOPE)))
    if stretch == 1.0:
        turn = rng.uniform(0, 2 * np.pi)
        cos, sin = np.cos(turn) / zoom, np.sin(turn) / zoom
        matrix = np.array([[cos, -sin, rng.uniform(0, _TILE)], [sin, cos, rng.uniform(0, _TILE)]], np.float32)
    else:
        matrix = np.array(
            [[1 / (zoom * stretch), 0, rng.uniform(0, _TILE)], [0, 1 / zoom, rng.uniform(0, _TILE)]], np.float32
        )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(tile, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_WRAP)


def grain(rng: np.random.Generator, size: Size) -> np.ndarray:
    """Return white noise with spread 1, much faster than drawing every pixel anew."""
    height, width = size
    tile = _tile(0.0, int(rng.integers(_TILES_PER_SLOPE)))
    y, x = rng.integers(0, _TILE, 2)
    rows = np.arange(y, y + height) % _TILE
    columns = np.arange(x, x + width) % _TILE
    return tile[np.ix_(rows, columns)]
