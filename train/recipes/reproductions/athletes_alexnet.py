"""`athletes-alexnet`: a CNN like AlexNet at 224 pixels. Results: docs/lab-notebook.md, “Recipes”."""

from dataclasses import replace

from train.recipes.reproductions.athletes_simple import SETTINGS as SIMPLE

SETTINGS = replace(
    SIMPLE, recipe="athletes-alexnet", convolutions="64,128,256", hidden="512:0.5", size=224, learning_rate=1e-4
)
