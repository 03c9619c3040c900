// Decodes an image file to pixels as `read_image` in model/preprocessing.py does: upright, on white, three bytes a pixel.

import { turned, withoutOrientation } from "./orientation.js";
import { draftScale, reduced } from "./prepare.js";

const MOST_MEGAPIXELS = 80; // as `Limits.image_megapixels`
const STRIP_PIXELS = 4_000_000;

// `spec` is the network's input; null for an image at its whole size. Throws {key, values}: a text of the page.
export async function decodeImage(blob, spec) {
  const { blob: plain, turn } = await withoutOrientation(blob);
  const bitmap = await bitmapOf(plain);
  try {
    if (bitmap.width * bitmap.height > MOST_MEGAPIXELS * 1e6) {
      throw { key: "site_too_many_pixels", values: { limit: MOST_MEGAPIXELS } };
    }
    const image = turned(pixels(bitmap, bitmap.width, bitmap.height), turn);
    return spec && (await isJpeg(blob)) ? reduced(image, draftScale(image.width, image.height, spec)) : image;
  } finally {
    bitmap.close();
  }
}

async function bitmapOf(blob) {
  // The values of the file as they are: Pillow does not convert colour profiles, nor multiply by the transparency.
  const options = { imageOrientation: "from-image", colorSpaceConversion: "none", premultiplyAlpha: "none" };
  try {
    return await createImageBitmap(blob, options);
  } catch {
    if (!blob.size) throw { key: "site_empty_file" };
    throw { key: "site_not_an_image" };
  }
}

async function isJpeg(blob) {
  const [first, second] = new Uint8Array(await blob.slice(0, 2).arrayBuffer());
  return first === 0xff && second === 0xd8;
}

// Returns the pixels of a bitmap, canvas or frame of a clip, read in strips so that a large one does not exist twice.
export function pixels(source, width, height) {
  const data = new Uint8Array(width * height * 3);
  const rows = Math.max(1, Math.min(height, Math.floor(STRIP_PIXELS / width)));
  const context = new OffscreenCanvas(width, rows).getContext("2d", { willReadFrequently: true });
  context.imageSmoothingEnabled = false;
  for (let top = 0; top < height; top += rows) {
    const count = Math.min(rows, height - top);
    context.clearRect(0, 0, width, rows);
    context.drawImage(source, 0, top, width, count, 0, 0, width, count);
    copyOnWhite(context.getImageData(0, 0, width, count).data, data, top * width * 3);
  }
  return { data, width, height };
}

// Copies four bytes a pixel to three, transparent areas on white.
function copyOnWhite(rgba, data, start) {
  for (let i = 0, place = start; i < rgba.length; i += 4, place += 3) {
    const alpha = rgba[i + 3];
    if (alpha === 255) {
      data[place] = rgba[i];
      data[place + 1] = rgba[i + 1];
      data[place + 2] = rgba[i + 2];
    } else {
      const white = 255 - alpha;
      for (let c = 0; c < 3; c++) data[place + c] = Math.round((rgba[i + c] * alpha) / 255 + white);
    }
  }
}
