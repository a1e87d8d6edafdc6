// How soon the page is ready, from loopback in a new profile each time, beside the same
// HTML with a few lines of plain JavaScript in the Go program's place: node bench.mjs
// FOLDER [RUNS]. Runs of the two alternate, as a machine's mood changes.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { launch } from "./browser.mjs";

const [folder, runs = "10"] = process.argv.slice(2);
const types = { ".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".wasm": "application/wasm" };

// plainEngine answers like the Go program, for what the page asks of it at the start.
const plainEngine = `
const part = (token, n) => JSON.parse(atob(token.split(".")[n].replace(/-/g, "+").replace(/_/g, "/")));
const run = async () => ({ status: 0, stdout: "plain JavaScript", stderr: "" });
const connect = async (text) => ({ reading: { claims: Object.entries(part(text, 1)) } });
export const engine = Promise.resolve({ run, connect, line: run, graph: run, ended: new Promise(() => {}) });
export const clouds = async () => [];
performance.mark("engine-ready");
`;

async function host(change) {
  const files = new Map();
  const server = createServer(async (request, response) => {
    const name = request.url.slice(1) || "index.html";
    if (!files.has(name)) files.set(name, gzipSync(change(name, await readFile(join(folder, name)))));
    response.writeHead(200, { "Content-Type": types[extname(name)], "Content-Encoding": "gzip" }).end(files.get(name));
  }).listen(0, "localhost");
  await new Promise((resolve) => server.once("listening", resolve));
  return { url: `http://localhost:${server.address().port}/`, close: () => server.close() };
}

async function ready(url) {
  const browser = await launch();
  try {
    const page = await browser.newPage();
    await page.goto(url);
    await page.waitForSelector(".state.ready");
    return await page.evaluate(() => performance.getEntriesByName("engine-ready")[0].startTime);
  } finally {
    await browser.close();
  }
}

const withoutProgram = (name, data) =>
  name === "engine.js" ? plainEngine
  : name === "index.html" ? String(data).replace(/<link rel="preload"[^>]*>\n|<script defer[^>]*><\/script>\n/g, "").replace(/(href="engine\.js") integrity="[^"]*"/, "$1")
  : data;
const sites = { "the page": await host((_, data) => data), "plain JavaScript": await host(withoutProgram) };
const times = Object.fromEntries(Object.keys(sites).map((name) => [name, []]));
for (const { url } of Object.values(sites)) await ready(url); // Chromium itself, into the disk cache
for (let i = 0; i < Number(runs); i++) {
  for (const [name, { url }] of Object.entries(sites)) times[name].push(await ready(url));
}
console.log("navigation to ready, ms".padEnd(25), "median      min      max");
for (const [name, list] of Object.entries(times)) {
  list.sort((a, b) => a - b);
  console.log(name.padEnd(25), [list[Math.floor(list.length / 2)], list[0], list.at(-1)].map((n) => n.toFixed(0).padStart(6)).join("   "));
}
for (const { close } of Object.values(sites)) close();
