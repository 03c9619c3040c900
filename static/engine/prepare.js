// Resizes an image to the network's input: the twin of `prepare` in model/preprocessing.py, with the same arithmetic.
// tests/browser/test_site_prepare.py holds the two together. An image is {data, width, height},
// three bytes a pixel, or four where it has `bytes: 4`, of which the last is not looked at.

const PAD_GREY = 128;
const CUBIC = -0.75; // the coefficient of OpenCV's bicubic filter
const LINEAR_UNITS = 2048;

// Python rounds halves to the even number.
export function roundEven(value) {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

// Returns (height x width x 3) bytes; `spec` is {width, height, colour_mode, resize_rule}.
export function prepare(image, spec) {
  let fitted = image;
  if (spec.resize_rule === "pad") {
    fitted = resizeAndPad(image, spec.width, spec.height);
  } else {
    if (spec.resize_rule === "crop") fitted = cropToAspect(image, spec.width / spec.height);
    fitted = resize(fitted, spec.width, spec.height);
  }
  if (spec.colour_mode === "grey") fitted = greyed(fitted);
  return fitted.data;
}

// What a JPEG of this size is divided by before anything else, as `Image.draft` does: 1, 2, 4 or 8, as long as both
// sides keep twice the resolution of the input.
export function draftScale(width, height, spec) {
  const ample = 2 * Math.max(spec.width, spec.height);
  const scale = Math.min(Math.floor(width / ample), Math.floor(height / ample));
  return [8, 4, 2].find((step) => scale >= step) ?? 1;
}

// Averages over blocks of `step` x `step`; the last ones may be smaller.
export function reduced(image, step) {
  if (step === 1) return image;
  const width = Math.ceil(image.width / step);
  const height = Math.ceil(image.height / step);
  const data = new Uint8Array(width * height * 3);
  const sums = new Uint32Array(width * 3);
  for (let y = 0; y < height; y++) {
    const rows = Math.min(step, image.height - y * step);
    addRows(image, { left: 0, top: y * step, step, columns: width, rows }, sums);
    for (let x = 0; x < width; x++) {
      const count = rows * Math.min(step, image.width - x * step);
      for (let c = 0; c < 3; c++) data[(y * width + x) * 3 + c] = Math.round(sums[x * 3 + c] / count);
    }
  }
  return { data, width, height };
}

export function resize(image, width, height) {
  let found = wholeBlocks(
    image,
    Math.max(1, Math.floor(image.width / width)),
    Math.max(1, Math.floor(image.height / height)),
  );
  if (found.width !== width || found.height !== height) {
    const enlarged = found.width < width && found.height < height;
    found = (enlarged ? cubic : linear)(found, width, height);
  }
  return found;
}

function wholeBlocks(image, xStep, yStep) {
  if (xStep === 1 && yStep === 1) return withThreeBytes(image);
  const columns = Math.floor(image.width / xStep);
  const rows = Math.floor(image.height / yStep);
  const left = Math.floor((image.width - columns * xStep) / 2);
  const top = Math.floor((image.height - rows * yStep) / 2);
  const data = new Uint8Array(columns * rows * 3);
  const sums = new Uint32Array(columns * 3);
  const area = xStep * yStep;
  const mean = area === 4 && xStep === 2 ? (sum) => (sum + 2) >> 2 : (sum) => roundEven(sum / area); // as OpenCV does
  for (let y = 0; y < rows; y++) {
    addRows(image, { left, top: top + y * yStep, step: xStep, columns, rows: yStep }, sums);
    const start = y * columns * 3;
    for (let i = 0; i < sums.length; i++) data[start + i] = mean(sums[i]);
  }
  return { data, width: columns, height: rows };
}

function withThreeBytes(image) {
  if (image.bytes !== 4) return image;
  const { data, width, height } = image;
  const colours = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; to < colours.length; from += 4, to += 3) {
    colours[to] = data[from];
    colours[to + 1] = data[from + 1];
    colours[to + 2] = data[from + 2];
  }
  return { data: colours, width, height };
}

// Sums the pixels of a row of blocks into `sums`, three numbers a block.
function addRows(image, { left, top, step, columns, rows }, sums) {
  const { data, width, bytes = 3 } = image;
  sums.fill(0);
  for (let y = top; y < top + rows; y++) {
    let place = (y * width + left) * bytes;
    for (let x = 0; x < columns; x++) {
      const end = Math.min(place + step * bytes, (y + 1) * width * bytes);
      let red = 0;
      let green = 0;
      let blue = 0;
      for (; place < end; place += bytes) {
        red += data[place];
        green += data[place + 1];
        blue += data[place + 2];
      }
      sums[x * 3] += red;
      sums[x * 3 + 1] += green;
      sums[x * 3 + 2] += blue;
    }
  }
}

