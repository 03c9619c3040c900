// The worker that runs the model, and what it is asked.

import { say } from "./texts.js";

export class TaskError extends Error {}

// The page loads this file before the others: the worker fetches the model meanwhile.
const worker = new Worker(new URL("../engine/worker.js", import.meta.url));
const waiting = new Map();
let next = 0;

worker.onmessage = ({ data: { id, result, error, progress } }) => {
  const { resolve, reject, onProgress } = waiting.get(id);
  if (progress) {
    onProgress?.(progress);
    return;
  }
  waiting.delete(id);
  if (!error) {
    resolve(result);
    return;
  }
  if (error.key === "unexpected") console.error(error.detail);
  reject(new TaskError(say(error.key, error.values)));
};
worker.onerror = () => {
  for (const { reject } of waiting.values()) reject(new TaskError(say("unexpected")));
  waiting.clear();
};

// Runs a task of engine/tasks.js; `moved` lists what of the values the page gives away. Throws TaskError with a sentence for the visitor.
export function run(task, values = {}, onProgress = undefined, moved = []) {
  return new Promise((resolve, reject) => {
    waiting.set(next, { resolve, reject, onProgress });
    worker.postMessage({ id: next++, task, values }, moved);
  });
}
