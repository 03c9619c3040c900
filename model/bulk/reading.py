"""Read many files: one is fetched while others are decoded and predicted, and the results come in order."""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from model.bulk.listing import ListedFile
from model.classifier import Classifier
from model.errors import ImageError, Sentence, StorageError, VistazoError
from model.limits import limits
from model.preprocessing import InputSpec, prepared_image
from model.sandbox.pool import new_pool
from model.verdict import Classification
from model.video.probe import ANIMATION_SUFFIXES, VIDEO_SUFFIXES, is_clip
from model.video.reader import Frame, FrameRange, prepared_frames

# Files that are fetched at the same time: enough to hide a storage's latency. The bytes of images that wait to be
# decoded are limited as well, by what the listing says of their sizes.
_FETCHERS = 32
_BYTES_AHEAD = 256 * 2**20


@dataclass(frozen=True)
class Clip:
    """A file that turned out to be a clip.

    Attributes:
        path: Where it is on this machine; the file may be temporary.
    """

    path: Path


# What came of a file: the prediction of an image, a clip, or why it cannot be read.
Outcome = Classification | Clip | VistazoError


@dataclass(frozen=True)
class _Fetched:
    """The content of a file: bytes, or a file on this machine, in a temporary folder where it was fetched."""

    source: bytes | Path
    folder: tempfile.TemporaryDirectory[str] | None = None


class FileReader:
    """Predicts images file by file; clips are handed on. To be closed, or used as a context manager.

    Args:
        classifier: The model.
        threads: How many images are decoded and predicted at the same time, each on one core.
    """

    def __init__(self, classifier: Classifier, threads: int) -> None:
        self._classifier, self._threads = classifier, threads
        self._decoders = new_pool(threads + 1)

    def close(self) -> None:
        """End the processes that decode."""
        if self._decoders is not None:
            self._decoders.close()

    def outcomes(self, files: Iterable[ListedFile]) -> Generator[tuple[ListedFile, Outcome], None, None]:
        """Yield what came of each file, in the order of the files.

        Raises:
            StorageError: A storage fails; the files that follow are not read.
            BundleError: The network fails.
        """
        window: deque[tuple[ListedFile, Future[Future[_Done]]]] = deque()
        waiting = iter(files)
        with (
            ThreadPoolExecutor(_FETCHERS, thread_name_prefix="fetch") as fetchers,
            ThreadPoolExecutor(self._threads, thread_name_prefix="network") as workers,
        ):
            try:
                bytes_ahead = 0
                for file in _and_then_none(waiting):
                    while window and (
                        file is None
                        or len(window) >= _FETCHERS + self._threads
                        or bytes_ahead + (file.size or 0) > _BYTES_AHEAD
                    ):
                        first, future = window.popleft()
                        bytes_ahead -= first.size or 0
                        done = future.result().result()
                        try:
                            yield first, done.outcome
                        finally:
                            if done.folder is not None:
                                done.folder.cleanup()
                    if file is not None:
                        bytes_ahead += file.size or 0
                        window.append((file, fetchers.submit(self._start, file, workers)))
            finally:
                for _, future in window:
                    future.cancel()

    def frames(self, path: Path, frame_range: FrameRange) -> Iterator[Frame | Sentence]:
        """Yield the frames of a clip, as `prepared_frames` does."""
        spec = self._classifier.bundle.input
        if self._decoders is None:
            return prepared_frames(path, spec, frame_range)
        return self._decoders.stream(prepared_frames, path, spec, frame_range, low_priority=False)

    def _start(self, file: ListedFile, workers: ThreadPoolExecutor) -> Future[_Done]:
        """Fetch a file, and let it be predicted as soon as it is there."""
        try:
            fetched = _fetch(file)
        except VistazoError as error:
            if not isinstance(error, ImageError):
                raise
            refused: Future[_Done] = Future()
            refused.set_result(_Done(error))
            return refused
        return workers.submit(self._predict, fetched)

    def _predict(self, fetched: _Fetched) -> _Done:
        spec = self._classifier.bundle.input
        try:
            if isinstance(fetched.source, bytes):
                image = self._call(prepared_image, fetched.source, spec)
            else:
                image = self._call(image_or_none, fetched.source, spec)
                if image is None:
                    return _Done(Clip(fetched.source), fetched.folder)
        except VistazoError as error:
            return _Done(error, fetched.folder)
        return _Done(self._classifier.predict_frame(image), fetched.folder)

    def _call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return function(*arguments) if self._decoders is None else self._decoders.call(function, *arguments)


@dataclass(frozen=True)
class _Done:
    """What came of a file, and the temporary folder that it was fetched into."""

    outcome: Outcome
    folder: tempfile.TemporaryDirectory[str] | None = None


def image_or_none(path: Path, spec: InputSpec) -> np.ndarray | None:
    """Decode an image as `prepared_image` does; return None for a clip."""
    return None if is_clip(path) else prepared_image(path, spec)


def _fetch(file: ListedFile) -> _Fetched:
    """Read an image into memory; of a clip, and of what may be one, a file on this machine is needed.

    Raises:
        ImageError: There is no such file, it may not be read, or it is larger than an upload may be.
        StorageError: The storage fails.
    """
    place, suffix = file.place, Path(file.place.name).suffix.lower()
    try:
        size = place.size() if place.is_local else file.size
        if suffix in VIDEO_SUFFIXES | ANIMATION_SUFFIXES:
            if place.is_local:
                return _Fetched(place.path)
            folder = tempfile.TemporaryDirectory(prefix="vistazo-")
            target = Path(folder.name, place.name)
            place.fetch(target)
            return _Fetched(target, folder)
        limit = limits().upload_megabytes
        if size is not None and size > limit * 2**20:
            raise ImageError(f"“{place.name}” is larger than {limit} MB. Make it smaller first.")
        return _Fetched(place.read())
    except OSError as error:
        if isinstance(error, PermissionError) and not place.is_local:  # keys that are wrong or expired: no file's fault
            raise StorageError(f"“{place.text}” may not be read. Check the keys of the storage.") from error
        reason = error.strerror or str(error) or type(error).__name__
        raise ImageError(f"“{place.text}” cannot be opened: {reason}. Check the path.") from error


def _and_then_none(files: Iterator[ListedFile]) -> Iterator[ListedFile | None]:
    yield from files
    yield None
