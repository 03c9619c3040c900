"""From a data folder to a bundle: `run_fit` trains, exports and evaluates."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from model.bundle import METRICS, load_bundle
from model.classifier import Classifier
from model.errors import SettingsError
from train.data.data_set import DataSet, refuse_inside, refuse_untrainable
from train.data.folders import Example, all_labels, check_classes, fingerprint
from train.data.image_store import ImageStore
from train.data.label_translations import read_translations, write_translations
from train.data.loading import given_groups, load_splits, missing_classes, split_sizes
from train.data.source import DataSource, read_data, with_split
from train.data.targets import multi_hot
from train.evaluate import (
    evaluate_outputs,
    evidence_of,
    outputs_out_of_fold,
    served_outputs,
    with_thresholds_of_others,
)
from train.export.bundle import check_target, is_bundle, new_bundle, write_json, write_manifest, write_model
from train.export.model_card import write_card
from train.export.presentation import PresentationOptions, write_presentation
from train.input_selection import choose_input, first_input
from train.metrics.classification import summary
from train.report.predictions import PREDICTIONS, write_predictions
from train.report.write import REPORT, write_report
from train.settings import Settings
from train.trained_model import FOLDS, Dataset, TrainedModel, train_networks
from train.trainer.checkpoint import ProgressFile, has_progress, how_to_resume, refuse_other_settings
from train.trainer.hosts import is_first_host, join_hosts, leave_hosts

# By folds alone: the file that is served has been trained on every image that could measure it.
_NOT_MEASURED = (
    "The metrics and the rule for “none of these” come from networks in float32, not from the 8-bit file: measure it "
    "with vistazo evaluate on other images."
)


@dataclass(frozen=True)
class FitOptions:
    """Where a fit reads and writes.

    Attributes:
        data: The images and their labels.
        out: The bundle's directory.
        validation: A separate folder per class for validation.
        test: A separate folder per class for the test.
        resume: Continue an interrupted training of this bundle where there is one (True), or start over
            (False); when None, an interrupted training is an error, so that it is not lost by mistake.
        tensorboard: Directory for TensorBoard's logs.
        report_images: Whether the report holds small copies of the evaluated images.
        overwrite: Whether a finished bundle may be replaced.
        presentation: Title, description and whether the bundle holds example images.
    """

    data: DataSource
    out: Path
    validation: Path | None = None
    test: Path | None = None
    resume: bool | None = None
    tensorboard: Path | None = None
    report_images: bool = True
    overwrite: bool = False
    presentation: PresentationOptions = field(default_factory=PresentationOptions)


def run_fit(settings: Settings, options: FitOptions) -> dict[str, Any]:
    """Train on a data folder and write a bundle.

    Args:
        settings: What to train and how.
        options: Where to read and write.

    Returns:
        The metrics that are single numbers, of the served file on the test split (on validation without one); none
        on other hosts than the first.

    Raises:
        VistazoError: The data, the settings or the target cannot be used; nothing is written then.
    """
    if is_first_host():
        _check_options(options)
        if options.resume:
            refuse_other_settings(options.out, settings.as_json())  # before the data is decoded
    data = _read(settings, options)
    from train.export.converter import check_converter, served_network
    from train.network.architectures import check_weights

    join_hosts()
    check_weights(settings)  # before an hour of decoding: the weights may not be available
    check_converter()
    with ImageStore() as store:
        dataset = _load(store, data, settings)
        progress_file = ProgressFile(options.out, _identity(settings, dataset))
        if options.resume is False:
            progress_file.remove()
        metrics: dict[str, Any] = {}
        interrupted = False
        try:
            # There may be a regression first, then a fine-tuned network where that is better.
            for trained in train_networks(dataset, settings, progress_file, options.tensorboard):
                leave_hosts()
                if not is_first_host():
                    return {}
                print("Converting the network for serving …", file=sys.stderr)
                if settings.quantize and dataset.splits.keys() == {"train"}:
                    print(_NOT_MEASURED, file=sys.stderr)
                calibration = dataset.splits["train"].images if settings.quantize else None
                network = served_network(trained.network, trained.references, calibration)
                with new_bundle(options.out) as directory:
                    export_model(directory, network, trained, dataset, settings.as_json() | _origin(options.data))
                    metrics = evaluate_bundle(directory, trained, dataset, options, regression=metrics or None)
                interrupted = trained.interrupted
        except KeyboardInterrupt:
            if not metrics:
                raise
            print(f"Stopped: {options.out} holds the regression. {how_to_resume(options.out)}", file=sys.stderr)
            interrupted = True
        if not interrupted:
            progress_file.remove()
    return summary(metrics)


def export_model(
    directory: Path, network: bytes, trained: TrainedModel, dataset: Dataset, settings: dict[str, Any]
) -> None:
    """Write the model's files into a bundle's directory.

    Args:
        directory: Where to.
        network: The trained network as a LiteRT file.
        trained: The trained network.
        dataset: Its labels and input.
        settings: The settings of the run, and where its data was fetched from.
    """
    write_model(
        directory,
        trained.network,
        network,
        labels=dataset.labels,
        spec=dataset.spec,
        calibration=trained.calibration,
        settings=settings,
        fingerprint=fingerprint(trained.examples, dataset.sizes),
    )
    write_translations(directory, dataset.translations)
    write_manifest(directory)


def evaluate_bundle(
    directory: Path,
    trained: TrainedModel,
    dataset: Dataset,
    options: FitOptions,
    regression: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Evaluate the model and complete the bundle.

    The served file is evaluated on the test split, or on validation without one. Where all images were trained on, the
    metrics are those of their predictions out of fold.

    Args:
        directory: The bundle's directory, which gets the metrics, the report and the model card.
        trained: How the network was trained.
        dataset: The images.
        options: What the report shows of them, and how the bundle presents its model.
        regression: The metrics of the regression that fine-tuning competed with; by default it is the model itself.

    Returns:
        All metrics, as metrics.json holds them; "folds" where the training images were divided into folds.
    """
    classifier = Classifier.load(directory)
    split = next((name for name in ("test", "validation") if name in dataset.splits), "train")
    images, examples = dataset.splits[split].images, dataset.splits[split].examples
    groups = dataset.splits[split].groups or given_groups(examples, str(classifier.bundle.settings["group_by"]))
    targets = multi_hot(examples, {label: i for i, label in enumerate(dataset.labels)}, len(dataset.labels))
    if split == "train" and trained.out_of_fold is not None:
        outputs = outputs_out_of_fold(classifier.bundle, trained.out_of_fold)
        about: dict[str, Any] = {"split": FOLDS}
    else:
        outputs = served_outputs(classifier, images)
        about = {"split": split, "training_images": outputs.training_images}
        if split == "validation" and not dataset.splits["train"].groups and classifier.bundle.multi_label:
            # The thresholds were fitted on these images.
            outputs = with_thresholds_of_others(outputs, targets)
    if dataset.splits["train"].groups and trained.out_of_fold is not None:
        about["folds"] = trained.out_of_fold.folds
    metrics = about | evaluate_outputs(classifier.bundle, outputs, targets, groups) | {"training": trained.log}
    if trained.out_of_fold is not None:
        metrics |= {f"regression_{name}": (regression or metrics)[name] for name in ("accuracy", "loss")}
    write_json(directory / METRICS, metrics)
    evidence = evidence_of(classifier.bundle, images, examples, outputs, targets)
    write_report(directory / REPORT, metrics, dataset.labels, evidence if options.report_images else None)
    if options.report_images:
        found = outputs.predicted, outputs.classifications
        paths = _paths(examples, [dataset.root, *filter(None, (options.validation, options.test))])
        write_predictions(directory / REPORT / PREDICTIONS, paths, targets, *found, dataset.labels)
    write_presentation(directory, classifier, examples, outputs.classifications, options.presentation)
    write_card(load_bundle(directory), metrics)
    write_manifest(directory)
    load_bundle(directory)  # the bundle that is put in place can be read
    return metrics


