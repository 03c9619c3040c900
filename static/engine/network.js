// Loads the network and runs it with LiteRT.js; https://www.npmjs.com/package/@litertjs/core

import { loadAndCompile, loadLiteRt, supportsFeature, Tensor } from "../runtime/litert.js";

const MOST_THREADS = 4;
const GZIP = [0x1f, 0x8b];

// `base` is the address of the site's folder, `model` the “model” object of site.json. `fetched` is told how many bytes
// have arrived. Returns {predict, explain, backend}.
export async function loadNetwork(base, model, fetched) {
  const { variant, backend, threads } = await chooseProgram();
  const [program, content] = await Promise.all([
    fetchBytes(`${base}runtime/${variant}.bin`, fetched),
    fetchBytes(`${base}model/model.tflite`, fetched),
  ]);
  // The program is compressed in the site, since not every server does that.
  // It would tell the console of every step.
  self.Module = {
    wasmBinary: await unpacked(program),
    mainScriptUrlOrBlob: `${base}runtime/${variant}.js`, // for its threads
    print: () => {},
    printErr: () => {},
  };
  await loadLiteRt(`${base}runtime/${variant}.js`);
  const network = await loadAndCompile(content, { accelerator: "wasm", cpuOptions: { numThreads: threads } });

  async function run(signature, inputs) {
    const tensors = Object.fromEntries(
      Object.entries(inputs).map(([name, { values, shape }]) => [name, new Tensor(values, shape)]),
    );
    const results = await network.run(signature, tensors);
    const values = {};
    for (const [name, tensor] of Object.entries(results)) {
      values[name] = Float32Array.from(tensor.toTypedArray()); // a copy: the tensor's memory is given back
      tensor.delete();
    }
    for (const tensor of Object.values(tensors)) tensor.delete();
    return values;
  }

  const image = (prepared) => ({ values: prepared, shape: [1, model.input.height, model.input.width, 3] });
  return {
    backend,
    predict: (prepared) => run("predict", { [model.predict_input]: image(prepared) }),
    explain: (prepared, label) =>
      run("explain", {
        [model.explain_input]: image(prepared),
        label: { values: Int32Array.of(label), shape: [] },
      }),
  };
}

// Threads need a page that is isolated from others: https://web.dev/articles/coop-coep
async function chooseProgram() {
  if (!(await supportsFeature("relaxedSimd"))) {
    return { variant: "litert_wasm_compat_internal", backend: "WebAssembly", threads: 1 };
  }
  const threads = Math.min(MOST_THREADS, navigator.hardwareConcurrency ?? 1);
  if (self.crossOriginIsolated && threads > 1 && (await supportsFeature("threads"))) {
    return { variant: "litert_wasm_threaded_internal", backend: `WebAssembly, SIMD, ${threads} threads`, threads };
  }
  return { variant: "litert_wasm_internal", backend: "WebAssembly, SIMD", threads: 1 };
}

async function unpacked(bytes) {
  if (bytes[0] !== GZIP[0] || bytes[1] !== GZIP[1]) return bytes;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

export async function fetchBytes(address, fetched = () => {}) {
  const parts = [];
  try {
    const response = await fetch(address);
    if (!response.ok) throw new TypeError(`${address}: ${response.status}`);
    for (const reader = response.body.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      fetched(value.length);
    }
  } catch (error) {
    throw { key: "site_not_loaded", values: {}, stack: String(error) };
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
