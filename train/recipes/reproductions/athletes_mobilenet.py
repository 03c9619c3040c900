"""`athletes-mobilenet`: MobileNetV2 frozen under a new head, then its last 20 layers.

Results: docs/lab-notebook.md, “Recipes”.
"""

from dataclasses import replace

from train.recipes.reproductions.athletes_simple import SETTINGS as SIMPLE

SETTINGS = replace(
    SIMPLE,
    recipe="athletes-mobilenet",
    architecture="mobilenet_v2",
    alpha=1.0,
    weights="imagenet",
    hidden="256:0.5",
    size=224,
    epochs=20,
    head_epochs=10,
    finetune_layers=20,
    finetune_learning_rate=1e-5,
)
