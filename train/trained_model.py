"""Train the networks that a fit asks for, and calibrate them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from model.preprocessing import InputSpec
from model.statistics import distances
from model.verdict import probabilities_of
from train.data.folders import Example, file_sizes
from train.data.loading import LoadedSplit
from train.metrics.calibration import Calibration, calibrate_any
from train.recipes.registry import unused_options
from train.settings import Settings
from train.trainer.checkpoint import Progress, ProgressFile

if TYPE_CHECKING:
    import keras

    from train.trainer.cross_fit import CrossFit, OutOfFold
    from train.trainer.division import Division
    from train.trainer.run import TrainingRun

FOLDS = "folds"  # the “split” of metrics that come from predictions out of fold


@dataclass(frozen=True)
class Dataset:
    """The data of a fit, decoded.

    Attributes:
        splits: Images by the name of the split.
        labels: The labels in class order.
        translations: Language → labels in class order.
        spec: The input that the images were prepared for.
        root: The data folder.
    """

    splits: Mapping[str, LoadedSplit]
    labels: tuple[str, ...]
    translations: Mapping[str, Sequence[str]]
    spec: InputSpec
    root: Path = Path()

    @cached_property
    def sizes(self) -> dict[Path, int]:
        """The bytes of every file when this was first asked for: after hours of training a file may be gone."""
        return file_sizes(example for split in self.splits.values() for example in split.examples)


@dataclass(frozen=True)
class TrainedModel:
    """The outcome of training.

    Attributes:
        network: The Keras model, not compiled.
        references: From the same input to the features that recognise images of something else.
        calibration: Temperature, thresholds and statistics.
        log: "best_epoch", "history", after a second fit "refit", and with folds "kept" and what was tried: the key
            "training" of metrics.json.
        examples: The images it was trained on.
        out_of_fold: The predictions of images by networks that did not see them: of all images by folds, else of the
            validation images; None where all layers are trained.
        interrupted: Whether training was stopped before its end.
    """

    network: keras.Model
    references: keras.Model
    calibration: Calibration
    log: dict[str, Any]
    examples: list[Example]
    out_of_fold: OutOfFold | None = None
    interrupted: bool = False


def train_networks(
    dataset: Dataset, settings: Settings, progress_file: ProgressFile, tensorboard: Path | None = None
) -> Iterator[TrainedModel]:
    """Train and calibrate a network; where the last layers alone are trained, a regression first, then what is better.

    Args:
        dataset: The images; with groups where they are to be divided into folds.
        settings: What to train and how.
        progress_file: Where the progress is kept and read from.
        tensorboard: Directory for TensorBoard's logs.

    Yields:
        Each network that is better than the one before.
    """
    splits = dataset.splits
    run, division = divided(dataset, settings)
    run = replace(run, progress_file=progress_file, tensorboard=tensorboard)
    if division is None:
        yield train_model(dataset, run)
        return
    from train.trainer.cross_fit import cross_fit

    unused = unused_options(settings, len(run.targets), by_folds=bool(splits["train"].groups))
    if unused := unused + (["--tensorboard"] if tensorboard else []):
        instead = "--folds 0 --finetune-layers 0" if splits["train"].groups else "--finetune-layers 0"
        print(f"This training does not use {' and '.join(unused)}. With {instead} it does.", file=sys.stderr)
    progress_file.load()  # refuses that of other settings or data
    progress_file.save(Progress())  # with it a fit that is killed after its first bundle is known to be unfinished
    every = [example for name in ("train", "validation") if name in splits for example in splits[name].examples]
    for fitted in cross_fit(run, division):
        trained = _calibrated(fitted, run, division, [every[row] for row in division.rows])
        if not splits["train"].groups and len(division.rows) == len(every):
            trained.log["refit"] = {"images": len(every)}
        yield trained


def divided(dataset: Dataset, settings: Settings) -> tuple[TrainingRun, Division | None]:
    """Return the run of a data set, and its division where the last layers alone are trained.

    Raises:
        DataError: A class has too few groups for the folds.
    """
    from train.data.batches import LabelledImages, labelled_images
    from train.data.folds import make_folds, refuse_undivided
    from train.trainer.division import by_folds, by_validation
    from train.trainer.run import TrainingRun

    train = dataset.splits["train"]
    images = labelled_images(train, dataset.labels)
    if train.groups:
        none = LabelledImages(images.images[:0], images.targets[:0])
        run = TrainingRun(settings, dataset.spec, len(dataset.labels), images, none)
        refuse_undivided(train.examples, train.groups)
        count = settings.folds_for(len(train.examples))
        folds = make_folds(images.targets, np.array(train.groups), count, settings.seed, dataset.labels)
        return run, by_folds(folds)
    validation = labelled_images(dataset.splits["validation"], dataset.labels)
    run = TrainingRun(settings, dataset.spec, len(dataset.labels), images, validation)
    if not settings.trains_last_layers(len(run.targets)):
        return run, None
    # Without a test split the metrics come from the validation images, which the network must not be trained on then.
    return run, by_validation(run, refit="test" in dataset.splits and len(run.targets) <= settings.refit)


def _calibrated(fitted: CrossFit, run: TrainingRun, division: Division, examples: list[Example]) -> TrainedModel:
    """Calibrate a network by the predictions of unseen images by its like."""
    from train.trainer.statistics import fit_statistics, references_of

    unseen, several = fitted.out_of_fold, run.settings.multi_label
    calibration = calibrate_any(unseen.logits, unseen.targets, multi_label=several)
    references = references_of(fitted.references, run, division.rows)
    top = probabilities_of(unseen.logits, calibration.temperature, multi_label=several).max(axis=1)
    statistics = fit_statistics(references, unseen.distances, top)
    log = {"kept": fitted.name, **fitted.log}
    calibration = replace(calibration, statistics=statistics)
    return TrainedModel(fitted.model, fitted.references, calibration, log, examples, unseen)


def train_model(dataset: Dataset, run: TrainingRun) -> TrainedModel:
    """Train and calibrate a network, and fit it a second time where the settings ask for that.

    Args:
        dataset: The images.
        run: What to train and how, on the same images.

    Returns:
        The network, and how it was trained.
    """
    from train.network.architectures import reference_model
    from train.network.linear_probe import predicted_features
    from train.trainer.loop import fit, predict_logits
    from train.trainer.refit import refit, wants_refit
    from train.trainer.statistics import fit_statistics, references_of, usual_distance

    splits, settings, validation = dataset.splits, run.settings, run.validation
    rows = np.arange(len(run.train.images))
    result = fit(run)
    logits = predict_logits(result.model, validation.images)
    calibration = calibrate_any(logits, validation.targets, multi_label=settings.multi_label)
    probabilities = probabilities_of(logits, calibration.temperature, multi_label=settings.multi_label)
    features_of = reference_model(result.model)
    references = references_of(features_of, run, rows)
    found = distances(predicted_features(features_of, validation.images), references)
    statistics = fit_statistics(references, found, probabilities.max(axis=1))
    examples = splits["train"].examples
    log: dict[str, Any] = {"best_epoch": result.best_epoch, "history": result.history}
    # Without a test split the metrics come from the validation images, which the network must not be trained on then.
    if "test" in splits and not result.interrupted and wants_refit(run, result):
        result = refit(result, run)
        if not result.interrupted:
            examples = examples + splits["validation"].examples
            log["refit"] = {"images": len(examples)}
            features_of = reference_model(result.model)
            again = references_of(features_of, run, np.arange(len(run.targets)))
            found = found * (usual_distance(again) / usual_distance(references))  # each network has a scale of its own
            statistics = fit_statistics(again, found, probabilities.max(axis=1))
    calibration = replace(calibration, statistics=statistics)
    return TrainedModel(result.model, features_of, calibration, log, examples, interrupted=result.interrupted)
