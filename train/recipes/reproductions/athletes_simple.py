"""`athletes-simple`: a plain CNN at 128 pixels. Results: docs/lab-notebook.md, “Recipes”."""

from train.settings import Settings

SETTINGS = Settings(
    recipe="athletes-simple",
    architecture="plain",
    convolutions="32,64,128",
    hidden="128",
    size=128,
    epochs=40,
    batch_size=32,
    optimizer="adam",
    learning_rate=1e-3,
    schedule="plateau",
    dropout=0,
    label_smoothing=0,
    rotation=20,
    translate=0.2,
    zoom=0.3,
    shear=0.2,
    brightness_contrast=0,
    colour_shift=0,
    random_erasing_prob=0,
    flip=True,
    patience=10,
)
