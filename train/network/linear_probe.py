"""Linear probe: start the logits of a pretrained network from a logistic regression on its features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from train.data.augmentation import shrink_all
from train.data.batches import INFERENCE_BATCH, LabelledImages
from train.data.folds import Fold
from train.metrics.classification import share_right
from train.network.architectures import FEATURES, LOGITS
from train.settings import Settings

# Inverse strengths of the L2 penalty to try; the features are standardised, so these suit any data.
_USUAL_PENALTY = 0.01
PENALTIES = (0.001, 0.003, _USUAL_PENALTY, 0.03, 0.1, 0.3, 1.0)
_QUICK_PENALTIES = PENALTIES[:5]  # weaker ones take minutes on a large data set, which hardly needs a penalty
_STEPS = 300
_MOST_IMAGES = 20_000  # more images make the regression slower, not better


@dataclass(frozen=True)
class Probe:
    """A logistic regression on pooled features, as weights of the layer "logits".

    Attributes:
        classes: (k,), int: the classes that it was fitted on, in order; with several labels an image all of them.
        weights: (channels, k), float.
        offsets: (k,), float.
    """

    classes: np.ndarray
    weights: np.ndarray
    offsets: np.ndarray

    def logits(self, features: np.ndarray) -> np.ndarray:
        """Return the logits, (n, k), of features, (n, channels)."""
        return features @ self.weights + self.offsets


def start_from_probe(model: keras.Model, train: LabelledImages, validation: LabelledImages, settings: Settings) -> None:
    """Set the weights of the layer "logits" by a linear probe, so that fine-tuning does not distort the features.

    Linear probing, then fine-tuning: Kumar et al. 2022.

    Args:
        model: A network without dense layers between "features" and "logits".
        train: Images to fit on.
        validation: Images that choose the penalty; may be empty.
        settings: Whether the mirrored images count as well, and whether an image has several labels; the seed of the
            sample when there are very many images.
    """
    rows = np.arange(len(train.images))
    if len(rows) > _MOST_IMAGES:
        rows = np.sort(np.random.default_rng(settings.seed).choice(rows, _MOST_IMAGES, replace=False))
    views, targets = probe_features(model, train.images, rows, mirror=settings.flip), train.targets[rows]
    tries = _QUICK_PENALTIES if len(validation.images) else (_USUAL_PENALTY,)
    probes = [fit_probe(views, targets, penalty, multi_label=settings.multi_label) for penalty in tries]
    if len(probes) > 1:
        checks = pooled_features(model, validation.images)
        several = settings.multi_label
        probes.sort(key=lambda probe: _share_right(probe, checks, validation, multi_label=several), reverse=True)
    set_probe(model, probes[0])


def probe_features(model: keras.Model, images: np.ndarray, rows: np.ndarray, *, mirror: bool) -> np.ndarray:
    """Return the pooled features of some images, (views, rows, channels): as they are and, if wanted, mirrored."""
    pooled = _pooled(model)
    return np.stack([_features(pooled, images, rows, mirror=m) for m in ((False, True) if mirror else (False,))])


def fit_probe(views: np.ndarray, targets: np.ndarray, penalty: float, *, multi_label: bool = False) -> Probe:
    """Fit a regression, or with several labels an image one for each label.

    Args:
        views: (views, n, channels), as `probe_features` returns them.
        targets: (n, classes), float: 1 for every label of an image.
        penalty: Inverse strength of the L2 penalty on the standardised features.
        multi_label: Whether an image may have several labels, or none.
    """
    features = views.reshape(-1, views.shape[-1])
    scaler = StandardScaler().fit(features)
    scaled, tiled = scaler.transform(features), np.tile(targets, (len(views), 1))
    if multi_label:
        classes = np.arange(targets.shape[1])
        fits = [_fit_label(scaled, tiled[:, label] > 0, penalty) for label in classes]
        weights, offsets = np.stack([kernel for kernel, _ in fits]), np.array([offset for _, offset in fits])
    else:
        fitted = LogisticRegression(C=penalty, max_iter=_STEPS).fit(scaled, tiled.argmax(axis=1))
        classes, weights, offsets = fitted.classes_, fitted.coef_, fitted.intercept_
        if len(classes) == 2:  # one row for both
            weights, offsets = np.concatenate([-weights, weights]) / 2, np.concatenate([-offsets, offsets]) / 2
    weights = weights / scaler.scale_  # (classes, channels)
    return Probe(classes, weights.T, offsets - weights @ scaler.mean_)


def set_probe(model: keras.Model, probe: Probe) -> None:
    """Set the weights of the layer "logits"; those of classes that the probe lacks stay."""
    kernel, bias = model.get_layer(LOGITS).get_weights()
    kernel[:, probe.classes], bias[probe.classes] = probe.weights, probe.offsets
    model.get_layer(LOGITS).set_weights([kernel, bias])


def _fit_label(scaled: np.ndarray, has_label: np.ndarray, penalty: float) -> tuple[np.ndarray, float]:
    """Return the weights and the offset of the logit of one label; by its frequency where all images agree."""
    if has_label.all() or not has_label.any():
        return np.zeros(scaled.shape[1]), float(np.log((has_label.sum() + 0.5) / ((~has_label).sum() + 0.5)))
    fitted = LogisticRegression(C=penalty, max_iter=_STEPS).fit(scaled, has_label)
    return fitted.coef_[0], float(fitted.intercept_[0])


def _share_right(probe: Probe, features: np.ndarray, images: LabelledImages, *, multi_label: bool) -> float:
    """Return `share_right` of a probe, which never predicts the classes that it lacks."""
    logits = np.full(images.targets.shape, -np.inf)
    logits[:, probe.classes] = probe.logits(features)
    return share_right(logits, images.targets, multi_label=multi_label)


def out_of_fold(features: np.ndarray, classes: np.ndarray, folds: Sequence[Fold]) -> np.ndarray:
    """Return out-of-fold predictions: each image is predicted by a regression that was fitted on the other folds.

    Args:
        features: (n, channels), float.
        classes: (n,), int.
        folds: The rows to fit on and those to predict, of each fold; every row is predicted once.

    Returns:
        Probabilities, (n, classes), float64.
    """
    regression = make_pipeline(StandardScaler(), LogisticRegression(C=_USUAL_PENALTY, max_iter=_STEPS))
    return cross_val_predict(regression, features, classes, cv=folds, method="predict_proba")


def pooled_features(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """Return the pooled features of prepared images, (n, channels), float32."""
    return _features(_pooled(model), images, np.arange(len(images)))


def predicted_features(model: keras.Model, images: np.ndarray, rows: np.ndarray | None = None) -> np.ndarray:
    """Return what a network from images to features returns, (n, channels), float32.

    Args:
        model: The network.
        images: (n, height, width, 3), uint8 RGB, prepared.
        rows: Which of them; by default all.
    """
    return _features(model, images, np.arange(len(images)) if rows is None else rows)


def _pooled(model: keras.Model) -> keras.Model:
    pooling = keras.layers.GlobalAveragePooling2D(dtype="float32")  # also of a network in mixed precision
    return keras.Model(model.inputs, pooling(model.get_layer(FEATURES).output))


def _features(
    model: keras.Model, images: np.ndarray, rows: np.ndarray, *, mirror: bool = False, batch_size: int = INFERENCE_BATCH
) -> np.ndarray:
    """Return the features (n, channels) of some images, read in blocks so that memory stays small."""
    if not len(rows):
        return np.zeros((0, model.output_shape[-1]), np.float32)
    _, height, width, _ = model.input_shape
    blocks = (images[rows[start : start + batch_size]] for start in range(0, len(rows), batch_size))
    sized = (shrink_all(block, (width, height)) for block in blocks)
    return np.concatenate([np.asarray(model.predict_on_batch(b[:, :, ::-1] if mirror else b)) for b in sized])
