// Ask a running app from JavaScript: `npm install @gradio/client`, then `node client.mjs URL IMAGE`.
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { Client } from "@gradio/client";

const [url, image] = process.argv.slice(2);
const app = await Client.connect(url);
const file = new File([await readFile(image)], basename(image));

const { data } = await app.predict("/predict_image", { image: file });
for (const { label, confidence } of data[0].confidences) console.log(confidence.toFixed(3), label);
process.exit(0);
