// Draws a Grad-CAM map over the image that it explains, as `overlay` in model/grad_cam.py does.

const LONGEST_SIDE = 768;
const MAX_OPACITY = 0.65;
const MAP_SIDE = 128;
// The colour map “inferno” at nine places: brightness rises with the value, which is visible without colour vision.
const INFERNO = [
  [0, 0, 4],
  [31, 12, 72],
  [85, 15, 109],
  [136, 34, 106],
  [186, 54, 85],
  [227, 89, 51],
  [249, 140, 10],
  [249, 201, 50],
  [252, 255, 164],
];

// `map` is {map, width, height}, `spec` the network's input.
export function drawHeat(image, { map, width, height }, spec) {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(image.naturalWidth, image.naturalHeight));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(image.naturalWidth * scale));
  canvas.height = Math.max(1, Math.round(image.naturalHeight * scale));
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  const strongest = map.reduce((most, value) => Math.max(most, value), 0);
  const [left, top, boxWidth, boxHeight] = inputBox(canvas.width, canvas.height, spec);
  context.imageSmoothingQuality = "high";
  if (strongest > 0) context.drawImage(coloured(map, width, height, strongest), left, top, boxWidth, boxHeight);
  return canvas;
}

// Where the network's input is, in pixels of the image; that of “pad” is larger than the image.
function inputBox(width, height, spec) {
  if (spec.resize_rule === "stretch") return [0, 0, width, height];
  const choose = spec.resize_rule === "crop" ? Math.min : Math.max;
  const scale = choose(width / spec.width, height / spec.height);
  const [seenWidth, seenHeight] = [Math.round(spec.width * scale), Math.round(spec.height * scale)];
  return [Math.floor((width - seenWidth) / 2), Math.floor((height - seenHeight) / 2), seenWidth, seenHeight];
}

function coloured(map, width, height, strongest) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = MAP_SIDE;
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(MAP_SIDE, MAP_SIDE);
  for (let y = 0; y < MAP_SIDE; y++) {
    for (let x = 0; x < MAP_SIDE; x++) {
      const value =
        at(map, width, height, ((x + 0.5) * width) / MAP_SIDE - 0.5, ((y + 0.5) * height) / MAP_SIDE - 0.5) / strongest;
      const place = 4 * (y * MAP_SIDE + x);
      pixels.data.set(colour(value), place);
      pixels.data[place + 3] = 255 * MAX_OPACITY * value;
    }
  }
  context.putImageData(pixels, 0, 0);
  return canvas;
}

function at(map, width, height, x, y) {
  const value = (row, column) =>
    map[Math.min(height - 1, Math.max(0, row)) * width + Math.min(width - 1, Math.max(0, column))];
  const [column, row] = [Math.floor(x), Math.floor(y)];
  const [right, below] = [smooth(x - column), smooth(y - row)];
  const mix = (first, second, share) => first * (1 - share) + second * share;
  return mix(
    mix(value(row, column), value(row, column + 1), right),
    mix(value(row + 1, column), value(row + 1, column + 1), right),
    below,
  );
}

const smooth = (share) => share * share * (3 - 2 * share);

function colour(value) {
  const place = Math.min(INFERNO.length - 2, Math.floor(value * (INFERNO.length - 1)));
  const rest = value * (INFERNO.length - 1) - place;
  return INFERNO[place].map((channel, index) => channel * (1 - rest) + INFERNO[place + 1][index] * rest);
}
