"""Run the served network: images in, probabilities out."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from model.bundle import Bundle, load_bundle
from model.errors import BundleError
from model.preprocessing import prepare

PREDICT_SIGNATURE = "predict"
EXPLAIN_SIGNATURE = "explain"


class Classifier:
    """A bundle with its network ready to answer; safe to use from several threads.

    Args:
        bundle: The validated bundle.
        threads: Threads for one prediction; the machine's cores, at most four, when not given.

    Raises:
        BundleError: The network cannot be run or does not fit the bundle's labels.
    """

    def __init__(self, bundle: Bundle, threads: int | None = None) -> None:
        self.bundle = bundle
        self._lock = threading.Lock()  # LiteRT interpreters are not thread-safe
        self._network = _Network(bundle, threads or min(4, os.cpu_count() or 1))
        self._interpreter = self._network.interpreter
        self._idle: list[_Network] = []
        self._test_itself()

    @classmethod
    def load(cls, directory: Path, threads: int | None = None) -> Classifier:
        """Load and check the bundle in `directory`; see `load_bundle` for what is raised."""
        return cls(load_bundle(directory), threads)

    def logits(self, prepared: np.ndarray) -> np.ndarray:
        """Return the network's raw outputs.

        Args:
            prepared: (height, width, 3), uint8 RGB, as `prepare` returns it.

        Returns:
            (classes,), float32.

        Raises:
            BundleError: The network fails or answers with something that is not a number.
        """
        with self._lock:
            return self._network.logits(prepared)

    def classify(self, image: np.ndarray) -> np.ndarray:
        """Return the probability of every label for one image.

        Args:
            image: (height, width, 3), uint8 RGB, any size.

        Returns:
            (classes,), float32, 0 to 1; they add up to 1 unless the bundle is multi-label.
        """
        return self.classify_prepared(prepare(image, self.bundle.input))

    def classify_prepared(self, prepared: np.ndarray) -> np.ndarray:
        """Return the probability of every label for one image that `prepare` has returned; see `classify`."""
        return self._probabilities(self.logits(prepared))

    def classify_beside(self, prepared: np.ndarray) -> np.ndarray:
        """Return the probability of every label for a frame of a clip, beside whatever else is predicted.

        Each call has an interpreter of its own with one thread, so that clips neither wait for images
        nor make them wait. Several frames at a time on one core each take less of the machine than one
        frame on all cores.

        Args:
            prepared: (height, width, 3), uint8 RGB, as `prepare` returns it.

        Returns:
            (classes,), float32, 0 to 1, as from `classify`.

        Raises:
            BundleError: As in `logits`.
        """
        try:
            network = self._idle.pop()
        except IndexError:
            network = _Network(self.bundle, threads=1)
        try:
            return self._probabilities(network.logits(prepared))
        finally:
            if len(self._idle) < (os.cpu_count() or 1):
                self._idle.append(network)

    def explain(self, prepared: np.ndarray, label: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the logits and the Grad-CAM map of one label (Selvaraju et al. 2017).

        Args:
            prepared: (height, width, 3), uint8 RGB, as `prepare` returns it.
            label: Index of the label that is to be explained.

        Returns:
            (classes,), float32, the logits; and (h, w), float32, 0 or more: how much each place of
            the last convolution speaks for the label.

        Raises:
            BundleError: The network cannot explain, or answers with something that is not a number.
        """
        if not 0 <= label < len(self.bundle.labels):  # LiteRT would answer with whatever lies there
            raise BundleError(
                f"The model in “{self.bundle.directory}” has {len(self.bundle.labels)} labels, counted from 0. "
                f"Received: {label}."
            )
        with self._lock:
            try:
                explain = self._interpreter.get_signature_runner(EXPLAIN_SIGNATURE)
                # Bundles of format 1 that were made before the first release name the input “picture”.
                (name,) = explain.get_input_details().keys() - {"label"}
                outputs = explain(**{name: prepared[np.newaxis]}, label=np.int32(label))
                logits, activation = outputs["logits"].reshape(-1), outputs["map"][0]
            except (ValueError, RuntimeError, KeyError) as error:
                raise BundleError(
                    f"The network in “{self.bundle.directory}” has no “{EXPLAIN_SIGNATURE}” signature that can be run. "
                    "Write the bundle again with `train fit`."
                ) from error
        if not (np.isfinite(logits).all() and np.isfinite(activation).all()):
            raise BundleError(
                f"The network in “{self.bundle.directory}” answered with a value that is not a number. Train it again."
            )
        return logits, activation

    def _probabilities(self, logits: np.ndarray) -> np.ndarray:
        return probabilities_of(logits, self.bundle.temperature, multi_label=self.bundle.multi_label)

    def _test_itself(self) -> None:
        spec, count = self.bundle.input, len(self.bundle.labels)
        logits = self.logits(np.full((spec.height, spec.width, 3), 128, np.uint8))
        if logits.size != count:
            raise BundleError(
                f"The network in “{self.bundle.directory}” has {logits.size} outputs for {count} labels. "
                "Write the bundle again with `train fit`."
            )


