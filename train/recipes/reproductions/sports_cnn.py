"""`sports-cnn`: a plain CNN at 224 pixels. Results: docs/lab-notebook.md, “Recipes”."""

from train.settings import Settings

SETTINGS = Settings(
    recipe="sports-cnn",
    architecture="plain",
    convolutions="32,64,128,128",
    hidden="256:0.5",
    size=224,
    epochs=30,
    batch_size=20,
    optimizer="adam",
    learning_rate=1e-3,
    schedule="constant",
    dropout=0,
    label_smoothing=0,
    rotation=0,
    translate=0,
    zoom=0,
    shear=0,
    brightness_contrast=0,
    colour_shift=0,
    random_erasing_prob=0,
    flip=True,
    patience=8,
)
