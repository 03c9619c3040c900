"""`anime`: a plain CNN at 150 pixels. Results: docs/lab-notebook.md, “Recipes”."""

from train.settings import Settings

SETTINGS = Settings(
    recipe="anime",
    architecture="plain",
    convolutions="32,32,64",
    hidden="64:0.5",
    size=150,
    epochs=50,
    batch_size=16,
    optimizer="adam",
    learning_rate=1e-3,
    schedule="constant",
    dropout=0,
    label_smoothing=0,
    rotation=0,
    translate=0,
    zoom=0.2,
    shear=0.2,
    brightness_contrast=0,
    colour_shift=0,
    random_erasing_prob=0,
    flip=True,
    patience=50,
)
