// Connecting with a token: what is pasted is read by the Go program and shown. The
// whole token lives in its field and nowhere else.

import { announce, byId, h, foreign, list, terminal } from "./dom.js";
import { clouds, engine } from "./engine.js";
import { graphBox } from "./graph.js";

const field = byId("token");
const answer = byId("token-answer");
const cloudChoice = byId("cloud");
const empty = answer.firstElementChild;
const keepFor = 5 * 60; // seconds that a token stays in the field
const longestFile = 1 << 20; // bytes

let turn = 0; // counts what was typed, so that a late answer to an old text is dropped
let typedAt = 0;
let chosenCloud = "";
let clock = () => {}; // updates the countdown that is shown

// tokenInField is the token as pasted, without what surrounds it in headers and files.
const tokenInField = () =>
  field.value.trim().replace(/^(authorization:\s*)?bearer\s+/i, "").replace(/^(["'])(.*)\1$/s, "$2");

// withoutSignature is what Go gets: all that can be read of a token, and nothing that
// makes it good for anything. What is no JWT is blotted out but for its shape.
export function withoutSignature(token) {
  const parts = token.split(".");
  if (parts.length === 3 && token.startsWith("eyJ")) return `${parts[0]}.${parts[1]}.${parts[2].replace(/[^\s]/g, "A")}`;
  return token.replace(/^eyJ|[^\s.]/g, (text) => (text === "eyJ" ? text : "x"));
}

async function read() {
  const mine = ++turn;
  const current = () => mine === turn;
  const token = tokenInField();
  byId("token-clear").disabled = field.value === "";
  if (token === "") return show(empty);
  const { connect } = await engine;
  const { reading, ...result } = await connect(withoutSignature(token), chosenCloud);
  if (!current()) return;
  const { cloud } = result;
  const accepted = result.status === 0;
  askForCloud(reading, accepted && !reading.cloud);
  const said = !accepted || cloud
    ? h("section", {}, h("h3", {}, "What the terminal says"), terminal("The terminal, about the token", result.typed, result.stdout, result.stderr))
    : null;
  show(
    verdict(reading, result),
    accepted ? null : said,
    reading.opaque ? null : summary(reading),
    permissions(reading),
    unchecked(reading),
    accepted ? graphBox(reading, cloud, () => (current() ? tokenInField() : "")) : null,
    accepted ? said ?? h("p", { class: "note" }, "Say which cloud it is for: then comes what the terminal says.") : null,
    cloud && result.context ? contextTable(JSON.parse(result.context)) : null,
    claims(reading),
  );
}

function show(...children) {
  clock = () => {};
  answer.replaceChildren(...children.filter(Boolean));
  if (children[0] === empty) cloudChoice.hidden = true;
  const countdown = answer.querySelector("[data-until]");
  if (countdown) {
    clock = () => count(countdown);
    clock();
  }
}

// verdict is the first thing to read: whether Connect-Entra would take the token.
function verdict(reading, result) {
  const [kind, text] =
    result.status !== 0 ? ["bad", result.id === "token-expired" ? "Expired" : "Not accepted"]
    : reading.notBefore * 1000 > Date.now() ? ["odd", "Not good yet"]
    : reading.opaque ? ["odd", "Opaque: it is taken as it is"]
    : reading.graph ? ["good", reading.cloud === "Sandbox" ? "A practice token" : "A token for Microsoft Graph"]
    : ["odd", "Not a token for Microsoft Graph"];
  announce(text);
  return h("div", { class: `verdict ${kind}` },
    h("h3", {}, text),
    reading.expiresOn
      ? h("p", { class: "count", role: "timer", "aria-live": "off", "data-from": String(reading.issuedAt || reading.notBefore), "data-until": String(reading.expiresOn) })
      : h("p", {}, reading.opaque ? "When it ends cannot be read." : "It does not say when it ends."));
}

// count shows what is left. Connect-Entra counts a token as expired five minutes early.
function count(element) {
  const [from, until] = [Number(element.dataset.from), Number(element.dataset.until)];
  const left = until - Math.floor(Date.now() / 1000);
  const text = left <= 0 ? `Ended ${span(-left)} ago.`
    : left <= 300 ? `Ends in ${span(left)}. Connect-Entra wants more than five minutes.`
    : `Good for another ${span(left)}.`;
  element.replaceChildren(text);
  if (left > 0 && from && from < until) {
    element.append(h("progress", { "aria-label": "Time left", max: String(until - from), value: String(Math.min(left, until - from)) }));
  }
  const before = Number(element.dataset.left ?? left);
  element.dataset.left = left;
  if ([300, 0].some((limit) => before > limit && left <= limit)) read(); // the terminal's answer changes now
}

function span(seconds) {
  const units = [["day", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const first = units.findIndex(([, size]) => seconds >= size);
  const parts = [];
  for (const [name, size] of units.slice(Math.max(first, 0), Math.max(first, 0) + 2)) {
    const n = Math.floor(seconds / size);
    seconds -= n * size;
    parts.push(`${n}\u00a0${name === "day" && n !== 1 ? "days" : name}`);
  }
  return first < 0 ? "0 s" : parts.join(" ");
}

const moment = (seconds) =>
  seconds ? h("time", { datetime: new Date(seconds * 1000).toISOString() }, new Date(seconds * 1000).toLocaleString("en-GB", { dateStyle: "full", timeStyle: "long" })) : null;

const summary = (reading) => h("section", {}, h("h3", {}, "In plain words"), list("facts", [
  ["Person", foreign(reading.who)],
  ["Application", foreign(reading.app)],
  ["Tenant", foreign(reading.tenant)],
  ["For", foreign(reading.audience)],
  ["Access", reading.access],
  ["Issued", moment(reading.issuedAt) ?? "It does not say."],
  ["Ends", moment(reading.expiresOn) ?? "It does not say."],
]));

function permissions(reading) {
  if (!reading.permissions.length) return null;
  return h("section", {}, h("h3", {}, `What it allows (${reading.permissions.length})`),
    list("grants", reading.permissions.map(({ name, meaning }) => [foreign(name), meaning])));
}

const unchecked = (reading) =>
  h("section", { class: "unchecked" }, h("h3", {}, "What was not checked"), reading.notes.map((note) => h("p", {}, note)));

function contextTable(context) {
  const shown = (value) => (Array.isArray(value) ? value.join(", ") : value);
  return h("details", {}, h("summary", {}, "The context, as Get-EntraContext shows it"),
    h("table", {}, h("tbody", {}, Object.entries(context).map(([name, value]) =>
      h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, foreign(shown(value))))))));
}

function claims(reading) {
  if (!reading.claims.length) return null;
  return h("details", {}, h("summary", {}, `Every claim (${reading.claims.length})`),
    list("claims", reading.claims.map(({ name, value, meaning }) => [foreign(name), foreign(value), meaning && h("span", { class: "meaning" }, meaning)])));
}

// askForCloud asks only where the token does not tell, and suggests nothing: the issuer
// does not tell either, as two clouds share one.
async function askForCloud(reading, needed) {
  cloudChoice.hidden = !needed;
  if (!needed) return;
  byId("cloud-why").textContent = reading.opaque ? "Nothing in the token tells." : reading.graph ? "Its audience is the same in every cloud." : "The API that it is for does not tell.";
  const options = byId("clouds");
  if (options.childElementCount) return;
  for (const { Name, GraphEndpoint } of await clouds()) {
    const input = h("input", { type: "radio", name: "cloud", value: Name });
    input.addEventListener("change", () => { chosenCloud = Name; read(); });
    options.append(h("label", {}, input, h("span", {}, Name, h("small", {}, GraphEndpoint.replace("https://", "")))));
  }
}

// changed reads what is in the field now: a cloud that was chosen was for another token.
function changed() {
  typedAt = Date.now();
  chosenCloud = "";
  for (const input of cloudChoice.querySelectorAll("input")) input.checked = false;
  read();
}

function put(text) {
  field.value = text;
  byId("token-left").textContent = "";
  changed();
}

// take reads a file. Windows PowerShell writes UTF-16, with a mark in front.
async function take(file) {
  try {
    if (file.size > longestFile) throw new Error("it is too long");
    const bytes = new Uint8Array(await file.arrayBuffer());
    put(new TextDecoder(bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : "utf-8").decode(bytes));
  } catch (error) {
    put("");
    show(h("p", { class: "note" }, `No token was read from that file: ${error.message}`));
  }
}

// practiceToken is made up on the spot, for the practice cloud, signed by nobody.
function practiceToken() {
  const encode = (value) => btoa(JSON.stringify(value)).replace(/=/g, "").replace(/\+/g, "-").replace(/\//g, "_");
  const now = Math.floor(Date.now() / 1000);
  const id = (n) => `5a17b0c5-0000-4000-8000-${String(n).padStart(12, "0")}`;
  const payload = {
    aud: "https://graph.sandbox.invalid", iss: `https://login.sandbox.invalid/${id(1)}/v2.0`, iat: now, nbf: now, exp: now + 3600,
    tid: id(1), oid: id(2), azp: "14d82eec-204b-4c2f-b7e8-296a70dab67e", azpacr: "0", idtyp: "user", amr: ["pwd", "mfa"],
    name: "Ada Practice", preferred_username: "ada@practice.example", scp: "User.Read.All Group.ReadWrite.All Mail.Send BitlockerKey.ReadBasic.All", ver: "2.0",
  };
  return `${encode({ typ: "JWT", alg: "none" })}.${encode(payload)}.${"practice".repeat(5)}`;
}

function startDropping() {
  const picker = byId("token-file");
  byId("token-open").addEventListener("click", () => picker.click());
  picker.addEventListener("change", () => {
    if (picker.files[0]) take(picker.files[0]);
    picker.value = "";
  });
  const target = byId("token-drop");
  const over = (on) => target.classList.toggle("over", on);
  // Wherever on the page: beside the field, the browser would show the file in the page's place.
  addEventListener("dragover", (event) => {
    if (!event.dataTransfer.types.includes("Files")) return; // text goes into the field by itself
    event.preventDefault();
    over(true);
  });
  addEventListener("dragleave", (event) => { if (!event.relatedTarget) over(false); });
  addEventListener("drop", (event) => {
    over(false);
    const [file] = event.dataTransfer.files;
    if (!file) return;
    event.preventDefault();
    target.scrollIntoView({ block: "nearest" });
    take(file);
  });
}

// tick runs each second: the countdown of the token, and that of its stay in the field.
function tick() {
  clock();
  if (field.value === "") return;
  const left = keepFor - Math.floor((Date.now() - typedAt) / 1000);
  byId("token-left").textContent = left > 0 ? ` ${span(left)} left.` : " It was cleared just now; what was read stays until you press Clear.";
  if (left <= 0) field.value = "";
}

export function startToken() {
  field.addEventListener("input", changed);
  byId("token-practice").addEventListener("click", () => put(practiceToken()));
  byId("token-clear").addEventListener("click", () => {
    put("");
    field.focus();
  });
  byId("token-show").addEventListener("click", (event) => {
    const masked = field.classList.toggle("masked");
    event.target.textContent = masked ? "Show the token" : "Hide the token";
  });
  startDropping();
  addEventListener("pagehide", () => put("")); // the page may come back from the browser's memory
  setInterval(tick, 1000);
  if (field.value) changed(); // typed before this script was there
}
