"""Predict images with the served LiteRT network."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from model.bundle import Bundle, load_bundle
from model.cores import cores
from model.errors import BundleError
from model.preprocessing import prepare
from model.statistics import STATISTICS
from model.verdict import Classification, classification_of

PREDICT_SIGNATURE = "predict"
EXPLAIN_SIGNATURE = "explain"
FEATURES_OUTPUT = "features"


class Classifier:
    """A bundle with its network loaded; safe to use from several threads.

    Args:
        bundle: The validated bundle.
        threads: Threads for one prediction; by default one for each core, but at most four.

    Raises:
        BundleError: The network cannot be run, or has another number of outputs than the bundle has labels.
    """

    def __init__(self, bundle: Bundle, threads: int | None = None) -> None:
        self.bundle = bundle
        self._lock = threading.Lock()  # LiteRT interpreters are not thread-safe
        self._network = _Network(bundle, threads or min(4, cores()))
        self._interpreter = self._network.interpreter
        self._idle: list[_Network] = []
        self._check_outputs()

    @classmethod
    def load(cls, directory: Path, threads: int | None = None) -> Classifier:
        """Load and check the bundle in `directory`; see `load_bundle` for what is raised."""
        return cls(load_bundle(directory), threads)

    @property
    def explains(self) -> bool:
        """Whether the network computes heat maps; one that was made of a LiteRT file of another program does not."""
        return EXPLAIN_SIGNATURE in self._interpreter.get_signature_list()

    def logits(self, prepared: np.ndarray) -> np.ndarray:
        """Return the network's raw outputs.

        Args:
            prepared: (height, width, 3), uint8 RGB, as `prepare` returns it.

        Returns:
            (classes,), float32.

        Raises:
            BundleError: The network fails, or an output is infinite or not a number.
        """
        with self._lock:
            return self._network.run(prepared)[0]

    def classify(self, image: np.ndarray) -> np.ndarray:
        """Return the probability of every label for one image.

        Args:
            image: (height, width, 3), uint8 RGB, any size.

        Returns:
            (classes,), float32, 0 to 1; the sum is 1 unless the bundle is multi-label.
        """
        return self.classify_prepared(prepare(image, self.bundle.input))

    def classify_prepared(self, prepared: np.ndarray) -> np.ndarray:
        """Return the probability of every label for an image that `prepare` has returned; see `classify`."""
        return self.predict(prepared).probabilities

    def predict(self, prepared: np.ndarray) -> Classification:
        """Return the probabilities and the verdict for an image that `prepare` has returned.

        Args:
            prepared: (height, width, 3), uint8 RGB.

        Raises:
            BundleError: As in `logits`.
        """
        with self._lock:
            outputs = self._network.run(prepared)
        return self._classification(*outputs)

    def predict_frame(self, prepared: np.ndarray) -> Classification:
        """Return the probabilities and the verdict for a frame of a clip, without blocking predictions of images.

        Calls that run at the same time use different interpreters of one thread each. Several frames, each
        on one core, take less processor time than one frame on all cores.

        Args:
            prepared: (height, width, 3), uint8 RGB, as `prepare` returns it.

        Raises:
            BundleError: As in `logits`.
        """
        try:
            network = self._idle.pop()
        except IndexError:
            network = _Network(self.bundle, threads=1)
        try:
            return self._classification(*network.run(prepared))
        finally:
            if len(self._idle) < cores():
                self._idle.append(network)

    def outputs(self, prepared: np.ndarray) -> tuple[np.ndarray, Classification, bool]:
        """Return what there is to say of a prepared image.

        Args:
            prepared: (height, width, 3), uint8 RGB.

        Returns:
            The logits, (classes,), float32; the prediction that follows from them; and whether it is one of the
            training images whose features the bundle keeps, or a copy of one.

        Raises:
            BundleError: As in `logits`.
        """
        with self._lock:
            logits, features = self._network.run(prepared)
        statistics = self.bundle.statistics
        is_training_image = statistics is not None and features is not None and statistics.holds(features)
        return logits, self._classification(logits, features), is_training_image

    def explain(self, prepared: np.ndarray, label: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the logits and the Grad-CAM map of one label (Selvaraju et al. 2017).

        Args:
            prepared: (height, width, 3), uint8 RGB, as `prepare` returns it.
            label: Index of the label to explain.

        Returns:
            The logits, (classes,), float32; and the map, (h, w), float32, 0 or more: how much each position in
            the output of the last convolution contributes to the label.

        Raises:
            BundleError: The network has no such signature, or an output is infinite or not a number.
        """
        if not 0 <= label < len(self.bundle.labels):  # LiteRT does not check the index
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
                    "Write the bundle again with `vistazo fit`."
                ) from error
        if not (np.isfinite(logits).all() and np.isfinite(activation).all()):
            raise BundleError(
                f"The network in “{self.bundle.directory}” returned a value that is infinite or not a number. "
                "Train it again."
            )
        return logits, activation

    def _classification(self, logits: np.ndarray, features: np.ndarray | None) -> Classification:
        statistics = self.bundle.statistics
        distance = None if statistics is None or features is None else statistics.distance(features)
        return classification_of(logits, self.bundle, distance)

    def _check_outputs(self) -> None:
        spec, count = self.bundle.input, len(self.bundle.labels)
        logits = self.logits(np.full((spec.height, spec.width, 3), 128, np.uint8))
        if logits.size != count:
            raise BundleError(
                f"The network in “{self.bundle.directory}” has {logits.size} outputs for {count} labels. "
                "Write the bundle again with `vistazo fit`."
            )
        statistics, channels = self.bundle.statistics, self._network.channels
        if statistics is not None and channels != statistics.references.shape[1]:
            raise BundleError(
                f"“{self.bundle.directory / STATISTICS}” holds {statistics.references.shape[1]} features an image; "
                f"the network returns {channels or 'none'}. Write the bundle again with `vistazo fit`."
            )


