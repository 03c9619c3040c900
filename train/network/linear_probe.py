"""Linear probe: start the logits of a pretrained network from a logistic regression on its features."""

from __future__ import annotations

import keras
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from train.data.augmentation import shrink_all
from train.data.batches import LabelledImages
from train.network.architectures import FEATURES, LOGITS, reference_features

# Inverse strengths of the L2 penalty to try; the features are standardised, so these suit any data.
_USUAL_PENALTY = 0.01
_PENALTIES = (0.001, _USUAL_PENALTY, 0.1)
_STEPS = 300
_MOST_IMAGES = 20_000  # more images make the regression slower, not better


def start_from_probe(
    model: keras.Model, train: LabelledImages, validation: LabelledImages, *, mirror: bool, seed: int
) -> None:
    """Set the weights of the layer "logits" by a linear probe, so that fine-tuning does not distort the features.

    Linear probing, then fine-tuning: Kumar et al. 2022.

    Args:
        model: A network without dense layers between "features" and "logits".
        train: Images to fit on.
        validation: Images that choose the penalty; may be empty.
        mirror: Fit on the mirrored images as well.
        seed: Seed of the sample when there are very many images.
    """
    pooled = _pooled(model)
    rows = np.arange(len(train.images))
    if len(rows) > _MOST_IMAGES:
        rows = np.sort(np.random.default_rng(seed).choice(rows, _MOST_IMAGES, replace=False))
    mirrors = (False, True) if mirror else (False,)
    features = np.concatenate([_features(pooled, train.images, rows, mirror=m) for m in mirrors])
    classes = np.concatenate([train.classes[rows] for _ in mirrors])
    scaler = StandardScaler().fit(features)
    features = scaler.transform(features)
    tries = _PENALTIES if len(validation.images) else (_USUAL_PENALTY,)
    regressions = [LogisticRegression(C=penalty, max_iter=_STEPS).fit(features, classes) for penalty in tries]
    if len(regressions) > 1:
        checks = scaler.transform(_features(pooled, validation.images, np.arange(len(validation.images))))
        regressions.sort(key=lambda r: r.score(checks, validation.classes), reverse=True)
    best = regressions[0]
    weights = best.coef_ / scaler.scale_  # (classes, features), or one row for two classes
    offsets = best.intercept_ - weights @ scaler.mean_
    if len(best.classes_) == 2:
        weights, offsets = np.concatenate([-weights, weights]) / 2, np.concatenate([-offsets, offsets]) / 2
    kernel, bias = model.get_layer(LOGITS).get_weights()
    kernel[:, best.classes_], bias[best.classes_] = weights.T, offsets
    model.get_layer(LOGITS).set_weights([kernel, bias])


def out_of_fold(
    features: np.ndarray, classes: np.ndarray, *, folds: int, seed: int, groups: np.ndarray | None = None
) -> np.ndarray:
    """Return out-of-fold predictions: each image is predicted by a regression that was fitted on the other folds.

    Args:
        features: (n, channels), float.
        classes: (n,), int; each class has at least as many images as there are folds.
        folds: Number of folds.
        seed: Seed of the folds.
        groups: (n,), int: images of one group are in one fold.

    Returns:
        Probabilities, (n, classes), float64.
    """
    regression = make_pipeline(StandardScaler(), LogisticRegression(C=_USUAL_PENALTY, max_iter=_STEPS))
    splitter = StratifiedKFold if groups is None else StratifiedGroupKFold
    division = splitter(folds, shuffle=True, random_state=seed)
    return cross_val_predict(regression, features, classes, groups=groups, cv=division, method="predict_proba")


def pooled_features(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """Return the pooled features of prepared images, (n, channels), float32."""
    return _features(_pooled(model), images, np.arange(len(images)))


def features_of_references(model: keras.Model, images: np.ndarray, rows: np.ndarray | None = None) -> np.ndarray:
    """Return the features by which images of something else are recognised, (n, channels), float32.

    Args:
        model: The network.
        images: (n, height, width, 3), uint8 RGB, prepared.
        rows: Which of them; by default all.
    """
    chosen = np.arange(len(images)) if rows is None else rows
    return _features(keras.Model(model.inputs, reference_features(model)), images, chosen)


def _pooled(model: keras.Model) -> keras.Model:
    return keras.Model(model.inputs, keras.layers.GlobalAveragePooling2D()(model.get_layer(FEATURES).output))


def _features(
    pooled: keras.Model, images: np.ndarray, rows: np.ndarray, *, mirror: bool = False, batch_size: int = 64
) -> np.ndarray:
    """Return the pooled features (n, channels) of some images, read in blocks so that memory stays small."""
    if not len(rows):
        return np.zeros((0, pooled.output_shape[-1]), np.float32)
    _, height, width, _ = pooled.input_shape
    blocks = (images[rows[start : start + batch_size]] for start in range(0, len(rows), batch_size))
    sized = (shrink_all(block, (width, height)) for block in blocks)
    return np.concatenate([np.asarray(pooled.predict_on_batch(b[:, :, ::-1] if mirror else b)) for b in sized])
