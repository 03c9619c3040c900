"""The folder of a run over many files: its settings, the list of files in parts, and the tables of each part.

run.json                 the settings, the model and the number of parts
listing/00001.json       the files of a part
predictions/00001.csv    a row for each image and frame; a part whose file exists is done
segments/00001.csv       a row for each segment, where a part has clips
errors/00001.csv         a row for each file that could not be read, or not to its end
locks/                   held by the runs that work
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from model.bulk.listing import ListedFile, list_files, parts_of
from model.bulk.places import Place
from model.errors import SettingsError
from model.video.reader import FrameRange

Table = Literal["csv", "parquet"]
_FORMAT = 1


@dataclass(frozen=True)
class Job:
    """What every worker of a run needs to know; it is the same on all machines.

    Attributes:
        out: The folder of the run.
        model: A bundle's directory, or a Hub repository at a commit.
        manifest: SHA-256 of the bundle's manifest: every worker has to have this very model.
        top: Number of labels in a row.
        frame_range: Which frames of a clip.
        table: The format of the tables.
    """

    out: Place
    model: str
    manifest: str
    top: int
    frame_range: FrameRange
    table: Table = "csv"

    def predictions(self, part: int) -> Place:
        """Return the table of a part, whose existence says that the part is done."""
        return self.out.child(f"predictions/{self._file(part)}")

    def segments(self, part: int) -> Place:
        """Return the table of a part's segments."""
        return self.out.child(f"segments/{self._file(part)}")

    def errors(self, part: int) -> Place:
        """Return the table of what could not be read in a part."""
        return self.out.child(f"errors/{part:05}.csv")

    def files(self, part: int) -> list[ListedFile]:
        """Return the files of a part."""
        entries = json.loads(_listing(self.out, part).read())
        return [ListedFile(Place(text), size) for text, size in entries]

    def _file(self, part: int) -> str:
        return f"{part:05}.{self.table}"


@dataclass(frozen=True)
class Frozen:
    """The list of files of a run, which never changes.

    Attributes:
        parts: Number of parts.
        files: Number of files.
    """

    parts: int
    files: int


def frozen(job: Job, places: Sequence[Place], part_size: int) -> Frozen | None:
    """Return what an earlier run into the same folder listed; None where there is none.

    Raises:
        SettingsError: It was another model, had other settings or other files.
    """
    try:
        kept = json.loads(_settings_file(job).read())
        wanted = _settings(job, places, part_size)
        different = [name for name in wanted if kept["settings"].get(name) != wanted[name]]
        found = Frozen(kept["parts"], kept["files"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsError(f"“{_settings_file(job).text}” is damaged. Give another --out.") from error
    if different:
        name = different[0]
        raise SettingsError(
            f"“{job.out.text}” holds predictions with another {name.replace('_', ' ')}: "
            f"{_shown(kept['settings'].get(name))} there, {_shown(wanted[name])} now. Give the same, or another --out."
        )
    return found


def freeze(job: Job, places: Sequence[Place], part_size: int, on_note: Callable[[str], None]) -> Frozen:
    """List the files, write the list in parts, and after them the settings: with these the list is complete.

    Raises:
        SettingsError: There is no image and no clip in these places.
        StorageError: A place cannot be listed, or the run's folder cannot be written.
    """
    part = files = 0
    for part, members in enumerate(parts_of(list_files(places, on_note), part_size), 1):
        files += len(members)
        text = json.dumps([[file.place.text, file.size] for file in members])
        _listing(job.out, part).write(text.encode("ascii"))
    if not files:
        raise SettingsError(
            f"There is no image and no clip in {', '.join(one.text for one in places)}. Give a folder that has some."
        )
    found = Frozen(part, files)
    state = {"settings": _settings(job, places, part_size), "model": job.model, **dataclasses.asdict(found)}
    _settings_file(job).write(json.dumps(state, indent=2).encode("ascii"))
    return found


def _settings(job: Job, places: Sequence[Place], part_size: int) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "model": job.manifest,
        "top": job.top,
        **dataclasses.asdict(job.frame_range),
        "table": job.table,
        "part_size": part_size,
        "places": [one.text for one in places],
    }


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)[:100]


def _settings_file(job: Job) -> Place:
    return job.out.child("run.json")


def _listing(out: Place, part: int) -> Place:
    return out.child(f"listing/{part:05}.json")
