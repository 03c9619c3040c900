"""The whole files that fuzzing starts from: every image format and clip container that is read, and a bundle."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.support.images import IMAGE_KINDS, scene, write_clip, write_sound

LABELS = ("2 green", "10 red", "Blau – «azul»", "日本")
SPANISH = ("verde", "rojo", "azul", "Japón")

# As Pillow names them, with the options that lead into another part of a decoder.
_IMAGES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("jpeg", "JPEG", {"quality": 85, "comment": b"a comment"}),
    ("progressive", "JPEG", {"progressive": True, "subsampling": 2, "icc_profile": bytes(200)}),
    ("png", "PNG", {}),
    ("gif", "GIF", {}),
    ("lossy", "WEBP", {"quality": 50}),
    ("lossless", "WEBP", {"lossless": True}),
    ("bmp", "BMP", {}),
    ("dib", "DIB", {}),
    ("tiff", "TIFF", {}),
    ("lzw", "TIFF", {"compression": "tiff_lzw"}),
    ("deflate", "TIFF", {"compression": "tiff_adobe_deflate"}),
    ("jpeg-in", "TIFF", {"compression": "jpeg"}),
    ("ppm", "PPM", {}),
    ("avif", "AVIF", {"speed": 10}),
    ("jpeg2000", "JPEG2000", {}),
)
_CLIPS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("h264.mp4", {"codec": "libx264", "pixels": "yuv420p"}),
    ("first.mp4", {"codec": "libx264", "pixels": "yuv420p", "index_first": True, "sound_seconds": 0.3}),
    ("turned.mov", {"codec": "mpeg4", "pixels": "yuv420p", "rotation": 90}),
    ("ffv1.mkv", {}),
    ("vp8.webm", {"codec": "libvpx", "pixels": "yuv420p"}),
    ("av1.mp4", {"codec": "libsvtav1", "pixels": "yuv420p"}),
    ("mjpeg.avi", {"codec": "mjpeg", "pixels": "yuvj420p"}),
    ("mpeg4.avi", {"codec": "mpeg4", "pixels": "yuv420p", "title": "a title"}),
    ("mpeg2.ts", {"codec": "mpeg2video", "pixels": "yuv420p", "rate": 25}),
    ("mpeg2.mpg", {"codec": "mpeg2video", "pixels": "yuv420p", "rate": 25}),
    ("flash.flv", {"codec": "flv", "pixels": "yuv420p"}),
    ("alpha.mov", {"codec": "qtrle", "pixels": "argb"}),
)


def write_images(folder: Path) -> None:
    """Write small images of every format and of many modes into a folder."""
    image = Image.fromarray(scene(52, 40))
    for name, kind, options in _IMAGES:
        image.save(folder / f"{name}.{kind.lower()}", kind, **options)
    for write in IMAGE_KINDS.values():
        write(folder)
    image.convert("L").save(folder / "grey.pgm")
    image.convert("1").save(folder / "fax.tif", compression="group4")
    image.quantize(16).save(folder / "palette.bmp")
    image.convert("L").convert("F").save(folder / "float.tif")
    Image.fromarray(scene()[..., 0].astype(np.uint16) * 257).save(folder / "deep.tif")
    write_animations(folder)


def write_animations(folder: Path) -> None:
    """Write small animations into a folder."""
    first, *others = [Image.fromarray(scene(40, 30, seed)) for seed in range(3)]
    for suffix in (".gif", ".webp", ".png"):
        first.save(folder / f"animation{suffix}", save_all=True, append_images=others, duration=[80, 120, 40])


def write_clips(folder: Path) -> None:
    """Write short clips of several containers and codecs into a folder, and some files that are none."""
    for name, options in _CLIPS:
        frames = [scene(64, 64, seed) for seed in range(6)]
        if options.get("pixels") == "argb":
            frames = [np.dstack([frame, frame[..., 0]]) for frame in frames]
        write_clip(folder / name, frames, **options)
    write_animations(folder)
    write_sound(folder / "sound.mp4", cover=scene(64, 48))
    (folder / "playlist.m3u8").write_text(
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:1,\nmpeg2.ts\n#EXT-X-ENDLIST\n", encoding="utf-8"
    )
    (folder / "concat.mp4").write_text("ffconcat version 1.0\nfile mpeg2.ts\n", encoding="utf-8")


def bundle_files() -> dict[str, bytes]:
    """Return the files of a bundle that serving reads, except its manifest."""
    config = {
        "module": "keras.src.models.functional",
        "id2label": {str(index): label for index, label in enumerate(LABELS)},
        "label2id": {label: index for index, label in enumerate(LABELS)},
        "vistazo": {
            "format_version": 1,
            "input": {"width": 32, "height": 32, "colour_mode": "rgb", "resize_rule": "stretch"},
            "multi_label": False,
            "temperature": 1.25,
            "unknown_threshold": 0.375,
            "thresholds": [0.5, 0.25, 0.5, 0.125],
            "settings": {"epochs": 8, "learning_rate": 0.001},
        },
    }
    return {
        "config.json": json.dumps(config).encode(),
        "labels.txt": "".join(f"{label}\n" for label in LABELS).encode(),
        "labels.es.txt": "".join(f"{label}\n" for label in SPANISH).encode(),
        "metrics.json": json.dumps({"split": "test", "accuracy": 0.875, "confusion": [[3, 1], [0, 4]]}).encode(),
        "model.tflite": b"\x1c\0\0\0TFL3" + bytes(40),
    }


def image_bytes(kind: str, **options: Any) -> bytes:
    """Return a small image in one of Pillow's formats."""
    buffer = io.BytesIO()
    Image.fromarray(scene(24, 20)).save(buffer, kind, **options)
    return buffer.getvalue()