class _Network:
    """One LiteRT interpreter of a bundle's network; not for two threads at once."""

    def __init__(self, bundle: Bundle, threads: int) -> None:
        self._bundle = bundle
        try:
            self.interpreter = Interpreter(str(bundle.network), num_threads=threads)
            self._predict = self.interpreter.get_signature_runner(PREDICT_SIGNATURE)
            (self._input_name,) = self._predict.get_input_details()
            (self._output_name,) = self._predict.get_output_details()
        except (ValueError, RuntimeError) as error:
            raise BundleError(
                f"“{bundle.network}” cannot be run as a LiteRT network with a “{PREDICT_SIGNATURE}” signature. "
                "Write the bundle again with `train fit`."
            ) from error

    def logits(self, prepared: np.ndarray) -> np.ndarray:
        """Run the network on one prepared image; see `Classifier.logits`."""
        try:
            outputs = self._predict(**{self._input_name: prepared[np.newaxis]})
        except (ValueError, RuntimeError) as error:
            raise BundleError(
                f"The network in “{self._bundle.directory}” does not take "
                f"{prepared.shape[1]} x {prepared.shape[0]} RGB images. Write the bundle again with `train fit`."
            ) from error
        logits = np.asarray(outputs[self._output_name], np.float32).reshape(-1)
        if not np.isfinite(logits).all():
            raise BundleError(
                f"The network in “{self._bundle.directory}” answered with a value that is not a number. Train it again."
            )
        return logits


def probabilities_of(logits: np.ndarray, temperature: float = 1.0, *, multi_label: bool = False) -> np.ndarray:
    """Turn logits into calibrated probabilities (Guo et al. 2017, temperature scaling).

    Args:
        logits: (..., classes), float.
        temperature: What the logits are divided by.
        multi_label: Sigmoid for each class instead of softmax over all.

    Returns:
        The same shape, float32, 0 to 1.
    """
    scaled = np.asarray(logits, np.float64) / temperature
    if multi_label:
        return (1 / (1 + np.exp(-np.clip(scaled, -60, 60)))).astype(np.float32)
    exponentials = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return (exponentials / exponentials.sum(axis=-1, keepdims=True)).astype(np.float32)


def shown_labels(probabilities: np.ndarray, bundle: Bundle) -> list[str]:
    """Return what an image shows: every label above its threshold, or the likeliest; none where the model is unsure.

    Args:
        probabilities: (classes,), 0 to 1.
        bundle: Labels and thresholds.
    """
    if bundle.thresholds is not None:
        order = np.argsort(-probabilities, kind="stable")
        return [bundle.labels[index] for index in order if probabilities[index] >= bundle.thresholds[index]]
    best = int(probabilities.argmax())
    unsure = bundle.unknown_threshold is not None and probabilities[best] < bundle.unknown_threshold
    return [] if unsure else [bundle.labels[best]]


def top_labels(probabilities: np.ndarray, labels: Sequence[str], k: int = 5) -> list[tuple[str, float]]:
    """Return the `k` likeliest labels with their probabilities, the likeliest first."""
    order = np.argsort(-probabilities, kind="stable")[:k]
    return [(labels[index], float(probabilities[index])) for index in order]
