"""Understand a folder: class folders or splits of them, however they are nested and named.

What is clear is taken, and said; what is not clear is refused, with the way out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from model.bundle import CONFIG, LABELS, MANIFEST, METRICS, NETWORK
from model.errors import DataError
from model.folder_walk import Folder, LeftOut, Reason
from model.labels import language_of
from train.data.data_set import SPLITS, listed
from train.data.folders import natural_key, normalized_label
from train.data.image_files import label_pattern, suffix_of
from train.data.split_names import UNLABELLED, mentioned_split, splits_of

NOT_IMAGES = Reason("file that is no image", "files that are no images")
BUNDLES = Reason("bundle or report", "bundles and reports")
BESIDE = Reason("image beside the class folders", "images beside the class folders")
NO_LABEL = Reason("image in a split without class folders", "images in splits without class folders")
UNUSED = Reason("image in a folder that is no split", "images in folders that are no split")
UNLABELLED_IMAGES = Reason("image without a label", "images without a label")
NO_IMAGES = Reason("folder without images", "folders without images")

TABLE_SUFFIXES = (".csv", ".tsv", ".jsonl")
# Folders of these names hold images of all classes.
_ALL_IMAGES = frozenset(
    ["images", "image", "imgs", "img", "jpegimages", "pictures", "photos", "pics", "imagenes", "imagens", "fotos"]
)
# What a folder without images may hold without being an empty class.
_PAPERS = frozenset(
    [
        ".txt",
        ".xml",
        ".json",
        ".jsonl",
        ".csv",
        ".tsv",
        ".md",
        ".py",
        ".ipynb",
        ".html",
        ".yaml",
        ".yml",
        ".pdf",
        ".cfg",
    ]
)


@dataclass
class Layout:
    """How a folder was understood.

    Attributes:
        top: The folder that holds the class folders or the splits.
        splits: For each split its class folders, each with the name that gives the label.
        divided: Whether there are splits.
        notes: What was taken for what, one sentence each.
        origins: The names of the folders of each split.
        empty: Class folders of the training split without an image.
    """

    top: Folder
    splits: dict[str, list[tuple[str, Folder]]]
    divided: bool
    notes: list[str] = field(default_factory=list)
    origins: dict[str, str] = field(default_factory=dict)
    empty: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Place:
    """The folder that is looked at: the whole tree, the folder in it, and its sub-folders with images by name."""

    tree: Folder
    top: Folder
    filled: Mapping[str, Folder]
    known: Collection[str]


def understand(tree: Folder, left_out: LeftOut, labels: Collection[str] = ()) -> Layout:
    """Return the class folders of a tree, by split.

    Args:
        tree: The data folder.
        left_out: Counts what is left out.
        labels: Known labels: a folder named like one of them is a class, and no split.

    Raises:
        DataError: There are no class folders, or it is not clear which folders are classes.
    """
    known = frozenset(map(normalized_label, labels))
    top = _only_folder(tree, known)
    filled = {folder.name: folder for folder in top.folders if folder.total}
    if not filled:
        raise _without_class_folders(top, tree)
    place = _Place(tree, top, filled, known)
    layout = _classes_then_splits(place) or _splits(place, left_out)
    if layout is None:
        _refuse_hidden_splits(place)
        classes = _class_folders(top, left_out)
        if len(filled) == 1 and next(iter(filled)).casefold() in _ALL_IMAGES and not known:
            raise _without_class_folders(next(iter(filled.values())), tree)
        layout = Layout(top, {"train": [(f.name, f) for f in classes]}, divided=False)
        layout.empty = [f.name for f in classes if not f.total]
    left_out.add(BESIDE, "", len(top.files))
    if top is not tree:
        layout.notes.insert(0, f"“{top.path}” is taken for the data folder: “{tree.path}” holds no other images.")
    return layout


def remove_bundles(tree: Folder, left_out: LeftOut) -> None:
    """Take bundles, and reports of an evaluation, out of a tree.

    Raises:
        DataError: The folder itself is one.
    """
    if _is_output(tree):
        raise DataError(f"“{tree.path}” is a bundle or a report, not a data folder. Give a folder of class folders.")
    kept = []
    for folder in tree.folders:
        if _is_output(folder):
            left_out.add(BUNDLES, folder.name)
        else:
            remove_bundles(folder, left_out)
            kept.append(folder)
    tree.folders[:] = kept
    tree.total = len(tree.files) + sum(folder.total for folder in kept)


def count_other_files(tree: Folder, left_out: LeftOut, top: Folder, used: Collection[str] = ()) -> None:
    """Count the files of a tree that are no images, except those in `used` (paths) and translations in `top`."""
    for folder in tree.walk():
        for name in folder.others:
            if not (folder is top and language_of(name)) and f"{folder.path}/{name}" not in used:
                left_out.add(NOT_IMAGES, suffix_of(name))


def tables_in(tree: Folder) -> list[Path]:
    """Return the files in a tree that may hold labels, those nearest to its top first."""
    found = [Path(f.path, name) for f in tree.walk() for name in f.others if suffix_of(name) in TABLE_SUFFIXES]
    return sorted(found, key=lambda path: (len(path.parts), natural_key(str(path))))


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
    boxes = any(f.name.casefold() == "labels" and _is_of_papers(f) for f in tree.walk())
    about_boxes = " (files of boxes, as YOLO has them, are not read)" if boxes else ""
    return f"{', '.join(ways[:-1])}, or {ways[-1]}{about_boxes}."


def _only_folder(folder: Folder, known: Collection[str], *, inside_split: bool = False) -> Folder:
    """Follow folders that hold images in one sub-folder only, down to the one that holds class folders or splits."""
    while not folder.files:
        filled = [child for child in folder.folders if child.total]
        empty = [child for child in folder.folders if not child.total and not _is_of_papers(child)]
        if len(filled) != 1 or empty or filled[0].files or normalized_label(filled[0].name) in known:
            break
        if splits_of([filled[0].name]) and not inside_split:
            break
        folder = filled[0]
    return folder


def _classes_then_splits(place: _Place) -> Layout | None:
    """Return the layout of class folders that each hold the same splits, as cat/train and cat/test; else None."""
    splits: dict[str, list[tuple[str, Folder]]] = {}
    if len(place.filled) < 2 or splits_of(list(place.filled)):
        return None
    for name, folder in place.filled.items():
        inside = {child.name: child for child in folder.folders if child.total}
        kinds = splits_of(list(inside))
        if folder.files or kinds.keys() != inside.keys() or not set(kinds.values()) <= set(SPLITS):
            return None
        for child, split in kinds.items():
            splits.setdefault(split, []).append((name, inside[child]))
    if "train" not in splits or len(splits) < 2:
        return None
    return Layout(
        place.top, splits, divided=True, notes=["Each class folder holds splits: " + listed(sorted(splits)) + "."]
    )


def _splits(place: _Place, left_out: LeftOut) -> Layout | None:
    """Return the layout of folders that are splits; None where they are classes."""
    filled = place.filled
    kinds = {name: kind for name, kind in splits_of(list(filled)).items() if normalized_label(name) not in place.known}
    if not kinds:
        return None
    nested = {name: kind for name, kind in kinds.items() if _holds_folders(filled[name])}
    others = [name for name in filled if name not in kinds]
    flat = [name for name in kinds if name not in nested]
    different = {kind for kind in kinds.values() if kind != UNLABELLED}
    if "train" not in nested.values():
        if not others and (len(kinds) > 1 or not nested):
            if nested and not flat:
                return _divided(place, nested, flat, left_out)
            raise _flat_splits(place, flat)
        if not others:
            return _divided(place, nested, flat, left_out)
        if len(different) > 1 and flat:
            raise _flat_splits(place, flat)
        alike = [name for name in others if any(_alike(filled[name], filled[split]) for split in nested)]
        if alike:
            raise DataError(
                f"{_quoted([*nested, *alike])} hold the same class folders, so that they look like splits, but none is "
                "named train. Rename the folder with the training images to train, or give it alone."
            )
        return None
    train = [filled[name] for name, kind in nested.items() if kind == "train"]
    alike = [name for name in others if any(_alike(filled[name], folder) for folder in train)]
    if others and len(different) == 1 and not alike:
        raise DataError(
            f"It is not clear what {_quoted([*nested, *others])} are: {_quoted(list(nested))} looks like a split, the "
            f"others do not. Give “{train[0].path}” alone, or --label-from '^([^/]+)/' where all of them are classes."
        )
    for name in others:
        left_out.add(UNUSED, name, filled[name].total)
    layout = _divided(place, nested, flat, left_out)
    if alike:
        layout.notes.append(
            f"{_quoted(alike)} {'holds' if len(alike) == 1 else 'hold'} the same class folders as train and "
            f"{'is' if len(alike) == 1 else 'are'} left out: rename to validation or test to use the images."
        )
    return layout


def _divided(place: _Place, nested: Mapping[str, str], flat: Sequence[str], left_out: LeftOut) -> Layout:
    """Return the layout of splits that hold class folders; those that hold images themselves are left out."""
    filled = place.filled
    layout = Layout(place.top, {}, divided=True)
    known: frozenset[str] = frozenset()
    for split in SPLITS:
        for name, kind in nested.items():
            if kind != split:
                continue
            parent = _only_folder(filled[name], known, inside_split=True)
            left_out.add(BESIDE, name, len(parent.files))
            classes = _class_folders(parent, left_out)
            with_images = [folder for folder in classes if folder.total]
            if len(with_images) == 1 and with_images[0].name.casefold() in _ALL_IMAGES:
                raise _without_class_folders(with_images[0], place.tree)
            layout.splits.setdefault(split, []).extend((folder.name, folder) for folder in with_images)
            if split == "train":
                layout.empty += [folder.name for folder in classes if not folder.total]
            layout.origins[split] = ", ".join(filter(None, [layout.origins.get(split), name]))
        if split == "train":
            known = frozenset(normalized_label(name) for name, _ in layout.splits.get("train", ()))
    for name in flat:
        left_out.add(NO_LABEL, name, filled[name].total)
    for name, kind in nested.items():
        if kind == UNLABELLED:
            left_out.add(UNLABELLED_IMAGES, name, filled[name].total)
    if not layout.splits:
        raise _flat_splits(place, list(place.filled))
    return layout


def _refuse_hidden_splits(place: _Place) -> None:
    """Raise `DataError` where folders that would be classes look like splits whose names say nothing."""
    filled = place.filled
    names = [name for name in filled if normalized_label(name) not in place.known]
    if len(names) < 2:
        return
    mentioned = [mentioned_split(name) for name in names]
    if all(mentioned) and len(set(mentioned)) > 1:
        raise _flat_splits(place, names)
    first = filled[names[0]]
    if len(names) == len(filled) and all(_alike(filled[name], first) for name in names):
        raise DataError(
            f"{_quoted(names)} hold the same folders ({listed(_names_below(first), 4)}), so that it is not clear which "
            "are classes. Where they are splits, rename them to train, validation and test; where they are several "
            "data sets, give one of them; where they are classes, add --label-from '^([^/]+)/'."
        )


def _class_folders(top: Folder, left_out: LeftOut) -> list[Folder]:
    """Return the class folders below a folder, empty ones as well; folders of papers are left out."""
    classes = []
    for folder in sorted(top.folders, key=lambda f: natural_key(f.name)):
        if folder.total or not _is_of_papers(folder):
            classes.append(folder)
        else:
            left_out.add(NO_IMAGES, folder.name)
    return classes


def _is_of_papers(folder: Folder) -> bool:
    """Return whether a folder holds files, none of them an image or another medium."""
    suffixes = {suffix_of(name) for inside in folder.walk() for name in inside.others}
    return not folder.total and bool(suffixes) and suffixes <= _PAPERS


def _is_output(folder: Folder) -> bool:
    others = set(folder.others)
    if MANIFEST in others:
        return bool(others & {CONFIG, LABELS, NETWORK})
    return METRICS in others and any(f.name == "report" and "index.html" in f.others for f in folder.folders)


def _holds_folders(folder: Folder) -> bool:
    """Return whether most images of a folder lie in its sub-folders."""
    return folder.total > 2 * len(folder.files)


def _names_below(folder: Folder) -> list[str]:
    return [child.name for child in _only_folder(folder, (), inside_split=True).folders if child.total]


def _alike(some: Folder, other: Folder) -> bool:
    """Return whether two folders hold no images themselves, and mostly the same folders."""
    if some.files or other.files:
        return False
    names, others = ({normalized_label(name) for name in _names_below(folder)} for folder in (some, other))
    fewer = min(len(names), len(others))
    return fewer >= 2 and len(names & others) > fewer / 2


def _without_class_folders(folder: Folder, tree: Folder) -> DataError:
    if not folder.total:
        what = "are empty" if tree.folders else "holds no class folders"
        where = f"The class folders of “{tree.path}”" if tree.folders else f"“{tree.path}”"
        return DataError(f"{where} {what}. Put the images of each class into a folder of its own.")
    return DataError(f"“{folder.path}” holds no class folders, but images. {ways_to_label(folder, tree)}")


def _flat_splits(place: _Place, names: Sequence[str]) -> DataError:
    flat = Folder(place.top.path, folders=[place.filled[name] for name in names])
    return DataError(
        f"{_quoted(names)} {'look like splits' if len(names) > 1 else 'looks like a split'}, but "
        f"{'hold' if len(names) > 1 else 'holds'} images rather than class folders. {ways_to_label(flat, place.tree)}"
    )


def _quoted(names: Sequence[str]) -> str:
    shown = [f"“{name}”" for name in names[:6]] + ["…"] * (len(names) > 6)
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
