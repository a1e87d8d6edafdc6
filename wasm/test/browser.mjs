// What the tests share: the page as `go run ./wasm` serves it, Debian's Chromium, and
// tokens made up on the spot.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

export const root = new URL("../..", import.meta.url).pathname;

// serve starts the page's server on a free port and gives its address.
export async function serve() {
  const server = spawn("go", ["run", "./wasm", "-http", "localhost:0"], { cwd: root, stdio: ["ignore", "pipe", "inherit"], detached: true });
  for await (const line of createInterface({ input: server.stdout })) {
    const [url] = /http:\S+/.exec(line) ?? [];
    if (url) return { url, stop: () => process.kill(-server.pid, "SIGINT") };
  }
  throw new Error("go run ./wasm ended without an address");
}

// write makes the static site in a folder.
export async function write(folder) {
  const [status] = await once(spawn("go", ["run", "./wasm", "-o", folder], { cwd: root, stdio: ["ignore", "ignore", "inherit"] }), "exit");
  if (status !== 0) throw new Error(`go run ./wasm -o ended with ${status}`);
}

export const launch = () => chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

// visit opens the page in a context of its own and collects whatever goes wrong or out.
export async function visit(browser, url, options = {}, prepare = async () => {}) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  const seen = { requests: [], problems: [], dialogs: 0 };
  page.on("request", (request) => seen.requests.push(request.url()));
  page.on("pageerror", (error) => seen.problems.push(error.message));
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) seen.problems.push(message.text()); });
  page.on("dialog", (dialog) => { seen.dialogs++; dialog.dismiss(); });
  await page.addInitScript(() => {
    globalThis.reports = [];
    addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => globalThis.reports.push(`${violatedDirective} ${blockedURI}`));
  });
  await prepare(page, context);
  await page.goto(url);
  return { page, context, seen, ready: () => page.waitForSelector(".state.ready"), reports: () => page.evaluate(() => globalThis.reports) };
}

const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

// signature is none, and is looked for wherever it must not be.
export const signature = "canary".repeat(10);

export function token(claims = {}) {
  const now = Math.floor(Date.now() / 1000);
  return [encode({ typ: "JWT", alg: "none" }), encode({
    aud: "https://graph.microsoft.com", iat: now - 60, nbf: now - 60, exp: now + 3500,
    appid: "14d82eec-204b-4c2f-b7e8-296a70dab67e", tid: "5a17b0c5-0000-4000-8000-000000000001",
    name: "Ada Example", upn: "ada@example.com", scp: "User.Read Group.ReadWrite.All Tape.Read.All", ...claims,
  }), signature].join(".");
}
