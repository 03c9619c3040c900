"""`best`, the default: EfficientNet-Lite0 from ImageNet weights, a regression on its features, then fine-tuning.

Its weights come with a package that training installs, so that nothing is downloaded. The regression and the network
whose last blocks are trained compete (train/trainer/cross_fit.py): by folds, or on the validation images of a larger
set.

Measurements behind these settings: docs/lab-notebook.md, “Recipes”.
"""

from train.settings import Settings

SETTINGS = Settings(
    recipe="best",
    architecture="efficientnet_lite0",
    weights="imagenet",
    resize_rule="auto",
    epochs=20,
    batch_size=32,
    min_steps_per_epoch=8,
    learning_rate=3e-4,
    weight_decay=0.02,
    probe=True,
    finetune_layers=30,
    dropout=0.2,
    label_smoothing=0.1,
    mixup_cutmix_prob=0.25,
    class_balance=0.5,
    ema_decay=0.99,
    checkpoint="last",
    refit=5000,
    rotation=10,
    translate=0.08,
    zoom=0.3,
    shear=0.05,
    brightness_contrast=0.25,
    colour_shift=0.1,
    random_erasing_prob=0.1,
    patience=100,
)
