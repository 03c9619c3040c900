"""`athletes-alexnet`: AlexNet-like at 224 pixels. The older system printed 0.663 on its 86 validation images."""

from dataclasses import replace

from train.recipes.reproductions.athletes_simple import SETTINGS as SIMPLE

SETTINGS = replace(
    SIMPLE, recipe="athletes-alexnet", convolutions="64,128,256", hidden="512:0.5", size=224, learning_rate=1e-4
)
