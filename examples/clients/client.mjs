// Ask a running app from JavaScript: `npm install @gradio/client`, then `node client.mjs URL PICTURE`.
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { Client } from "@gradio/client";

const [url, picture] = process.argv.slice(2);
const app = await Client.connect(url);
const file = new File([await readFile(picture)], basename(picture));

const { data } = await app.predict("/predict_image", { picture: file });
for (const { label, confidence } of data[0].confidences) console.log(confidence.toFixed(3), label);
process.exit(0);
