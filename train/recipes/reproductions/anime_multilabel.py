"""`anime-multilabel`: `anime` with a sigmoid for each character, for images that show several (`goku+vegeta`)."""

from dataclasses import replace

from train.recipes.reproductions.anime import SETTINGS as ANIME

SETTINGS = replace(ANIME, recipe="anime-multilabel", multi_label=True)
