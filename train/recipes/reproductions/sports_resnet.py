"""`sports-resnet`: ResNet50 frozen under one dense layer. Results: docs/lab-notebook.md, “Recipes”."""

from dataclasses import replace

from train.recipes.reproductions.sports_cnn import SETTINGS as CNN

SETTINGS = replace(
    CNN,
    recipe="sports-resnet",
    architecture="resnet50",
    weights="imagenet",
    hidden="",
    epochs=8,
    head_epochs=8,
    optimizer="sgd",
    learning_rate=0.01,
)
