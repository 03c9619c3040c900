"""Ways to damage a file, on purpose or as a bad disk does; all random and repeatable."""

from __future__ import annotations

import random
import re
import struct
from collections.abc import Callable, Sequence

LARGEST = 4_000_000

Mutation = Callable[[bytes, random.Random, Sequence[bytes]], bytes]

# Every limit of a field of 1, 2, 4 or 8 bytes, and sizes that multiply to huge images.
_EXTREMES = (0, 1, -1, 2**7, 2**8 - 1, 2**15 - 1, 2**15, 2**16 - 1, 16_000, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1)
_WORDS = (
    b"-1",
    b"0",
    b"1e999",
    b"NaN",
    b"-Infinity",
    b"9" * 5000,
    b"2147483648",
    b"null",
    b"[]",
    b"{}",
    b'"\\ud800"',
    b"[" * 2000,
    b'{"a":' * 500,
    b"../../etc/passwd",
    "\u202e".encode(),
    "\u2066x\u2069".encode(),
    "e\u0301".encode(),
    b"\0",
    b"\r",
    b"\x0c",
    b"\xc2\x85",
    b"\xe2\x80\xa8",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\n" * 300,
)


def mutate(content: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    """Return a damaged copy of a file.

    Args:
        content: The file.
        rng: Where the randomness comes from.
        others: Files of the same kind, of which pieces may be put in.

    Returns:
        At most `LARGEST` bytes.
    """
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        content = rng.choice(MUTATIONS)(content, rng, others)
    return content[:LARGEST]


def _place(content: bytes, rng: random.Random) -> int:
    """Choose a place in a file: in its first bytes, where headers are, as often as anywhere."""
    return rng.randrange(max(1, min(len(content), rng.choice((64, 512, len(content))))))


def _piece(content: bytes, rng: random.Random) -> tuple[int, int]:
    start = _place(content, rng)
    return start, start + rng.choice((1, 2, 4, 16, 100, 1000, max(1, len(content) // 3)))


def flip_bits(content: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.choice((1, 2, 8, 64)) if changed else 0):
        changed[_place(content, rng)] ^= 1 << rng.randrange(8)
    return bytes(changed)


def replace_bytes(content: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    start, end = _piece(content, rng)
    return content[:start] + rng.randbytes(len(content[start:end])) + content[end:]


def truncate(content: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    return content[: rng.randrange(len(content) + 1)]


def remove_piece(content: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    start, end = _piece(content, rng)
    return content[:start] + content[end:]


def duplicate_piece(content: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    start, end = _piece(content, rng)
    times = rng.choice((2, 2, 3, 50))
    return content[:start] + content[start:end] * times + content[end:]


def swap_pieces(content: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    a, b, c = sorted(_place(content, rng) for _ in range(3))
    return content[:a] + content[b:c] + content[a:b] + content[c:]


def splice(content: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    other = rng.choice(others) if others else content
    return content[: rng.randrange(len(content) + 1)] + other[rng.randrange(len(other) + 1) :]


def insert_from_another(content: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    other = rng.choice(others) if others else content
    start, end = _piece(other, rng)
    place = _place(content, rng)
    return content[:place] + other[start:end] + content[place:]


def extreme_integer(content: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    width, byte_order = rng.choice((1, 2, 4, 8)), rng.choice("<>")
    value = rng.choice(_EXTREMES) % 2 ** (8 * width)
    packed = struct.pack(byte_order + {1: "B", 2: "H", 4: "I", 8: "Q"}[width], value)
    place = _place(content, rng)
    return content[:place] + packed + content[place + width :]


def extreme_word(content: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    """Insert a word that parsers stumble over: for a number or a quoted string in the text, or anywhere."""
    tokens = list(re.finditer(rb'-?\d+(?:\.\d+)?|"[^"\n]{0,80}"', content[:100_000]))
    word = rng.choice(_WORDS)
    if tokens and rng.random() < 0.7:
        token = rng.choice(tokens)
        if token[0].startswith(b'"') and rng.random() < 0.5:
            word = b'"' + word.replace(b'"', b"") + b'"'
        return content[: token.start()] + word + content[token.end() :]
    place = _place(content, rng)
    return content[:place] + word + content[place:]


MUTATIONS: tuple[Mutation, ...] = (
    flip_bits,
    replace_bytes,
    truncate,
    remove_piece,
    duplicate_piece,
    swap_pieces,
    splice,
    insert_from_another,
    extreme_integer,
    extreme_integer,
    extreme_word,
)
