// Asking Graph: the only place where the token leaves the page, at a press of a button
// and to the host that stands beside it.

import { h, button, terminal } from "./dom.js";
import { clouds, engine } from "./engine.js";

const longest = 1 << 20; // bytes of an answer that are shown

// graphBox offers to ask the Graph of a cloud. token gives what is in the field, or ""
// when that is no longer what was read.
export function graphBox(reading, cloud, token) {
  const title = h("h3", {}, "Ask Microsoft Graph");
  const box = h("section", { class: "graph" }, title);
  const say = (...text) => { box.append(h("p", {}, ...text)); return box; };
  if (!cloud) return null;
  if (cloud === "Sandbox") return say("The practice cloud lives inside connect-entra, so there is no host to ask from here.");
  if (!reading.graph && !reading.opaque) return say("Not offered: this token is for another API, which is nobody else's business.");

  const output = h("div", { class: "graph-answer", "aria-live": "polite" });
  let asking = false;
  const buttons = ["/v1.0/me", "/v1.0/organization"].map((path) =>
    button(`Send: GET ${path.slice("/v1.0".length)}`, { "data-path": path, class: path.endsWith("/me") === reading.appOnly ? "" : "primary" }, () => ask(path)));
  clouds().then((all) => {
    const { host } = new URL(all.find(({ Name }) => Name === cloud).GraphEndpoint);
    say("A button sends the token from the field to ", h("strong", { class: "host" }, host),
      ", in one GET request, and shows the answer. Before it the browser asks that host, without the token, whether this page may.");
    box.append(h("div", { class: "row" }, buttons), output);
    box.dataset.host = host;
  });
  return box;

  async function ask(path) {
    if (asking) return; // a button that is disabled would lose the keyboard's focus
    const secret = token();
    if (secret === "") {
      output.replaceChildren(h("p", { class: "note" }, "The token is no longer in the field. Paste it again."));
      return;
    }
    asking = true;
    output.replaceChildren(h("p", {}, "Asking…"));
    const { host } = box.dataset;
    const started = performance.now();
    try {
      output.replaceChildren(...(await send(host, path, secret, started)));
    } finally {
      asking = false;
    }
  }
}

async function send(host, path, token, started) {
  const { graph } = await engine;
  const url = `https://${host}${path}`;
  const failed = async (status, retryAfter, body) =>
    [terminal("What Graph answered", `GET ${url}`, "", await graph(host, status, retryAfter, body))];
  let response, body;
  try {
    response = await fetch(url, {
      headers: { Authorization: `Bearer ${token}`, Accept: "application/json" },
      cache: "no-store", credentials: "omit", redirect: "error", referrerPolicy: "no-referrer",
      signal: AbortSignal.timeout(30_000),
    });
    body = await response.text();
  } catch {
    return failed(0, "", ""); // not reached, redirected, too slow, or it does not let pages ask
  }
  if (!response.ok) return failed(response.status, response.headers.get("Retry-After") ?? "", body.slice(0, longest));
  const took = Math.round(performance.now() - started);
  return [
    h("p", { class: "accepted" }, `${response.status} in ${took} ms. Graph took the token, so its signature is good.`),
    h("div", { class: "terminal", role: "region", "aria-label": "Graph's answer", tabindex: "0" }, h("pre", {}, pretty(body.slice(0, longest)))),
  ];
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
