"""Train only the last layers of a network, on activations that are computed once.

The layers before are frozen: what they return for an augmented image is the same in every step and in every fold.
Computed once for a few views of each image, it makes fine-tuning several times faster.
"""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Sequence

import keras
import numpy as np
from tqdm import tqdm

from model.statistics import normalised
from train.data.augmentation import augment
from train.data.batches import INFERENCE_BATCH, expected_draws
from train.network.architectures import FEATURES, pooled_units
from train.trainer.checkpoint import Progress, ProgressFile
from train.trainer.phases import Phase, loss_function, optimizer
from train.trainer.run import TrainingRun

_MOST_VIEWS = 8  # of each image, the image itself among them
_FEW_IMAGES = 1000  # of more, training fewer layers predicts unseen images better; docs/lab-notebook.md
_MOST_BYTES = 2**30
_RATE = 1e-3  # for the last layers alone; docs/lab-notebook.md


class Tail:
    """The last layers of a network, and what enters them for all images.

    Args:
        model: The network as `build` returns it, whose last layers will be trained.
        run: The images, for training and then for validation; augmentation, batch size, epochs, learning rate and seed.

    Attributes:
        model: The network, whose last layers `train` changes.
        features: (views, n, channels), float32: the pooled features of the pretrained network, for each image as it is
            and for augmented views of it.
    """

    def __init__(self, model: keras.Model, run: TrainingRun) -> None:
        settings = self._settings = dataclasses.replace(run.settings, ema_decay=0.0)
        self._targets = run.targets
        entrance = _entrance(model, len(run.targets))
        pooled = keras.layers.GlobalAveragePooling2D()(model.get_layer(FEATURES).output)
        trunk = keras.Model(model.inputs, [entrance.output, pooled])
        count = len(self._targets)
        bytes_of_each = 2 * math.prod(entrance.output.shape[1:])
        views = min(_MOST_VIEWS, max(2, _MOST_BYTES // (count * bytes_of_each)))
        self._activations = np.zeros((views, count, *entrance.output.shape[1:]), np.float16)
        self.features = np.zeros((views, count, pooled.shape[-1]), np.float32)
        size, grey = (run.spec.width, run.spec.height), run.spec.colour_mode == "grey"
        starts = range(0, count, INFERENCE_BATCH)
        parts = [(view, slice(start, start + INFERENCE_BATCH)) for view in range(views) for start in starts]
        for view, part in tqdm(parts, desc="computing features", leave=False, disable=None, file=sys.stderr):
            images = run.images(np.arange(count)[part]).images
            if view:
                rng = np.random.default_rng([settings.seed, view, part.start])
                images = np.stack([augment(image, rng, settings, size, grey=grey) for image in images])
            self._activations[view, part], self.features[view, part] = trunk.predict_on_batch(images)
        _freeze_before(model, entrance)
        self._tail = keras.Model(entrance.output, model.output)
        self.model, self._entrance = model, entrance
        self._pooled = keras.Model(entrance.output, pooled_units(model.get_layer(FEATURES).output))
        pretrained = keras.Model(entrance.output, model.get_layer(FEATURES).output)
        self._pretrained = keras.models.clone_model(pretrained)
        self._pretrained.set_weights(pretrained.get_weights())
        self._fresh: list[np.ndarray] = []  # the optimizer's variables before the first step
        self._steps = 0  # of an epoch

    def train(self, rows: np.ndarray, progress_file: ProgressFile | None = None) -> None:
        """Train the last layers on some of the images, from the weights that the network has now.

        Args:
            rows: (m,), int: rows of the images.
            progress_file: Where the progress is kept after each epoch and read from, if anywhere.
        """
        settings = self._settings
        if not self._fresh:
            # The same number for every fold and for the network of the bundle: the learning rate is to end at 0 there,
            # and to compile again for another schedule takes as long as many steps.
            self._steps = max(settings.min_steps_per_epoch, math.ceil(len(rows) / settings.batch_size))
            rate = settings.finetune_learning_rate or _RATE
            self._tail.compile(
                optimizer(settings, Phase("fine-tuning", 1, rate, 0), settings.epochs * self._steps),
                loss_function(settings),
            )
            self._tail.optimizer.build(self._tail.trainable_variables)
            self._fresh = _values(self._tail.optimizer)
        progress = (progress_file and progress_file.load()) or Progress()
        _assign(self._tail.optimizer.variables, progress.optimizer or self._fresh)
        if progress.epoch:
            _assign(self._tail.variables, progress.variables)
            print(f"Resuming after epoch {progress.epoch} of {settings.epochs}.", file=sys.stderr)
        shares = expected_draws(self._targets[rows], settings.class_balance) / len(rows)
        left = range(progress.epoch, settings.epochs)
        for epoch in tqdm(left, desc="fine-tuning", unit="epoch", leave=False, disable=None, file=sys.stderr):
            rng = np.random.default_rng([settings.seed, len(rows), epoch])
            for _ in range(self._steps):
                chosen = rng.choice(rows, settings.batch_size, p=shares)
                views = rng.integers(0, len(self._activations), settings.batch_size)
                self._tail.train_on_batch(self._activations[views, chosen].astype(np.float32), self._targets[chosen])
            if progress_file:
                progress.epoch = epoch + 1
                progress.variables, progress.optimizer = _values(self._tail), _values(self._tail.optimizer)
                progress_file.save(progress)

    def logits(self, rows: np.ndarray) -> np.ndarray:
        """Return the logits of some images, (rows, classes), with the weights that the network has now."""
        return self._predict(self._tail, rows)

    def references(self, rows: np.ndarray, *, tuned: bool) -> np.ndarray:
        """Return the features of some images that `reference_model` computes, (parts, rows, channels), of length 1."""
        pretrained = normalised(self.features[0, rows])
        return np.stack([self._predict(self._pooled, rows), pretrained] if tuned else [pretrained])

    def reference_model(self, weights: Sequence[float] = ()) -> keras.Model:
        """Return the network from images to the features by which images of something else are recognised.

        Args:
            weights: How much the features of the trained last layers and those of the pretrained ones count, which
                still tell apart what was nothing to the labels (docs/lab-notebook.md); the latter alone by default.
        """
        activations = [self.model.get_layer(FEATURES).output]
        if weights:
            activations.append(self._pretrained(self._entrance.output))
        return keras.Model(self.model.inputs, pooled_units(*activations, weights=weights))

    def _predict(self, model: keras.Model, rows: np.ndarray) -> np.ndarray:
        starts = range(0, len(rows), INFERENCE_BATCH)
        blocks = [rows[start : start + INFERENCE_BATCH] for start in starts]
        inputs = (self._activations[0, block].astype(np.float32) for block in blocks)
        return np.concatenate([np.asarray(model.predict_on_batch(block)) for block in inputs])


def _values(of: keras.Model | keras.optimizers.Optimizer) -> list[np.ndarray]:
    """Return copies of the variables of a network or an optimizer."""
    return [np.array(keras.ops.convert_to_numpy(value)) for value in of.variables]


def _assign(variables: Sequence[keras.Variable], values: Sequence[np.ndarray]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _entrance(model: keras.Model, images: int) -> keras.layers.Layer:
    """Return the layer after which a network is trained; every later layer depends on it alone.

    It is the first residual sum of the last resolution; for few images the first of the last width before that.
    """
    height = model.get_layer(FEATURES).output.shape[1]
    sums = [layer for layer in model.layers if isinstance(layer, keras.layers.Add)]
    before = [layer for layer in sums if layer.output.shape[1] > height]
    last = next(layer for layer in sums if layer.output.shape[1] == height)
    if not before or images > _FEW_IMAGES:
        return last
    return next(layer for layer in before if layer.output.shape == before[-1].output.shape)


def _freeze_before(model: keras.Model, entrance: keras.layers.Layer) -> None:
    """Freeze the layers up to one, and all normalisation: its statistics come from far more images."""
    place = model.layers.index(entrance)
    for number, layer in enumerate(model.layers):
        layer.trainable = number > place and not isinstance(layer, keras.layers.BatchNormalization)
