"""`simpsons`: a plain CNN with L2 and dropout, SGD with Nesterov momentum, a falling learning rate, early stopping.

Results: docs/lab-notebook.md, “Recipes”.
"""

from train.settings import Settings

SETTINGS = Settings(
    recipe="simpsons",
    architecture="plain",
    convolutions="32,64,128",
    hidden="512:0.5",
    l2=1e-4,
    size=64,
    epochs=60,
    batch_size=32,
    optimizer="sgd",
    learning_rate=0.01,
    schedule="plateau",
    dropout=0,
    label_smoothing=0,
    rotation=0,
    translate=0,
    zoom=0,
    shear=0,
    brightness_contrast=0,
    colour_shift=0,
    random_erasing_prob=0,
    flip=False,
    patience=10,
)
