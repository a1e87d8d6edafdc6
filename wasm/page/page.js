// The page: starts its two tools and says how things stand.

import { byId } from "./dom.js";
import { engine } from "./engine.js";
import { startToken } from "./token.js";
import { startLine } from "./line.js";

startToken();
startLine();

const state = byId("state");
try {
  const { run, ended } = await engine;
  state.textContent = "Ready. From here on it works without a network.";
  state.className = "state ready";
  ended.then(() => {
    state.textContent = "The program ended unexpectedly. Reload the page.";
    state.className = "state broken";
  });
  byId("version").textContent = (await run(["version"], "")).stdout.trim();
} catch (error) {
  state.textContent = `The program could not be loaded: ${error.message}.`;
  state.className = "state broken";
}

// What the browser itself saw leave since the page was ready, whoever sent it.
const ready = performance.now();
const hosts = [];
const { href: icon } = document.querySelector("link[rel=icon]"); // the browser takes it when it likes
const sayTraffic = () => {
  byId("traffic").textContent = `Requests since the page was ready: ${hosts.length === 0 ? "none." : `${hosts.length}, to ${[...new Set(hosts)].join(", ")}.`}`;
};
new PerformanceObserver((entries) => {
  for (const { name, startTime } of entries.getEntries()) if (startTime > ready && name !== icon) hosts.push(new URL(name).host);
  sayTraffic();
}).observe({ type: "resource" });
sayTraffic();
