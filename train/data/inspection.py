"""Look at every file of a data set once: whether it can be read, its copies, its size and its format."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from tqdm import tqdm

from model.cores import cores
from model.errors import DecodingError, ImageError
from model.image_file import open_header
from model.preprocessing import InputSpec, prepare, read_image
from train.data.folders import Example
from train.data.image_files import suffix_of
from train.data.image_store import Unreadable
from train.data.near_duplicates import Signatures

_AT_ONCE = 2048
_BLOCK = 32  # images a thread takes at a time: handing over each would cost more than a small image
# The format that a file's suffix stands for, as Pillow names it.
_SUFFIX_FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".gif": "GIF", ".webp": "WEBP", ".bmp": "BMP"}
_GREY_MODES = ("L", "1", "I", "I;16", "LA")


@dataclass
class Inspection:
    """What was found in the files.

    Attributes:
        kept: The images that can be read.
        splits: The split of each of these.
        unreadable: The other files.
        copies: Pairs of rows of `kept` whose files are equal, the first of the copies first.
        near: Pairs of rows of `kept` that look alike, copies included; the fewest that connect all of them.
        sizes: Width and height of each of `kept`, in pixels.
        grey: Whether each of `kept` is stored in grey.
        misnamed: The images whose suffix stands for another format, with their format.
    """

    kept: list[Example] = field(default_factory=list)
    splits: list[str] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    copies: list[tuple[int, int]] = field(default_factory=list)
    near: list[tuple[int, int]] = field(default_factory=list)
    sizes: list[tuple[int, int]] = field(default_factory=list)
    grey: list[bool] = field(default_factory=list)
    misnamed: list[tuple[Example, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _File:
    digest: bytes
    width: int
    height: int
    format: str
    mode: str


def inspect(splits: Mapping[str, Sequence[Example]], spec: InputSpec) -> Inspection:
    """Read and decode every file once, on all cores, and keep nothing of its pixels but a signature.

    Args:
        splits: The images by split.
        spec: The input of the network that is to be trained: what looks alike is told from the same pixels as in `fit`.
    """
    found = Inspection()
    examples = [example for of_split in splits.values() for example in of_split]
    split_of = [split for split, of_split in splits.items() for _ in of_split]
    signatures = Signatures(len(examples))
    first: dict[bytes, int] = {}

    def look(row: int) -> _File | str:
        path = examples[row].path
        try:
            signatures.set(row, prepare(read_image(path, spec.ample_side), spec))
            content = path.read_bytes()
            with open_header(content) as image:
                digest = hashlib.sha256(content).digest()[:16]
                return _File(digest, image.width, image.height, image.format or "", image.mode)
        except (ImageError, DecodingError) as error:
            return str(error)
        except OSError as error:
            return f"“{path.name}” cannot be read: {error.strerror or error}."

    def look_at(rows: range) -> list[_File | str]:
        return [look(row) for row in rows]

    progress = tqdm(total=len(examples), desc="reading", unit="image", leave=False, disable=None)
    with ThreadPoolExecutor(cores()) as pool:
        for start in range(0, len(examples), _AT_ONCE):
            rows = range(start, min(start + _AT_ONCE, len(examples)))
            blocks = [rows[first_row : first_row + _BLOCK] for first_row in range(0, len(rows), _BLOCK)]
            for row, file in zip(rows, itertools.chain.from_iterable(pool.map(look_at, blocks)), strict=True):
                if isinstance(file, str):
                    found.unreadable.append(Unreadable(examples[row].path, file))
                else:
                    _add(found, examples[row], file, first)
                    found.splits.append(split_of[row])
                    signatures.move(row, len(found.kept) - 1)
            progress.update(len(rows))
    progress.close()
    signatures.keep(len(found.kept))
    found.near = list(signatures.pairs())
    return found


def _add(found: Inspection, example: Example, file: _File, first: dict[bytes, int]) -> None:
    row = len(found.kept)
    found.kept.append(example)
    same = first.setdefault(file.digest, row)
    if same != row:
        found.copies.append((same, row))
    actual = "JPEG" if file.format == "MPO" else file.format
    if _SUFFIX_FORMATS.get(suffix_of(example.path.name), actual) != actual:
        found.misnamed.append((example, actual))
    found.sizes.append((file.width, file.height))
    found.grey.append(file.mode in _GREY_MODES)
