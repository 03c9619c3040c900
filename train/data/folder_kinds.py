"""What a folder of a data set holds: class folders, papers, a bundle, masks, the same folders as another."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from model.bundle import CONFIG, LABELS, MANIFEST, METRICS, NETWORK
from model.errors import DataError
from model.folder_walk import Folder, LeftOut, Reason
from model.labels import language_of
from train.data.data_set import listed
from train.data.folders import natural_key, normalized_label
from train.data.image_files import label_pattern, suffix_of
from train.data.split_names import mentioned_split, split_of, splits_of

NOT_IMAGES = Reason("file that is not an image", "files that are not images")
BUNDLES = Reason("bundle or report", "bundles and reports")
MASKS = Reason("mask beside the images", "masks beside the images")

# Folders of these names hold images of all classes.
ALL_IMAGES = frozenset(
    ["images", "image", "imgs", "img", "jpegimages", "pictures", "photos", "pics", "imagenes", "imagens", "fotos"]
)
# With a number behind them, they name pieces of one set.
_PIECES = ALL_IMAGES | frozenset(
    ["part", "batch", "chunk", "shard", "piece", "subset", "fold", "folder", "archive", "data", "dataset", "zip"]
)
_NUMBERED = re.compile(r"(.*?)[\W_]*\d+")
_MASKS = frozenset(["masks", "mask", "annotations", "labels", "segmentation", "segmentations", "groundtruth"])
_TABLE_SUFFIXES = (".csv", ".tsv", ".jsonl")
# A folder with these is a class whose images cannot be read; one with other files only, as .xml, is not a class.
_MEDIA = frozenset(
    [".mp4", ".mov", ".avi", ".mkv", ".webm", ".mp3", ".wav", ".psd", ".svg", ".dng", ".cr2", ".nef", ".zip", ".npy"]
)


def remove_foreign(tree: Folder, left_out: LeftOut) -> None:
    """Take out of a tree what holds images that are none of the data: bundles, reports, and masks beside images.

    Raises:
        DataError: The folder itself is one.
    """
    if _is_output(tree):
        raise DataError(f"“{tree.path}” is a bundle or a report, not a data folder. Give a folder of class folders.")
    kept = []
    beside_images = any(folder.name.casefold() in ALL_IMAGES and folder.total for folder in tree.folders)
    for folder in tree.folders:
        if _is_output(folder):
            left_out.add(BUNDLES, folder.name)
        elif beside_images and folder.total and folder.name.casefold() in _MASKS:
            left_out.add(MASKS, folder.name, folder.total)
        else:
            remove_foreign(folder, left_out)
            kept.append(folder)
    tree.folders[:] = kept
    tree.total = len(tree.files) + sum(folder.total for folder in kept)


def count_other_files(tree: Folder, left_out: LeftOut, top: Folder, used: Collection[str] = ()) -> None:
    """Count the files of a tree that are not images, except those in `used` (paths) and translations in `top`."""
    for folder in tree.walk():
        for name in folder.others:
            if not (folder is top and language_of(name)) and f"{folder.path}/{name}" not in used:
                left_out.add(NOT_IMAGES, suffix_of(name))


def tables_in(tree: Folder) -> list[Path]:
    """Return the files in a tree that may hold labels, the likeliest first: with a name of training, near the top."""
    found = [Path(f.path, name) for f in tree.walk() for name in f.others if suffix_of(name) in _TABLE_SUFFIXES]

    def unlikeliness(path: Path) -> tuple[bool, bool, int]:
        names_training = split_of(path.stem) == "train"
        names_others = mentioned_split(path.stem) is not None or "sample" in path.stem.casefold()
        return not names_training, names_others, len(path.parts)

    return sorted(found, key=lambda path: (unlikeliness(path), natural_key(str(path))))


def ways_to_label(folder: Folder, tree: Folder) -> str:
    """Return a sentence with the ways to label images that do not lie in class folders."""
    tables = tables_in(tree)
    ways = ["Sort the images into folders named after their class"]
    ways.append(f"give their labels with --labels {tables[0] if tables else 'TABLE.csv'}")
    pattern = next(filter(None, (label_pattern(f.files) for f in folder.walk())), None)
    if pattern:
        ways.append(f"take them from the file names with --label-from '{pattern[0]}' ({listed(pattern[1], 4)})")
    else:
        ways.append("take them from the file names with --label-from REGEX")
    boxes = any(f.name.casefold() == "labels" and is_of_papers(f) for f in tree.walk())
    about_boxes = " (files of boxes, as YOLO has them, are not read)" if boxes else ""
    return f"{', '.join(ways[:-1])}, or {ways[-1]}{about_boxes}."


def only_folder(folder: Folder, known: Collection[str], *, inside_split: bool = False) -> Folder:
    """Follow folders that hold images in one sub-folder only, down to the one that holds class folders or splits."""
    while 10 * len(folder.files) <= folder.total:
        filled = [child for child in folder.folders if child.total]
        empty = [child for child in folder.folders if not child.total and not is_of_papers(child)]
        if len(filled) != 1 or empty or not holds_folders(filled[0]) or normalized_label(filled[0].name) in known:
            break
        splits_below = set(splits_of([child.name for child in filled[0].folders if child.total]).values())
        if splits_of([filled[0].name]) and not inside_split and len(splits_below) < 2:
            break
        folder = filled[0]
    return folder


def holds_folders(folder: Folder) -> bool:
    """Return whether most images of a folder lie in its sub-folders."""
    return folder.total > 2 * len(folder.files)


def are_pieces(names: Collection[str]) -> bool:
    """Return whether folders are pieces of one set by their names, as images_part_1 and images_part_2 are."""
    numbered = [_NUMBERED.fullmatch(name.casefold()) for name in names]
    stems = {match[1] if match else "" for match in numbered}
    return len(stems) == 1 and re.split(r"[\W_]+", stems.pop())[-1] in _PIECES


def is_of_papers(folder: Folder) -> bool:
    """Return whether a folder holds files, none of them an image or another medium: it is not an empty class."""
    suffixes = {suffix_of(name) for inside in folder.walk() for name in inside.others}
    return not folder.total and bool(suffixes) and not suffixes & _MEDIA


def names_below(folder: Folder) -> list[str]:
    """Return the names of the folders with images in a folder, or in the only folder that it holds."""
    return [child.name for child in only_folder(folder, (), inside_split=True).folders if child.total]


def alike(some: Folder, other: Folder) -> bool:
    """Return whether two folders hold no images themselves, and mostly the same folders."""
    if some.files or other.files:
        return False
    names, others = (set(map(normalized_label, names_below(folder))) - ALL_IMAGES for folder in (some, other))
    fewer = min(len(names), len(others))
    return fewer >= 2 and len(names & others) > fewer / 2


def _is_output(folder: Folder) -> bool:
    others = set(folder.others)
    if MANIFEST in others:
        return bool(others & {CONFIG, LABELS, NETWORK})
    return METRICS in others and any(f.name == "report" and "index.html" in f.others for f in folder.folders)
