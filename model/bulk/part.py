"""Predict one part of a run; every engine does its work with this."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from model.bulk.part_table import PartTable
from model.bulk.predictions import record_of, refuse_empty
from model.bulk.reading import Clip, FileReader
from model.bulk.run_folder import Job
from model.bundle import MANIFEST, sha256_of
from model.classifier import Classifier, top_labels
from model.cores import cores
from model.errors import BundleError, Sentence, VistazoError
from model.hub.resolve import resolve_model
from model.video.prediction import FramePredictor


@dataclass(frozen=True)
class PartDone:
    """A part whose tables are written.

    Attributes:
        part: Its number, from 1.
        files: How many files it has.
        errors: How many of them could not be read, or not to their end.
    """

    part: int
    files: int
    errors: int


@dataclass(frozen=True)
class PartFailed:
    """A part of which nothing was written.

    Attributes:
        part: Its number, from 1.
        reason: A sentence.
    """

    part: int
    reason: str


PartOutcome = PartDone | PartFailed


class PartWorker:
    """Holds the model and predicts parts, one after the other.

    Args:
        job: The run.
        threads: How many images are decoded and predicted at the same time; by default one for each core.

    Raises:
        BundleError: The model cannot be loaded here, or is another one than the run began with.
    """

    def __init__(self, job: Job, threads: int | None = None) -> None:
        self._job = job
        directory = resolve_model(job.model)
        if sha256_of(directory / MANIFEST) != job.manifest:
            raise BundleError(f"“{job.model}” holds another model here than the run began with. Copy the same one.")
        # One thread for each interpreter: the same image then gets the same probabilities on any number of cores.
        self._threads = threads or cores()
        self._classifier = Classifier.load(directory, threads=1)
        self._reader = FileReader(self._classifier, self._threads)

    def close(self) -> None:
        """End the processes that decode."""
        self._reader.close()

    def predict(self, part: int) -> PartOutcome:
        """Predict a part, unless its table exists, and write its tables."""
        try:
            files = self._job.files(part)
            if self._job.predictions(part).exists():
                return PartDone(part, len(files), 0)
            return self._predict(part)
        except (VistazoError, OSError) as error:
            return PartFailed(part, str(error))

    def _predict(self, part: int) -> PartDone:
        job, bundle, files = self._job, self._classifier.bundle, self._job.files(part)
        with tempfile.TemporaryDirectory(prefix="vistazo-") as folder, PartTable(job, Path(folder)) as table:
            for file, outcome in self._reader.outcomes(files):
                name = os.fsencode(file.place.text).decode("utf-8", "replace")
                if isinstance(outcome, Clip):
                    self._add_clip(table, name, outcome.path)
                elif isinstance(outcome, VistazoError):
                    table.add_error(name, _named(outcome, file.place.name))
                else:
                    table.add_image(name, top_labels(outcome.probabilities, bundle.labels, job.top), outcome.verdict)
            table.hand_over(part)
            return PartDone(part, len(files), table.errors)

    def _add_clip(self, table: PartTable, name: str, path: Path) -> None:
        warnings: list[str] = []
        job, bundle = self._job, self._classifier.bundle
        frames = self._reader.frames(path, job.frame_range)
        predictor = FramePredictor(self._classifier, frames, low_priority=False, workers=self._threads)
        try:
            clip = record_of(bundle, predictor.predictions(warnings.append), job.top)
            refuse_empty(clip, path, job.frame_range)
        except VistazoError as error:
            table.add_error(name, str(error))
            return
        table.add_clip(name, clip)
        if warnings:
            table.add_error(name, " ".join(warnings), has_rows=True)


def _named(error: VistazoError, name: str) -> str:
    """Return an error's message; an image that was read from its bytes gets its name."""
    sentence = error.sentence
    if isinstance(sentence, Sentence) and "name" in sentence.values:
        return Sentence(sentence.template, **{**sentence.values, "name": f"“{name}”"})
    return sentence
