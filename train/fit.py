"""From a data folder to a bundle: `run_fit`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from model.bundle import load_bundle
from model.classifier import Classifier
from model.errors import DataError, SettingsError
from model.preprocessing import InputSpec
from train.data import folders as dataset
from train.data.image_store import ImageStore
from train.data.label_translations import read_names, write_names
from train.data.loading import LoadedSplit, gaps, load_parts, sizes
from train.evaluate import evidence_of, measure_logits, served_logits, targets_of
from train.export.bundle import check_target, new_bundle, write_manifest, write_metrics, write_model
from train.export.model_card import write_card
from train.input_selection import choose_input, first_input
from train.metrics.classification import calibrate, summary
from train.metrics.multilabel import calibrate_multilabel
from train.report.write import write_report
from train.settings import Settings
from train.trainer.checkpoint import ProgressFile, has_progress


def run_fit(
    data: Path,
    out: Path,
    settings: Settings,
    *,
    validation: Path | None = None,
    test: Path | None = None,
    resume: bool | None = None,
    tensorboard: Path | None = None,
    show: bool = True,
) -> dict[str, Any]:
    """Train on a data folder and write a bundle.

    Args:
        data: Folder per class, or a folder with train, valid and test folders of that form.
        out: The bundle's directory.
        settings: What to train and how.
        validation: A separate folder per class for validation.
        test: A separate folder per class for the final figures.
        resume: Go on with an interrupted training of this bundle where there is one (True), or begin
            again (False); when left out, an interrupted training is an error, lest it be lost.
        tensorboard: Directory for TensorBoard's records.
        show: Whether the report holds small copies of the measured images.

    Returns:
        The single-number figures, measured on the test part with the file that is served.

    Raises:
        VistazoError: The data, the settings or the target cannot work; nothing is written then.
    """
    check_target(out)
    if tensorboard is not None:
        _check_tensorboard(tensorboard)
    if resume is None and has_progress(out):
        raise SettingsError(
            f"“{out}” has an interrupted training. Add --resume to go on with it, or --no-resume to begin again."
        )
    folders = dataset.find_part_folders(data)
    if folders and "train" not in folders:
        raise DataError(
            f"“{data}” has {', '.join(folders)} folders but no train folder. Add one, or remove the others."
        )
    folders = folders or {"train": data}
    folders |= {part: folder for part, folder in (("validation", validation), ("test", test)) if folder}
    spec = first_input(settings)
    from train.export.converter import check_converter
    from train.network.architectures import check_weights

    check_weights(settings)  # before an hour of decoding: the weights may be out of reach
    check_converter()
    with ImageStore() as store:
        parts = load_parts(store, folders, spec, settings)
        labels = tuple(dataset.all_labels(parts["train"].examples))
        dataset.check_classes(parts["train"].examples, labels, "training", 2 if len(folders) > 1 else 1)
        names = read_names(data, labels)
        parts, spec = choose_input(store, parts, spec, settings)
        print(sizes(parts, labels), file=sys.stderr)
        for sentence in gaps(parts, labels):
            print(sentence, file=sys.stderr)
        file = ProgressFile(out, _identity(settings, spec, parts))
        if resume is False:
            file.remove()
        return _train_and_write(parts, labels, names, spec, settings, out, file, tensorboard, show)


def _check_tensorboard(directory: Path) -> None:
    """Raise `SettingsError` when no records could be written, before hours are spent on it."""
    if find_spec("tensorboard") is None:
        raise SettingsError("--tensorboard needs the package tensorboard: pip install tensorboard, or leave it out.")
    if directory.exists() and not directory.is_dir():
        raise SettingsError(f"--tensorboard should be a directory. “{directory}” is a file.")


def _identity(settings: Settings, spec: InputSpec, parts: dict[str, LoadedSplit]) -> dict[str, Any]:
    """Return what must be the same for an interrupted training to go on."""
    hashes = {f"{name} images": dataset.fingerprint(part.examples) for name, part in parts.items()}
    import keras

    # Backends draw different random numbers from the same seed, so that a run stays with its own.
    chosen = {"colour mode": spec.colour_mode, "chosen resize rule": spec.resize_rule}
    return settings.as_json() | hashes | chosen | {"Keras backend": keras.backend.backend()}


def _train_and_write(
    parts: dict[str, LoadedSplit],
    labels: Sequence[str],
    names: Mapping[str, Sequence[str]],
    spec: InputSpec,
    settings: Settings,
    out: Path,
    file: ProgressFile,
    tensorboard: Path | None,
    show: bool,
) -> dict[str, Any]:
    from train.data.batches import LabelledImages
    from train.export.converter import served_network
    from train.trainer.loop import fit, predict_logits
    from train.trainer.refit import refit, wants_refit

    index_of = {label: index for index, label in enumerate(labels)}
    train, validation = (
        LabelledImages(parts[name].images, targets_of(parts[name].examples, index_of, len(labels)))
        for name in ("train", "validation")
    )
    result = fit(settings, spec, len(labels), train, validation, file=file, tensorboard=tensorboard)
    logits = predict_logits(result.model, validation.images)
    if settings.multi_label:
        calibration = calibrate_multilabel(logits, validation.targets)
    else:
        calibration = calibrate(logits, validation.classes)
    trained_on = parts["train"].examples
    training: dict[str, Any] = {"best_epoch": result.best_epoch, "history": result.history}
    # Without a test part the figures are those of the validation images, which must stay unseen then.
    if "test" in parts and not result.interrupted and wants_refit(settings, train, validation):
        result = refit(
            result,
            settings,
            spec,
            len(labels),
            train,
            validation,
            file=file.stage("refit"),
            tensorboard=tensorboard and tensorboard / "refit",
        )
        if not result.interrupted:
            trained_on = trained_on + parts["validation"].examples
            training["refit"] = {"images": len(trained_on)}
    model = result.model
    print("Converting the network for serving …", file=sys.stderr)
    network = served_network(model, parts["train"].images if settings.quantize else None)
    split = "test" if "test" in parts else "validation"
    with new_bundle(out) as directory:
        write_model(
            directory,
            model,
            network,
            labels=labels,
            spec=spec,
            calibration=calibration,
            settings=settings,
            fingerprint=dataset.fingerprint(trained_on),
        )
        write_names(directory, names)
        write_manifest(directory)
        classifier = Classifier.load(directory)  # the figures are those of the very file that is served
        targets = targets_of(parts[split].examples, index_of, len(labels))
        measured = parts[split]
        logits = served_logits(classifier, measured.images)
        metrics = {"split": split} | measure_logits(classifier.bundle, logits, targets)
        metrics["training"] = training
        write_metrics(directory, metrics)
        evidence = evidence_of(classifier.bundle, measured.images, measured.examples, logits, targets)
        write_report(directory, metrics, labels, evidence if show else None)
        write_card(classifier.bundle, metrics)
        write_manifest(directory)
        load_bundle(directory)
    if not result.interrupted:
        file.remove()
    return summary(metrics)
