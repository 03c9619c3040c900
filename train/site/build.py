"""The files of a site: the page, its runtime, and everything that it needs of one bundle."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from model.bundle import Bundle, load_bundle
from model.errors import SettingsError
from model.hub.resolve import EMBEDDED
from model.image_file import IMAGE_SUFFIXES
from model.preprocessing import shown_image
from train.site.description import Source, describe_site
from train.site.network import with_batch_of_one
from train.site.runtime import STATIC, runtime_files
from train.site.texts import LANGUAGES, page_texts

SITE = "site.json"
_FILES = "files"  # in site.json
_SERVICE_WORKER = "service-worker.js"
_PAGE_SUFFIXES = (".html", ".css", ".js", ".svg")
_CLIP_SUFFIXES = (".mp4", ".mov", ".webm", ".mkv", ".m4v")
_NOT_KEPT = (_SERVICE_WORKER, "LICENSE")
_PROGRAMS = "runtime/litert_wasm"
_EXAMPLES = STATIC.parent / "examples"
_SHARED = ("address.js", "header.css", "card.css", "batch.css", "timeline.css", "about.css")  # with the Gradio page
_MOST_EXAMPLES = 12
_THUMBNAIL_SIDE = 200  # pixels
LARGE_BYTES = 50 * 10**6

Content = bytes | Path


def site_files(directory: Path, source: Source) -> dict[str, Content]:
    """Return the files of a site by their path in it.

    Args:
        directory: The bundle.
        source: Where it was published.

    Raises:
        BundleError: The bundle is damaged or incomplete.
        RuntimeFetchError: The libraries cannot be fetched.
    """
    bundle = load_bundle(directory)
    texts = {language: page_texts(language) for language in LANGUAGES}
    network = with_batch_of_one(bundle.network.read_bytes())
    site = describe_site(bundle, network, source, texts)
    files: dict[str, Content] = {
        path.relative_to(STATIC).as_posix(): path
        for path in sorted(STATIC.rglob("*"))
        if path.suffix in _PAGE_SUFFIXES and "node_modules" not in path.parts
    }
    files |= {f"shared/{name}": STATIC.parent / "interface" / "assets" / name for name in _SHARED}
    files |= {f"runtime/{name}": path for name, path in runtime_files().items()}
    files |= {f"texts/{language}.json": _json(found) for language, found in texts.items()}
    files["LICENSE"] = STATIC.parent / "LICENSE"
    files["model/model.bin"] = packed = _packed(network)
    site["model"]["bytes"] = len(packed)  # for the progress of its transfer
    if bundle.statistics is not None:
        files["model/statistics.bin"] = _packed(bundle.statistics.references.astype("<f2").tobytes())
    for kind, examples in _examples(bundle):
        site[kind] = [{"file": f"examples/{path.name}", "label": label} for path, label in examples]
        files |= {f"examples/{path.name}": path for path, _ in examples}
    for example in site["examples"]:
        name = example["small"] = f"examples/small/{Path(example['file']).stem}.jpg"
        files[name] = _thumbnail(content_bytes(files[example["file"]]))
    files["manifest.webmanifest"] = _json(_web_manifest(site))
    site[_FILES] = sorted({*files, SITE})  # the next site replaces these and nothing else
    files[SITE] = _json(site)
    files[_SERVICE_WORKER] = _service_worker(files)
    return files


def write_site(directory: Path, out: Path, source: Source) -> int:
    """Write a site into a directory, which is new, empty, or holds an older site; return its bytes.

    Of an older site only the files that were written with it are replaced: others, such as `.git` or `CNAME`, stay.

    Args:
        directory: The bundle.
        out: Where to.
        source: Where the bundle was published.

    Raises:
        SettingsError: The directory holds something else, or a file of somebody else would be lost.
    """
    out = out.resolve()
    old = _files_of_site(out)
    if out.exists() and not (out.is_dir() and (old or not any(out.iterdir()))):
        raise SettingsError(f"“{out}” exists and is not a site. Give --out a new directory.")
    files = site_files(directory, source)
    lost = [name for name in files if name not in old and (out / name).exists()]
    if lost:
        raise SettingsError(
            f"“{out}” contains “{lost[0]}”, which was not written with the site and would be lost. Move it, or give "
            "--out a new directory."
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.parent / f".{out.name}.{secrets.token_hex(4)}.partial"
    try:
        for name, content in files.items():
            target = partial / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content_bytes(content))
        if out.exists():
            _replace(out, old, partial, list(files))
        else:
            partial.rename(out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return sum(len(content_bytes(content)) for content in files.values())


def content_bytes(content: Content) -> bytes:
    """Return the content of one of a site's files."""
    return content if isinstance(content, bytes) else content.read_bytes()


