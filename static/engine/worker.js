// Runs the model beside the page, which never stalls. A classic worker: LiteRT.js loads its program by importScripts.
// A message is {id, task, values}; the reply is {id, result} or {id, error}, with {id, progress} before it.

const ready = import("./tasks.js");

self.onmessage = async ({ data: { id, task, values } }) => {
  const progress = (value, moved = []) => self.postMessage({ id, progress: value }, moved);
  try {
    const { tasks } = await ready;
    const result = await tasks[task](values, progress);
    self.postMessage({ id, result });
  } catch (error) {
    const known = error?.key ? { key: error.key, values: error.values ?? {} } : { key: "unexpected", values: {} };
    self.postMessage({ id, error: { ...known, detail: String(error?.stack ?? error) } });
  }
};
