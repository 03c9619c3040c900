"""`sunglasses`: a plain CNN on grey faces of 64 x 60 pixels. Split by person: `--group-by '^([a-z0-9]+)_'`.

Results: docs/lab-notebook.md, “Recipes”.
"""

from train.settings import Settings

SETTINGS = Settings(
    recipe="sunglasses",
    architecture="plain",
    convolutions="64,128",
    hidden="256:0.5",
    size="64x60",
    colour="grey",
    epochs=100,
    batch_size=64,
    optimizer="adam",
    learning_rate=1e-4,
    schedule="constant",
    dropout=0,
    label_smoothing=0,
    rotation=30,
    translate=0.2,
    zoom=0.2,
    shear=0.2,
    brightness_contrast=0,
    colour_shift=0,
    random_erasing_prob=0,
    flip=True,
    patience=100,
)
