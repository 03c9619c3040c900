// What the worker does, each task once for all tabs.

import { decodeImage, pixels } from "./decode.js";
import { fetchBytes, loadNetwork } from "./network.js";
import { prepare } from "./prepare.js";
import { classificationOf, readReferences } from "./verdict.js";

// With a large library, which the first answer need not wait for.
const clips = () => Promise.all([import("./clip.js"), import("./clip_task.js")]);
const base = new URL("../", self.location.href).href;
let describing = null;
let loading = null;
let reading = 0; // the clip that is being read; another number stops it

let bytes = 0;
let report = () => {}; // gets {fetched}: bytes so far

// Loads the network once.
function loaded() {
  loading ??= load();
  loading.catch(() => {
    loading = null; // the next task tries again
  });
  return loading;
}

async function load() {
  if (!hasSimd()) throw { key: "site_no_simd" };
  bytes = 0;
  const fetched = (more) => {
    bytes += more;
    report({ fetched: bytes });
  };
  const model = await described();
  const [network, statistics] = await Promise.all([
    loadNetwork(base, model, fetched).catch((error) => {
      throw error instanceof RangeError ? { key: "site_no_memory" } : error;
    }),
    model.statistics ? fetchBytes(`${base}model/statistics.bin`, fetched) : null,
  ]);
  const references = statistics && readReferences(statistics.buffer, model.statistics.channels);
  return { model, network, references };
}

// Returns the “model” object of site.json.
function described() {
  describing ??= fetch(`${base}site.json`).then(async (response) => (await response.json()).model);
  describing.catch(() => {
    describing = null;
  });
  return describing;
}

function hasSimd() {
  // A function that returns the 128-bit vector 0.
  const program = [
    0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
  ];
  return typeof WebAssembly === "object" && WebAssembly.validate(Uint8Array.from(program));
}

async function classified(prepared) {
  const { model, network, references } = await loaded();
  const outputs = await network.predict(prepared);
  return classificationOf(outputs.logits, outputs.features ?? null, model, references);
}

export const tasks = {
  // Returns {backend, program}: what the network runs on, and the name of the program in runtime/.
  async load(_, progress) {
    report = progress;
    const { backend, program } = (await loaded()).network;
    return { backend, program };
  },

  // Returns {probabilities, verdict, isUnknown, prepared, milliseconds} of an image file.
  async classify({ file }) {
    const model = await described();
    const prepared = prepare(await decodeImage(file, model.input), model.input);
    await loaded(); // meanwhile the first image was decoded
    const began = performance.now();
    const found = await classified(prepared);
    return { ...found, prepared, milliseconds: performance.now() - began };
  },

  // Returns {probabilities, verdict, isUnknown} of a bitmap.
  async frame({ bitmap }) {
    const { model } = await loaded();
    const image = pixels(bitmap, bitmap.width, bitmap.height);
    bitmap.close();
    return classified(prepare(image, model.input));
  },

  // Returns what the frames of a clip show; `progress` gets the same about those so far.
  async clip({ file, range, player }, progress) {
    const mine = ++reading;
    const [{ model }, [, { readClip }]] = await Promise.all([loaded(), clips()]);
    const stopped = () => mine !== reading;
    return readClip({ file, range, player, model, labels: model.labels, classified, stopped }, progress);
  },

  async stop() {
    reading++;
  },

  // Returns the frames of a clip at these times as bitmaps, null where there is none.
  async keyFrames({ file, times, side, player }) {
    const [{ keyFrames }] = await clips();
    return keyFrames(file, times, side, player);
  },

  // Returns {map, width, height}: the Grad-CAM map of a label.
  async explain({ prepared, label }) {
    const { model, network } = await loaded();
    const { map } = await network.explain(prepared, label);
    return { map, ...model.map };
  },
};

loaded(); // before the page asks for it