class _Network:
    """One LiteRT interpreter of a bundle's network; not for two threads at once."""

    def __init__(self, bundle: Bundle, threads: int) -> None:
        self._bundle = bundle
        try:
            self.interpreter = Interpreter(str(bundle.network), num_threads=threads)
            self._predict = self.interpreter.get_signature_runner(PREDICT_SIGNATURE)
            (self._input_name,) = self._predict.get_input_details()
            outputs = self._predict.get_output_details()
            # Bundles of format version 1 have the logits alone.
            self._features = FEATURES_OUTPUT if FEATURES_OUTPUT in outputs else None
            (self._output_name,) = outputs.keys() - {self._features}
            self.channels = int(outputs[FEATURES_OUTPUT]["shape"][-1]) if self._features else None
        except (ValueError, RuntimeError) as error:
            raise BundleError(
                f"“{bundle.network}” cannot be run as a LiteRT network with a “{PREDICT_SIGNATURE}” signature. "
                "Write the bundle again with `vistazo fit`."
            ) from error

    def run(self, prepared: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the logits and the features, (channels,), float32, of a prepared image; see `Classifier`."""
        try:
            outputs = self._predict(**{self._input_name: prepared[np.newaxis]})
        except (ValueError, RuntimeError) as error:
            raise BundleError(
                f"The network in “{self._bundle.directory}” does not take "
                f"{prepared.shape[1]} x {prepared.shape[0]} RGB images. Write the bundle again with `vistazo fit`."
            ) from error
        logits = np.asarray(outputs[self._output_name], np.float32).reshape(-1)
        features = np.asarray(outputs[self._features], np.float32).reshape(-1) if self._features else None
        if not np.isfinite(logits).all() or (features is not None and not np.isfinite(features).all()):
            raise BundleError(
                f"The network in “{self._bundle.directory}” returned a value that is infinite or not a number. "
                "Train it again."
            )
        return logits, features


def predicted_labels(found: Classification, bundle: Bundle) -> list[str]:
    """Return the labels that an image is predicted to have.

    Args:
        found: The prediction.
        bundle: The labels and thresholds.

    Returns:
        No label where the image is unlike the training images or none is probable enough; with several labels an image,
        all labels from their thresholds on, most likely first; otherwise the most likely label.
    """
    if found.is_unknown:
        return []
    order = np.argsort(-found.probabilities, kind="stable")
    if bundle.thresholds is not None:
        return [bundle.labels[index] for index in order if found.probabilities[index] >= bundle.thresholds[index]]
    return [bundle.labels[order[0]]]


def top_labels(probabilities: np.ndarray, labels: Sequence[str], k: int | None = 5) -> list[tuple[str, float]]:
    """Return the `k` most likely labels, all for None, with their probabilities, most likely first."""
    order = np.argsort(-probabilities, kind="stable")[:k]
    return [(labels[index], float(probabilities[index])) for index in order]
