"""`athletes-resnet`: ResNet50 frozen under two dense layers, then all but its first 100 layers.

Results: docs/lab-notebook.md, “Recipes”.
"""

from dataclasses import replace

from train.recipes.reproductions.athletes_simple import SETTINGS as SIMPLE

SETTINGS = replace(
    SIMPLE,
    recipe="athletes-resnet",
    architecture="resnet50",
    weights="imagenet",
    hidden="512:0.4,256:0.3",
    size=224,
    epochs=35,
    head_epochs=15,
    finetune_layers=-100,
    finetune_learning_rate=1e-6,
)
