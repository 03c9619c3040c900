"""`small`: a residual network of 0.4 million parameters, trained from scratch: for when no weights are at hand.

Every default of `train.settings.Settings` is the value of this recipe. Give larger data sets more `--epochs` (90 for
the figure of the 100 sports) and a larger `--size`.
"""

from train.settings import Settings

SETTINGS = Settings(recipe="small")