// Where each output position takes its values from (`count` input positions, limited to the edges), and their weights.
function taps(from, to, count, weightsOf) {
  const places = new Int32Array(to * count);
  const weights = new Float64Array(to * count);
  for (let i = 0; i < to; i++) {
    const at = ((i + 0.5) * from) / to - 0.5;
    const floor = Math.floor(at);
    const found = weightsOf(at - floor);
    for (let k = 0; k < count; k++) {
      places[i * count + k] = Math.min(from - 1, Math.max(0, floor + 1 - count / 2 + k));
      weights[i * count + k] = found[k];
    }
  }
  return { places, weights, count };
}

// OpenCV's INTER_LINEAR, in its whole numbers: weights in units of 1 / 2048, and what it cuts off on the way.
function linear(image, width, height) {
  const units = (rest) => [roundEven((1 - rest) * LINEAR_UNITS), roundEven(rest * LINEAR_UNITS)];
  const x = taps(image.width, width, 2, units);
  const y = taps(image.height, height, 2, units);
  const wide = across(image, width, x, new Int32Array(width * image.height * 3));
  const data = new Uint8Array(width * height * 3);
  const row = width * 3;
  for (let line = 0; line < height; line++) {
    const [above, below] = [y.places[2 * line] * row, y.places[2 * line + 1] * row];
    const [first, second] = [y.weights[2 * line], y.weights[2 * line + 1]];
    for (let i = 0; i < row; i++) {
      const upper = (first * (wide[above + i] >> 4)) >> 16;
      const lower = (second * (wide[below + i] >> 4)) >> 16;
      data[line * row + i] = (upper + lower + 2) >> 2;
    }
  }
  return { data, width, height };
}

// OpenCV's INTER_CUBIC.
function cubic(image, width, height) {
  const near = (t) => ((CUBIC + 2) * t - (CUBIC + 3)) * t * t + 1;
  const far = (t) => ((CUBIC * t - 5 * CUBIC) * t + 8 * CUBIC) * t - 4 * CUBIC;
  const weightsOf = (rest) => [far(1 + rest), near(rest), near(1 - rest), far(2 - rest)];
  const x = taps(image.width, width, 4, weightsOf);
  const y = taps(image.height, height, 4, weightsOf);
  const wide = across(image, width, x, new Float32Array(width * image.height * 3));
  const data = new Uint8ClampedArray(width * height * 3); // it rounds, and limits to 0 to 255
  const line = new Float32Array(width * 3);
  for (let row = 0; row < height; row++) {
    line.fill(0);
    for (let k = 0; k < y.count; k++) {
      const weight = y.weights[row * y.count + k];
      const source = y.places[row * y.count + k] * line.length;
      for (let i = 0; i < line.length; i++) line[i] += weight * wide[source + i];
    }
    data.set(line, row * line.length);
  }
  return { data: new Uint8Array(data.buffer), width, height };
}

// Interpolates within the rows, into `wide`: three numbers a pixel.
function across(image, width, x, wide) {
  for (let row = 0; row < image.height; row++) {
    const source = row * image.width * 3;
    for (let column = 0; column < width; column++) {
      const target = (row * width + column) * 3;
      for (let k = 0; k < x.count; k++) {
        const weight = x.weights[column * x.count + k];
        const place = source + x.places[column * x.count + k] * 3;
        wide[target] += weight * image.data[place];
        wide[target + 1] += weight * image.data[place + 1];
        wide[target + 2] += weight * image.data[place + 2];
      }
    }
  }
  return wide;
}

function cropToAspect(image, aspect) {
  const { width, height, bytes = 3 } = image;
  const newWidth = Math.min(width, Math.max(1, roundEven(height * aspect)));
  const newHeight = Math.min(height, Math.max(1, roundEven(width / aspect)));
  const left = Math.floor((width - newWidth) / 2);
  const top = Math.floor((height - newHeight) / 2);
  const data = new Uint8Array(newWidth * newHeight * bytes);
  for (let y = 0; y < newHeight; y++) {
    const start = ((top + y) * width + left) * bytes;
    data.set(image.data.subarray(start, start + newWidth * bytes), y * newWidth * bytes);
  }
  return { data, width: newWidth, height: newHeight, bytes };
}

function resizeAndPad(image, width, height) {
  const scale = Math.min(width / image.width, height / image.height);
  const inner = resize(
    image,
    Math.max(1, roundEven(image.width * scale)),
    Math.max(1, roundEven(image.height * scale)),
  );
  const left = Math.floor((width - inner.width) / 2);
  const top = Math.floor((height - inner.height) / 2);
  const data = new Uint8Array(width * height * 3).fill(PAD_GREY);
  for (let y = 0; y < inner.height; y++) {
    const row = inner.data.subarray(y * inner.width * 3, (y + 1) * inner.width * 3);
    data.set(row, ((top + y) * width + left) * 3);
  }
  return { data, width, height };
}

// OpenCV's weights of red, green and blue, in units of 1 / 32768.
function greyed(image) {
  const data = new Uint8Array(image.data.length);
  for (let i = 0; i < data.length; i += 3) {
    const grey = (9798 * image.data[i] + 19235 * image.data[i + 1] + 3735 * image.data[i + 2] + 16384) >> 15;
    data[i] = data[i + 1] = data[i + 2] = grey;
  }
  return { ...image, data };
}
