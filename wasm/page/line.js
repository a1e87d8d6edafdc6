// A command line that explains itself: as one types, the Go program says how the line
// binds and what it would do.

import { announce, byId, h, button, foreign, list, terminal, words } from "./dom.js";
import { engine } from "./engine.js";

// examples are the document's, in its order and as it prints them.
const examples = [
  ["An app, by certificate thumbprint", 'Connect-Entra -TenantId "d5aec55f-2d12-4442-8d2f-ccca95d4390e" -ApplicationId "8886ad7b-1795-4542-9808-c85859d97f23" -CertificateThumbprint F8813914053FBFB5D84F1EFA9EDB3205621C1126'],
  ["A person, with scopes", 'Connect-Entra -Scopes "User.Read.All", "Group.ReadWrite.All"'],
  ["A token that you have", "Connect-Entra -AccessToken $secureString"],
  ["As somebody else, in this process", 'Connect-Entra -ContextScope "Process"'],
  ["In another cloud", "Connect-Entra -Environment Global"],
  ["With a timeout", "Connect-Entra -ClientTimeout 60"],
  ["Without the welcome", "Connect-Entra -NoWelcome"],
  ["With a device code", "Connect-Entra -UseDeviceAuthentication"],
  ["An app, by certificate name", 'Connect-Entra -ClientId "YOUR_APP_ID" -TenantId "YOUR_TENANT_ID" -CertificateName "YOUR_CERT_SUBJECT"'],
  ["An app, by certificate", 'Connect-Entra -ClientId "YOUR_APP_ID" -TenantId "YOUR_TENANT_ID" -Certificate $Cert'],
  ["An app, by secret", 'Connect-Entra -TenantId "Tenant_Id" -ClientSecretCredential $ClientSecretCredential'],
  ["The identity of this host", "Connect-Entra -Identity"],
  ["A user-assigned identity", 'Connect-Entra -Identity -ClientId "User_Assigned_Managed_identity_Client_Id"'],
  ["By environment variables", "Connect-Entra -EnvironmentVariable"],
];

const field = byId("line");
const answer = byId("line-answer");
const link = byId("line-link");
const empty = answer.firstElementChild;
let turn = 0; // counts what was typed, so that a late answer to an old text is dropped

// withoutTokens blots out the signature of each token that somebody put into a line.
const withoutTokens = (text) => text.replace(/(eyJ[\w-]*\.[\w-]*\.)[\w.-]+/g, "$1A");

async function explain() {
  const mine = ++turn;
  const text = field.value;
  byId("line-clear").disabled = text === "";
  link.hidden = true;
  if (text.trim() === "") return answer.replaceChildren(empty);
  const { line } = await engine;
  const said = await line(withoutTokens(text));
  if (mine !== turn) return;
  answer.replaceChildren(...[
    verdict(said),
    said.problem ? terminal("The terminal, about the line", "connect-entra …", "", said.problem) : null,
    said.trouble ? h("pre", { class: "trouble" }, said.trouble) : null,
    said.bound.length ? parameters(said.bound) : null,
    said.refusal ? h("section", {}, h("h3", {}, "But it would be refused"), terminal("The terminal, about the line", "connect-entra …", "", said.refusal)) : null,
    said.plan.length ? h("section", {}, h("h3", {}, "What it would do"), h("p", { class: "story" }, said.story), list("facts", said.plan.map(({ name, value }) => [name, foreign(value)]))) : null,
    said.bash ? h("section", {}, h("h3", {}, "The same line"), retyped("bash", said.bash), retyped("PowerShell", said.powerShell)) : null,
    said.share ? null : h("p", { class: "hint" }, "There is no link to this line: it holds, or may hold, a secret. Name the place of a secret instead, such as env:TOKEN or @FILE."),
  ].filter(Boolean));
  if (said.share) {
    link.href = `#line=${encodeURIComponent(text)}`;
    link.hidden = false;
  }
}

function verdict(said) {
  const [kind, title, ...text] =
    said.problem ? ["bad", "It does not bind", "PowerShell refuses it like this, and so does connect-entra."]
    : said.set ? [said.refusal ? "odd" : "good", "It binds", "To ", h("code", {}, said.set), `${said.reason}.`]
    : ["good", "It binds", `To the verb ${said.verb}: ${said.summary}.`];
  announce(`${title}. ${said.set}`);
  return h("div", { class: `verdict ${kind}` }, h("h3", {}, title), h("p", {}, text));
}

const parameters = (bound) => h("section", {}, h("h3", {}, "Parameters"),
  list("claims bound", bound.map(({ name, value, meaning }) => [name, foreign(value), h("span", { class: "meaning" }, meaning)])));

// retyped shows a line to copy.
function retyped(shell, text) {
  const copy = button("Copy", { class: "quiet", "aria-label": `Copy the line for ${shell}` }, async () => {
    await navigator.clipboard.writeText(text);
    copy.textContent = "Copied";
  });
  return h("div", { class: "retyped" }, h("div", { class: "label" }, h("span", {}, shell), copy), h("pre", {}, words(text)));
}

// fromLink takes the line that the page's address carries.
function fromLink() {
  const carried = /^#line=(.*)$/s.exec(location.hash);
  if (!carried) return;
  try {
    field.value = decodeURIComponent(carried[1]);
  } catch {
    return; // a damaged link carries nothing
  }
  explain();
  field.scrollIntoView({ block: "center" });
}

export function startLine() {
  field.addEventListener("input", explain);
  byId("line-clear").addEventListener("click", () => {
    field.value = "";
    explain();
    field.focus();
  });
  byId("examples").append(...examples.map(([title, text]) => button(title, { title: text }, () => {
    field.value = text;
    explain();
  })));
  addEventListener("hashchange", fromLink);
  fromLink();
  if (field.value) explain(); // typed before this script was there
}
