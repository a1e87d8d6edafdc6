// What the first visit loads, as a host with brotli sends it: node size.mjs FOLDER.
// Ends with 1 where that is more than the page may weigh.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const most = 940_000; // bytes, brotli
const folder = process.argv[2];
const brotli = (data) => brotliCompressSync(data, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: data.length } });

const rows = readdirSync(folder)
  .filter((name) => /\.(html|css|js|svg|wasm)$/.test(name))
  .map((name) => {
    const data = readFileSync(join(folder, name));
    return [name, data.length, gzipSync(data, { level: 9 }).length, brotli(data).length];
  })
  .sort((a, b) => b[3] - a[3]);
const total = rows.reduce((sum, row) => sum.map((n, i) => n + row[i + 1]), [0, 0, 0]);

const line = (name, ...numbers) => console.log(name.padEnd(20), ...numbers.map((n) => n.toLocaleString("en-US").padStart(11)));
console.log("".padEnd(20), ...["raw", "gzip -9", "brotli -11"].map((name) => name.padStart(11)));
for (const row of rows) line(...row);
line("first visit", ...total);
if (total[2] > most) {
  console.error(`The page weighs ${total[2]} bytes with brotli, more than ${most}.`);
  process.exit(1);
}