def _paths(examples: Sequence[Example], folders: Sequence[Path]) -> list[str]:
    """Return the path of each image in its data folder, which says nothing of the machine."""
    found = []
    for path in (example.path for example in examples):
        folder = next((folder for folder in folders if path.is_relative_to(folder)), path.parent)
        found.append(path.relative_to(folder).as_posix())
    return found


def _origin(data: DataSource) -> dict[str, str]:
    """Return what a bundle says of data that was fetched; nothing for data that lay on this machine."""
    return {"dataset": data.origin.name, "dataset_revision": data.origin.revision} if data.origin else {}


def _check_options(options: FitOptions) -> None:
    """Raise `SettingsError` for what would fail, or be lost, after hours of training."""
    check_target(options.out)
    refuse_inside(options.out, options.data.folder)
    if options.tensorboard is not None:
        if find_spec("tensorboard") is None:
            raise SettingsError(
                "--tensorboard needs the package tensorboard: pip install tensorboard, or leave it out."
            )
        if options.tensorboard.exists() and not options.tensorboard.is_dir():
            raise SettingsError(f"--tensorboard should be a directory. “{options.tensorboard}” is a file.")
    started = has_progress(options.out)
    if is_bundle(options.out) and not options.overwrite and not (started and options.resume):
        advice = "--resume to continue the training that was stopped, or " if started and options.resume is None else ""
        raise SettingsError(
            f"“{options.out}” holds a finished bundle. Add {advice}--overwrite to replace it, or give --out another "
            "directory."
        )
    if options.resume is None and started:
        raise SettingsError(
            f"“{options.out}” has an interrupted training. Add --resume to continue it, or --no-resume to start over."
        )


def _read(settings: Settings, options: FitOptions) -> DataSet:
    """List the files of each split; raise `DataError` for what cannot be trained on, before Keras is imported."""
    data = read_data(options.data, multi_label=settings.multi_label)
    for split, folder in (("validation", options.validation), ("test", options.test)):
        if folder:
            data = with_split(data, split, folder, multi_label=settings.multi_label)
    data.announce()
    refuse_untrainable(data)
    read_translations(data.root, all_labels(data.splits["train"]))
    return data


def _load(store: ImageStore, data: DataSet, settings: Settings) -> Dataset:
    """Decode the splits and print what is in them."""
    spec = first_input(settings)
    splits = load_splits(store, data, spec, settings)
    labels = tuple(all_labels(splits["train"].examples))
    check_classes(splits["train"].examples, labels, "training", 2 if len(data.splits) > 1 else 1)
    translations = read_translations(data.root, labels)
    splits, spec = choose_input(store, splits, spec, settings)
    for line in (*split_sizes(splits, data), *missing_classes(splits, labels)):
        print(line, file=sys.stderr)
    return Dataset(splits, labels, translations, spec, data.root)


def _identity(settings: Settings, dataset: Dataset) -> dict[str, Any]:
    """Return what must not change for an interrupted training to be resumed."""
    import keras

    hashes = {f"{name} images": fingerprint(split.examples, dataset.sizes) for name, split in dataset.splits.items()}
    chosen = {"colour mode": dataset.spec.colour_mode, "chosen resize rule": dataset.spec.resize_rule}
    # Backends draw different random numbers from the same seed, so a run has to stay with its own.
    return settings.as_json() | hashes | chosen | {"Keras backend": keras.backend.backend()}
