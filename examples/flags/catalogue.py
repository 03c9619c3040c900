"""Every flag there is a drawing of, by name."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from examples.flags import africa, americas, asia_east, asia_west, europe_east, europe_west, oceania
from examples.flags.canvas import Canvas

_REGIONS = (europe_west, europe_east, americas, africa, asia_west, asia_east, oceania)


@functools.cache
def _drawings() -> dict[str, tuple[Callable[[], Canvas], ...]]:
    joined: dict[str, tuple[Callable[[], Canvas], ...]] = {}
    for region in _REGIONS:
        for label, variants_ in region.FLAGS.items():
            if label in joined:
                raise ValueError(f"Two regions draw the flag “{label}”.")
            joined[label] = tuple(variants_)
    return joined


def labels() -> tuple[str, ...]:
    """Return the names of all flags in alphabetical order, whatever their case; none has a number in it."""
    return tuple(sorted(_drawings(), key=str.casefold))


def variants(label: str) -> int:
    """Return how many drawings a flag has; the first is the most usual one."""
    return len(_drawings()[label])


@functools.lru_cache(maxsize=512)
def draw(label: str, variant: int = 0, height: int = 480) -> np.ndarray:
    """Return one drawing of a flag, RGBA uint8, read-only because it is shared."""
    image = _drawings()[label][variant]().render(height)
    image.setflags(write=False)
    return image
