"""`small`: a residual network of 0.4 million parameters, trained from scratch, for when no weights are available.

Every default of `train.settings.Settings` is the value of this recipe. Give larger data sets more `--epochs` and a
larger `--size`.
"""

from train.settings import Settings

SETTINGS = Settings(recipe="small")
