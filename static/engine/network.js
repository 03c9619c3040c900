// Loads the network and runs it with LiteRT.js; https://www.npmjs.com/package/@litertjs/core

import { loadAndCompile, loadLiteRt, supportsFeature, Tensor } from "../runtime/litert.js";

const MOST_THREADS = 4;
const GZIP = [0x1f, 0x8b];

// `base` is the address of the site's folder, `model` the “model” object of site.json. `fetched` is told how many bytes
// have arrived. Returns {predict, explain, backend, program}.
export async function loadNetwork(base, model, fetched) {
  const { variant, backend, threads } = await chooseProgram();
  const [program, content] = await Promise.all([
    compiled(`${base}runtime/${variant}.bin`, fetched),
    fetchBytes(`${base}model/model.bin`, fetched),
  ]);
  // It would wake a GPU that it cannot use: WebGPU takes no network with tensors of changing sizes, as heat maps need.
  if (navigator.gpu) Object.defineProperty(navigator, "gpu", { value: { requestAdapter: async () => null } });
  // It would tell the console of every step.
  self.Module = {
    instantiateWasm: (imports, done) =>
      WebAssembly.instantiate(program, imports).then((instance) => done(instance, program)),
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
    program: variant,
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

// Compiles a program while it arrives.
async function compiled(address, fetched) {
  const program = await fetchUnpacked(address, fetched);
  return WebAssembly.compileStreaming(new Response(program, { headers: { "Content-Type": "application/wasm" } })).catch(
    notLoaded,
  );
}

export async function fetchBytes(address, fetched) {
  const body = await fetchUnpacked(address, fetched);
  return new Uint8Array(await new Response(body).arrayBuffer().catch(notLoaded));
}

// Large files are compressed in the site, since not every server does that. Some servers say so, and the browser has
// unpacked the file then.
async function fetchUnpacked(address, fetched = () => {}) {
  const response = await fetch(address).catch(notLoaded);
  if (!response.ok) notLoaded(`${address}: ${response.status}`);
  const transform = (part, controller) => {
    fetched(part.length);
    controller.enqueue(part);
  };
  const [peeked, rest] = response.body.pipeThrough(new TransformStream({ transform })).tee();
  const reader = peeked.getReader();
  const { value: first } = await reader.read().catch(notLoaded);
  reader.cancel();
  const isPacked = first?.[0] === GZIP[0] && first[1] === GZIP[1];
  return isPacked ? rest.pipeThrough(new DecompressionStream("gzip")) : rest;
}

function notLoaded(reason) {
  throw { key: "site_not_loaded", values: {}, stack: String(reason) };
}