def _files_of_site(directory: Path) -> list[str]:
    """Return the files that were written with the site in a directory, by their path in it; none where it has none."""
    try:
        listed = json.loads((directory / SITE).read_text(encoding="utf-8"))[_FILES]
        return [name for name in listed if (directory / name).resolve().is_relative_to(directory)]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):  # not a site of ours
        return []


def _replace(out: Path, old: Sequence[str], partial: Path, new: Sequence[str]) -> None:
    """Move the files of the old site out of a directory and those of the new one in; after an error, all back."""
    aside = partial.with_suffix(".old")
    moves = [(out / name, aside / name) for name in old if (out / name).is_file()]
    moves += [(partial / name, out / name) for name in new]
    tried: list[tuple[Path, Path]] = []
    try:
        for source, target in moves:
            tried.append((source, target))
            target.parent.mkdir(parents=True, exist_ok=True)
            source.rename(target)
    except BaseException:
        for source, target in reversed(tried):
            if not source.exists():
                target.rename(source)
        shutil.rmtree(aside, ignore_errors=True)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _examples(bundle: Bundle) -> Iterator[tuple[str, list[tuple[Path, str]]]]:
    """Yield "examples" and "clips", each with files and the label that is shown on them, which may be empty."""
    if bundle.directory.resolve() == EMBEDDED.resolve():
        found = [(path, "") for folder in ("images", "clips") for path in sorted((_EXAMPLES / folder).glob("*"))]
    else:
        found = [(example.path, example.label) for example in bundle.presentation.examples]
    yield "examples", [pair for pair in found if pair[0].suffix.lower() in IMAGE_SUFFIXES][:_MOST_EXAMPLES]
    yield "clips", [pair for pair in found if pair[0].suffix.lower() in _CLIP_SUFFIXES][:_MOST_EXAMPLES]


def _thumbnail(image: bytes) -> bytes:
    """Return a small copy of an example: all of them are fetched before the first answer."""
    stored = io.BytesIO()
    Image.fromarray(shown_image(image, _THUMBNAIL_SIDE)).save(stored, "JPEG", quality=80)
    return stored.getvalue()


def _packed(content: bytes) -> bytes:
    """Compress what the page unpacks itself, since few servers compress files of such kinds."""
    return gzip.compress(content, 9, mtime=0)


def _web_manifest(site: Mapping[str, Any]) -> dict[str, Any]:
    title = site["title"]["en"] or "Vistazo"
    return {
        "name": title,
        "short_name": title[:30],
        "start_url": "./",
        "scope": "./",
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#1d4ed8",
        "icons": [{"src": "icon.svg", "sizes": "any", "type": "image/svg+xml", "purpose": "any"}],
    }


def _service_worker(files: Mapping[str, Content]) -> bytes:
    """Return the program that keeps the site for use without a network; another content is another version."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(name.encode() + b"\0" + hashlib.sha256(content_bytes(files[name])).digest())
    program = content_bytes(files[_SERVICE_WORKER]).decode()
    # The program that the browser runs is kept as well, and clips once they have been used.
    kept = sorted(name for name in files if name not in _NOT_KEPT and Path(name).suffix not in _CLIP_SUFFIXES)
    kept = [name for name in kept if not name.startswith(_PROGRAMS)]
    values = {"VERSION": digest.hexdigest()[:16], "FILES": kept}
    lines = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in values.items())
    return (lines + program).encode()


def _json(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), default=_plain).encode()


def _plain(value: object) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(type(value).__name__)
