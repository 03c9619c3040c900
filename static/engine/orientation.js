// The orientation of WebP and PNG images, which not every browser applies; JPEG's they all do.
// EXIF: CIPA DC-008; WebP: RFC 9649; PNG: https://www.w3.org/TR/png-3/#eXIf

const ORIENTATION = 0x0112;
const MOST_CHUNKS = 10_000;

// Returns {blob, turn}: the file without its orientation, and that (1 to 8); `blob` unchanged where it has none.
export async function withoutOrientation(blob) {
  const start = new Uint8Array(await blob.slice(0, 12).arrayBuffer());
  const text = String.fromCharCode(...start);
  const isWebp = text.startsWith("RIFF") && text.endsWith("WEBP");
  if (!isWebp && !text.startsWith("\x89PNG")) return { blob, turn: 1 };
  const found = isWebp ? await findChunk(blob, 12, webpChunk) : await findChunk(blob, 8, pngChunk);
  if (!found) return { blob, turn: 1 };
  const turn = orientationOf(new DataView(await blob.slice(found.data, found.data + found.size).arrayBuffer()));
  // Under another name nobody reads the chunk.
  const parts = [blob.slice(0, found.name), isWebp ? "XXXX" : "xxXx", blob.slice(found.name + 4)];
  return { blob: turn === 1 ? blob : new Blob(parts), turn };
}

const webpChunk = (view, at) => ({
  name: at,
  data: at + 8,
  size: view.getUint32(4, true),
  next: at + 8 + view.getUint32(4, true) + (view.getUint32(4, true) % 2),
  kind: nameAt(view, 0),
});

const pngChunk = (view, at) => ({
  name: at + 4,
  data: at + 8,
  size: view.getUint32(0),
  next: at + 12 + view.getUint32(0),
  kind: nameAt(view, 4),
});

const nameAt = (view, place) => String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(place + i)));

async function findChunk(blob, start, chunkAt) {
  for (let at = start, count = 0; at + 8 <= blob.size && count < MOST_CHUNKS; count++) {
    const chunk = chunkAt(new DataView(await blob.slice(at, at + 8).arrayBuffer()), at);
    if (chunk.kind === "EXIF" || chunk.kind === "eXIf") return chunk;
    at = chunk.next;
  }
  return null;
}

function orientationOf(view) {
  try {
    const prefix = view.getUint32(0) === 0x45786966 ? 6 : 0; // “Exif” and two zeros
    const little = view.getUint16(prefix) === 0x4949;
    const directory = prefix + view.getUint32(prefix + 4, little);
    for (let entry = 0; entry < view.getUint16(directory, little); entry++) {
      const place = directory + 2 + 12 * entry;
      if (view.getUint16(place, little) !== ORIENTATION) continue;
      const value = view.getUint16(place + 8, little);
      return value >= 1 && value <= 8 ? value : 1;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // cut off: the image keeps its orientation
  }
  return 1;
}

// Returns an image, three bytes a pixel, turned upright.
export function turned(image, turn) {
  if (turn === 1) return image;
  const { data, width, height } = image;
  const swaps = turn >= 5;
  const [newWidth, newHeight] = swaps ? [height, width] : [width, height];
  const out = new Uint8Array(data.length);
  const mirrored = [2, 3, 7, 8].includes(turn); // the row is read backwards
  const flipped = [3, 4, 6, 7].includes(turn); // the column is read backwards
  for (let y = 0; y < newHeight; y++) {
    for (let x = 0; x < newWidth; x++) {
      let [column, row] = swaps ? [y, x] : [x, y];
      if (mirrored) column = width - 1 - column;
      if (flipped) row = height - 1 - row;
      const from = (row * width + column) * 3;
      const to = (y * newWidth + x) * 3;
      out[to] = data[from];
      out[to + 1] = data[from + 1];
      out[to + 2] = data[from + 2];
    }
  }
  return { data: out, width: newWidth, height: newHeight };
}
