"""Divide images into those that a network is trained on and those that it is judged by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from train.data.folds import Fold
from train.trainer.run import TrainingRun


@dataclass(frozen=True)
class Division:
    """Which images train, and which judge.

    Attributes:
        folds: The rows to train on and the rows to predict, of each fold.
        rows: (n,), int, in order: the rows that train the network of the bundle.
    """

    folds: Sequence[Fold]
    rows: np.ndarray

    @property
    def unseen(self) -> np.ndarray:
        """The rows that are predicted by a network that did not see them, in order."""
        return np.sort(np.concatenate([other for _, other in self.folds]))


def by_folds(folds: Sequence[Fold]) -> Division:
    """Return the division in which all images train the network of the bundle."""
    return Division(folds, np.sort(np.concatenate(folds[0])))


def by_validation(run: TrainingRun, *, refit: bool) -> Division:
    """Return the division in which the validation images judge.

    Args:
        run: The training and the validation images.
        refit: Whether the network of the bundle is trained on both.
    """
    train, every = len(run.train.targets), np.arange(len(run.targets))
    return Division([(every[:train], every[train:])], every if refit else every[:train])
