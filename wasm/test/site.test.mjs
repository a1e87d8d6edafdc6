// The static site, as somebody else's host serves it: under a path, without headers.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { after, before, test } from "node:test";
import { launch, token, visit, write } from "./browser.mjs";

const types = { ".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".wasm": "application/wasm" };
const path = "/tools/entra/";
let folder, host, browser, address;
let tamperWith = "";

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "connect-entra-site"));
  await write(folder);
  host = createServer(async (request, response) => {
    const name = request.url.slice(path.length) || "index.html";
    try {
      if (!request.url.startsWith(path) || name.includes("/")) throw new Error("not there");
      const data = await readFile(join(folder, name));
      response.setHeader("Content-Type", types[extname(name)] ?? "text/plain");
      response.end(name === tamperWith ? Buffer.concat([data, Buffer.from(" ")]) : data);
    } catch {
      response.writeHead(404).end();
    }
  }).listen(0, "localhost");
  await new Promise((resolve) => host.once("listening", resolve));
  address = `http://localhost:${host.address().port}${path}`;
  browser = await launch();
});
after(async () => {
  await browser?.close();
  host?.close();
  await rm(folder, { recursive: true, force: true });
});

test("it works under a path, and then without a network", async (t) => {
  const { page, context, seen, ready, reports } = await visit(browser, address);
  t.after(() => context.close());
  await ready();
  assert.ok(seen.requests.every((url) => url.startsWith(address)), seen.requests.join("\n"));
  assert.equal(seen.requests.filter((url) => url.endsWith(".wasm")).length, 1);
  await context.setOffline(true);
  await page.fill("#token", token());
  await page.waitForSelector("#token-answer .terminal");
  await page.fill("#line", "Connect-Entra -Identity");
  await page.waitForSelector("#line-answer .verdict");
  assert.deepEqual(await reports(), []);
  assert.deepEqual(seen.problems, []);
});

test("opened as a file it says why it does not work", async (t) => {
  const { page, context } = await visit(browser, `file://${folder}/index.html`);
  t.after(() => context.close());
  assert.match(await page.innerText("body"), /^The browser has not loaded the rest of this page\./);
});

for (const name of ["connect-entra.wasm", "wasm_exec.js", "page.js", "token.js", "page.css"]) {
  test(`a changed ${name} is not used`, async (t) => {
    tamperWith = name;
    const { page, context, seen } = await visit(browser, address);
    t.after(() => context.close().then(() => { tamperWith = ""; }));
    const refused = () => seen.problems.some((text) => /integrity/i.test(text));
    for (const end = Date.now() + 30_000; !refused() && Date.now() < end;) await page.waitForTimeout(100);
    assert.ok(refused(), seen.problems.join("\n"));
    if (name === "page.css") return page.waitForSelector(".unstyled");
    await page.waitForTimeout(500); // what was refused would start by now
    assert.equal(await page.locator(".state.ready").count(), 0);
  });
}
