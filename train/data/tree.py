"""Understand a folder: class folders or splits of them, however they are nested and named.

What is clear is taken, and said; what is not clear is refused, with the way out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from model.errors import DataError
from model.folder_walk import Folder, LeftOut, Reason
from train.data.data_set import SPLITS, listed
from train.data.folder_kinds import (
    ALL_IMAGES,
    alike,
    are_pieces,
    holds_folders,
    is_of_papers,
    names_below,
    only_folder,
    ways_to_label,
)
from train.data.folders import natural_key, normalized_label
from train.data.split_names import UNLABELLED, mentioned_split, splits_of

BESIDE = Reason("image beside the class folders", "images beside the class folders")
NO_LABEL = Reason("image in a split without class folders", "images in splits without class folders")
UNUSED = Reason("image in a folder that is not a split", "images in folders that are not splits")
AGAIN = Reason(
    "image in a folder that holds the class folders again", "images in folders that hold the class folders again"
)
UNLABELLED_IMAGES = Reason("image without a label", "images without a label")
NO_IMAGES = Reason("folder without images", "folders without images")


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
    top = only_folder(tree, known)
    filled = {folder.name: folder for folder in top.folders if folder.total}
    if not filled:
        raise _without_class_folders(top, tree)
    place = _Place(tree, top, filled, known)
    layout = _classes_then_splits(place) or _splits(place, left_out)
    if layout is None:
        _refuse_hidden_splits(place)
        no_classes = _no_classes(place)
        for name, reason in no_classes.items():
            left_out.add(reason, name, filled[name].total)
        classes = [folder for folder in _class_folders(top, left_out) if folder.name not in no_classes]
        if len(filled) == 1 and next(iter(filled)).casefold() in ALL_IMAGES and not known:
            raise _without_class_folders(next(iter(filled.values())), tree)
        layout = Layout(top, {"train": [(f.name, f) for f in classes]}, divided=False)
        layout.empty = [f.name for f in classes if not f.total]
    left_out.add(BESIDE, "", tree.total - top.total + len(top.files))
    if top is not tree:
        inner = Path(top.path).relative_to(tree.path)  # of an archive, the whole path is one of the cache
        layout.notes.insert(0, f"Its folder “{inner}” is taken for the data folder, since it holds the images.")
    return layout


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
    nested = {name: kind for name, kind in kinds.items() if holds_folders(filled[name])}
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
        same = [name for name in others if any(alike(filled[name], filled[split]) for split in nested)]
        if same:
            raise DataError(
                f"{_quoted([*nested, *same])} hold the same class folders, so that they look like splits, but none is "
                "named train. Rename the folder with the training images to train, or give it alone."
            )
        return _beside_classes(place, nested, {name: kinds[name] for name in flat}, left_out)
    train = [filled[name] for name, kind in nested.items() if kind == "train"]
    same = [name for name in others if any(alike(filled[name], folder) for folder in train)]
    if others and len(different) == 1 and not same:
        raise DataError(
            f"It is not clear what {_quoted([*nested, *others])} are: {_quoted(list(nested))} looks like a split, the "
            f"others do not. Give “{train[0].path}” alone, or --label-from '^([^/]+)/' where all of them are classes."
        )
    for name in others:
        left_out.add(UNUSED, name, filled[name].total)
    layout = _divided(place, nested, flat, left_out)
    if same:
        layout.notes.append(
            f"{_quoted(same)} {'holds' if len(same) == 1 else 'hold'} the same class folders as train and "
            f"{'is' if len(same) == 1 else 'are'} left out: rename to validation or test to use the images."
        )
    return layout


def _beside_classes(
    place: _Place, nested: Mapping[str, str], flat: Mapping[str, str], left_out: LeftOut
) -> Layout | None:
    """Return the layout of class folders for training beside a validation or test folder; None for classes only."""
    training = [name for name in place.filled if name not in nested and name not in flat]
    labels = set(map(normalized_label, training))
    splits = {n: k for n, k in nested.items() if labels & set(map(normalized_label, names_below(place.filled[n])))}
    doubtful = [name for name, kind in flat.items() if kind in SPLITS[1:]]
    if doubtful and len(training) > 1:
        raise DataError(
            f"It is not clear whether {_quoted(doubtful)} holds images for the {flat[doubtful[0]]} or is a class as "
            f"{_quoted(training)}. Move it out of the data folder, or add --label-from '^([^/]+)/' where it is a class."
        )
    if not splits:
        return None
    for name in nested.keys() - splits.keys():
        left_out.add(UNUSED, name, place.filled[name].total)
    layout = _divided(place, splits, list(flat), left_out)
    layout.splits["train"] = [(name, place.filled[name]) for name in training]
    layout.origins["train"] = "class folders beside " + _quoted(list(splits))
    layout.empty += [f.name for f in _class_folders(place.top, left_out) if not f.total]
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
            parent = only_folder(filled[name], known, inside_split=True)
            left_out.add(BESIDE, name, filled[name].total - parent.total + len(parent.files))
            classes = _class_folders(parent, left_out)
            with_images = [folder for folder in classes if folder.total]
            inner = splits_of([folder.name for folder in with_images if normalized_label(folder.name) not in known])
            if len(set(inner.values())) > 1:
                raise DataError(
                    f"“{parent.path}” holds {_quoted(list(inner))}, which look like splits within a split. Give "
                    f"“{parent.path}” alone, or move its folders."
                )
            if len(with_images) == 1 and _holds_all_classes(with_images[0], known):
                if split != "train" and "train" in layout.splits:
                    left_out.add(NO_LABEL, name, parent.total)
                    continue
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


def _holds_all_classes(folder: Folder, known: Collection[str]) -> bool:
    """Return whether the only folder of a split is not a class, by its name: “images”, or that of a split."""
    name = folder.name
    return name.casefold() in ALL_IMAGES or bool(mentioned_split(name) and normalized_label(name) not in known)


def _refuse_hidden_splits(place: _Place) -> None:
    """Raise `DataError` where folders that would be classes look like splits whose names say nothing."""
    filled = place.filled
    names = [name for name in filled if normalized_label(name) not in place.known]
    if len(names) < 2:
        return
    for name in names:
        inner = only_folder(filled[name], (), inside_split=True)
        kinds = splits_of([child.name for child in inner.folders if child.total]).values()
        if "train" in kinds and len(set(kinds)) > 1:
            raise DataError(
                f"“{inner.path}” holds {listed(sorted(set(kinds)))} folders and looks like the data folder, but there "
                f"are images in {_quoted([other for other in names if other != name])} as well. Give “{inner.path}”."
            )
    mentioned = [mentioned_split(name) for name in names]
    if all(mentioned) and len(set(mentioned)) > 1:
        raise _flat_splits(place, names)
    first = filled[names[0]]
    if len(names) == len(filled) and all(alike(filled[name], first) for name in names):
        raise DataError(
            f"{_quoted(names)} hold the same folders ({listed(names_below(first), 4)}), so that it is not clear which "
            "are classes. Where they are splits, rename them to train, validation and test; where they are several "
            "data sets, give one of them; where they are classes, add --label-from '^([^/]+)/'."
        )
    if len(names) == len(filled) and are_pieces(names):
        raise DataError(
            f"{_quoted(names)} look like pieces of one data set rather than classes. "
            f"{ways_to_label(place.top, place.tree)} Where they are classes, add --label-from '^([^/]+)/'."
        )


def _no_classes(place: _Place) -> dict[str, Reason]:
    """Return the folders that are left out beside classes, with the reason.

    They hold the same folders as the one they lie in, as a badly packed archive does, or images without a label.
    """
    found: dict[str, Reason] = {}
    kinds = splits_of(list(place.filled))
    for name, folder in place.filled.items():
        others = {normalized_label(other) for other in place.filled if other != name}
        inside = set(map(normalized_label, names_below(folder)))
        common = len(others & inside)
        if normalized_label(name) in place.known:
            continue
        if not folder.files and common >= 2 and 2 * common > len(others):
            found[name] = AGAIN
        elif kinds.get(name) == UNLABELLED:
            found[name] = UNLABELLED_IMAGES
    return found if len(place.filled) - len(found) >= 2 else {}


def _class_folders(top: Folder, left_out: LeftOut) -> list[Folder]:
    """Return the class folders below a folder, empty ones as well; folders of papers are left out."""
    classes = []
    for folder in sorted(top.folders, key=lambda f: natural_key(f.name)):
        if folder.total or not is_of_papers(folder):
            classes.append(folder)
        else:
            left_out.add(NO_IMAGES, folder.name)
    return classes


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
