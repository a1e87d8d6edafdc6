// The page in a real Chromium, as a visitor has it.

import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, describe, test } from "node:test";
import { launch, root, serve, signature, token, visit } from "./browser.mjs";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const screenshots = process.env.SCREENSHOTS ?? `${root}wasm/test/screenshots`;

let server, browser;
before(async () => {
  server = await serve();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  server?.stop();
});

// open gives a page that is ready; whatever went wrong on it fails the test.
async function open(t, options, prepare) {
  const visited = await visit(browser, server.url, options, prepare);
  t.after(() => visited.context.close());
  await visited.ready();
  return visited;
}

// fill types into a field and waits for the answer to that, however long an older one
// stays.
async function fill(page, name, typed) {
  await page.evaluate((answer) => { for (const part of document.querySelector(answer).children) part.dataset.old = ""; }, `#${name}-answer`);
  await page.fill(`#${name}`, typed);
  await page.waitForSelector(`#${name}-answer > :is(.verdict, .note):not([data-old])`);
}

const paste = (page, typed) => fill(page, "token", typed);

// text is what one reads, without the empty lines between paragraphs.
const text = async (locator) => (await locator.innerText()).replace(/\u00a0/g, " ").replace(/\n\n+/g, "\n");
const answer = (page) => text(page.locator("#token-answer"));
const terminalText = (page) => text(page.locator("#token-answer .terminal").first());

async function explain(page, line) {
  await fill(page, "line", line);
  return text(page.locator("#line-answer"));
}

describe("connecting with a token", () => {
  test("a valid one", async (t) => {
    const { page, seen } = await open(t);
    await paste(page, `  Bearer ${token()}\n`);
    const said = await answer(page);
    assert.match(said, /A token for Microsoft Graph/);
    assert.match(said, /Good for another 58 min \d+ s\./);
    assert.match(said, /Ada Example \(ada@example\.com\)/);
    assert.match(said, /Microsoft Graph in the cloud Global/);
    assert.match(said, /Create, change and delete groups/);
    assert.match(said, /Read tape, throughout the organization\. \(Read from its name\.\)/);
    assert.match(said, /The signature was not checked/);
    assert.match(said, /\$ connect-entra -AccessToken - -Environment Global\nWelcome to Microsoft Graph!/);
    assert.equal(await page.locator("#cloud").isVisible(), false);
    await page.locator("summary", { hasText: "context" }).click();
    assert.equal(await page.locator("tr", { hasText: "Environment" }).locator("td").innerText(), "Global");
    const before = await page.locator(".count").innerText();
    await page.waitForFunction((text) => document.querySelector(".count").innerText !== text, before);
    assert.deepEqual(seen.problems, []);
  });

  test("the cloud is told from the audience", async (t) => {
    const { page } = await open(t);
    for (const [aud, cloud] of [["https://dod-graph.microsoft.us", "USGovDoD"], ["https://microsoftgraph.chinacloudapi.cn/", "China"], ["https://graph.svc.sovcloud.fr", "BleuCloud"]]) {
      await paste(page, token({ aud }));
      await page.waitForFunction((cloud) => document.querySelector("#token-answer").innerText.includes(`-Environment ${cloud}`), cloud);
      assert.equal(await page.locator("#cloud").isVisible(), false);
    }
  });

  test("an expired one, with its cure and what it said", async (t) => {
    const { page } = await open(t);
    await paste(page, token({ exp: Math.floor(Date.now() / 1000) - 3600 }));
    assert.match(await terminalText(page), /Connect-Entra: The provided access token has expired\..*\[token-expired\]\n {2}try: /);
    const said = await answer(page);
    assert.match(said, /^Expired\nEnded 1 h 0 min ago\./);
    assert.match(said, /Ada Example/);
    assert.doesNotMatch(said, /Ask Microsoft Graph/);
  });

  test("one for later", async (t) => {
    const { page } = await open(t);
    await paste(page, token({ nbf: Math.floor(Date.now() / 1000) + 600 }));
    assert.match(await answer(page), /^Not good yet\n[^]*The token is not good yet/);
  });

  test("garbage", async (t) => {
    const { page } = await open(t);
    for (const text of ["garbage", "a.b.c", `eyJ${"x".repeat(200)}`, "😀".repeat(60) + " " + "😀".repeat(60), "x".repeat(70_000)]) {
      await paste(page, text);
      await page.waitForFunction(() => document.querySelector("#token-answer .failed"));
      assert.match(await terminalText(page), /\[bad-(token|value)\]/);
    }
  });

  test("one for another audience", async (t) => {
    const { page } = await open(t);
    await paste(page, token({ aud: "https://vault.azure.net" }));
    assert.match(await answer(page), /Not a token for Microsoft Graph[^]*Azure Key Vault \(https:\/\/vault\.azure\.net\)/);
    assert.equal(await page.locator("#clouds input").count(), 8);
    assert.equal(await page.locator("#clouds input:checked").count(), 0);
    await page.locator("#clouds label", { has: page.locator("input[value=USGov]") }).click();
    await page.waitForSelector("#token-answer .terminal");
    assert.match(await terminalText(page), /-Environment USGov\n[^]*WARNING: The token is not for Microsoft Graph but for https:\/\/vault\.azure\.net/);
    assert.equal(await page.locator(".graph button").count(), 0);
    await paste(page, token({ aud: "https://management.azure.com" }));
    assert.equal(await page.locator("#clouds input:checked").count(), 0, "the choice was for another token");
  });

  test("an opaque one", async (t) => {
    const { page } = await open(t);
    await paste(page, "EwB".padEnd(400, "Ab1+/"));
    assert.match(await answer(page), /Opaque: it is taken as it is/);
    assert.equal(await page.locator("#token-answer .terminal").count(), 0);
    await page.locator("#clouds label", { has: page.locator("input[value=Global]") }).click();
    await page.waitForSelector("#token-answer .terminal");
    assert.match(await terminalText(page), /Welcome to Microsoft Graph![^]*The token is opaque/);
  });

  test("from a file, picked or dropped", async (t) => {
    const { page } = await open(t);
    await page.setInputFiles("#token-file", { name: "token.txt", mimeType: "text/plain", buffer: Buffer.from(`${token({ name: "Picked" })}\r\n`) });
    await page.waitForSelector("text=Picked");
    const data = await page.evaluateHandle((text) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([text], "token.txt"));
      return transfer;
    }, token({ name: "Dropped" }));
    await page.dispatchEvent("#line", "drop", { dataTransfer: data }); // anywhere
    await page.waitForSelector("text=Dropped");
    await page.setInputFiles("#token-file", { name: "utf16.txt", mimeType: "text/plain", buffer: Buffer.from(`\ufeff${token({ name: "Wide" })}\r\n`, "utf16le") });
    await page.waitForSelector("text=Wide");
    await page.setInputFiles("#token-file", { name: "long.txt", mimeType: "text/plain", buffer: Buffer.alloc((1 << 20) + 1) });
    await page.waitForSelector("text=No token was read from that file: it is too long");
    assert.equal(await page.inputValue("#token"), "");
  });

  test("typed before the program is there", async (t) => {
    let letThrough;
    const gate = new Promise((resolve) => { letThrough = resolve; });
    const { page, context, ready } = await visit(browser, server.url, {}, (page) =>
      page.route("**/*.wasm", async (route) => { await gate; await route.continue(); }));
    t.after(() => context.close());
    await page.fill("#token", token());
    await page.fill("#line", "Connect-Entra -Identity");
    assert.match(await page.locator("#state").innerText(), /you can start to type/);
    letThrough();
    await ready();
    await page.waitForSelector("#token-answer .verdict");
    await page.waitForSelector("#line-answer .verdict");
  });
});

describe("a command line", () => {
  test("binds as in PowerShell", async (t) => {
    const { page } = await open(t);
    for (const [line, ...wanted] of [
      ['Connect-Entra -Sc "User.Read.All", "Mail.Send"', /It binds\nTo UserParameterSet, as -Scopes is in no other set\./, /-Scopes\nUser\.Read\.All, Mail\.Send\nby the prefix -Sc/, /bash\nCopy\nconnect-entra -Scopes User\.Read\.All,Mail\.Send/],
      ["Connect-Entra -MSI -AppId 8886ad7b-1795-4542-9808-c85859d97f23", /IdentityParameterSet/, /by the alias -MSI/, /The Azure host that this runs on vouches for it/],
      ["Connect-Entra -Cert x", /It does not bind/, /'Cert' is ambiguous\. Possible matches include: -CertificateSubjectName -CertificateThumbprint -Certificate/],
      ["Connect-Entra -AccessToken", /Missing an argument for parameter 'AccessToken'/],
      ["Connect-Entra -Identity -UseDeviceCode", /Parameter set cannot be resolved[^]*No set has all of these:\n +-UseDeviceCode +is in User\n/],
      ["Connect-Entra -Environment Mars", /It binds/, /But it would be refused[^]*\[unknown-environment\]/],
      ["Connect-Entra -Environment USGov -UseDeviceCode", /Authority\nhttps:\/\/login\.microsoftonline\.us\/organizations/, /Scopes\nhttps:\/\/graph\.microsoft\.us\/User\.Read/],
      ["Connect-Entra -TenantId $t -ClientSecretCredential $cred", /AppSecretCredentialParameterSet/, /An application shows its secret/],
      ["Connect-Entra -Scopes a, `\n  b", /-Scopes\na, b/],
    ]) {
      const said = await explain(page, line);
      for (const one of wanted) assert.match(said, one, line);
    }
  });

  test("the document's examples", async (t) => {
    const { page } = await open(t);
    const document = await readFile(`${root}testdata/connect-entra.md`, "utf8");
    const buttons = page.locator("#examples button");
    assert.equal(await buttons.count(), 14);
    for (const button of await buttons.all()) {
      await button.click();
      const line = await page.inputValue("#line");
      assert.ok(document.includes(line), `${line} is not in the document`);
      await page.waitForSelector("#line-answer .verdict");
      assert.doesNotMatch(await explain(page, line), /It does not bind/, line);
    }
  });

  test("a link carries it", async (t) => {
    const { page, context } = await open(t);
    const line = `Connect-Entra -Scopes "User.Read.All" -Tenant 'ü%+?/.example'`;
    await explain(page, line);
    const href = await page.locator("#line-link").getAttribute("href");
    const other = await context.newPage();
    await other.goto(server.url + href);
    await other.waitForSelector("#line-answer .verdict");
    assert.equal(await other.inputValue("#line"), line);
    await other.goto(`${server.url}#line=%E0%A4%A`);
    assert.equal(await other.inputValue("#line"), line, "a damaged link changes nothing");
  });

  test("a secret in it makes no link and is not repeated", async (t) => {
    const { page } = await open(t);
    for (const line of [`Connect-Entra -AccessToken ${token()}`, "Connect-Entra -AccessToken hunter2", "Connect-Entra -Credential 8886ad7b-1795-4542-9808-c85859d97f23:hunter2", `Connect-Entra ${token()}`, "Connect-Entra -AccessToken (ConvertTo-SecureString hunter2 -AsPlainText -Force)"]) {
      const said = await explain(page, line);
      assert.equal(await page.locator("#line-link").isVisible(), false, line);
      assert.match(said, /There is no link to this line/);
      assert.doesNotMatch(said, new RegExp(signature), line);
      if (/-(AccessToken|Credential) [^(]/.test(line)) assert.doesNotMatch(said, /hunter2/, line);
    }
  });

  test("lines to copy", async (t) => {
    const { page, context } = await open(t);
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await explain(page, "Connect-Entra -Identity");
    await page.getByRole("button", { name: "Copy the line for bash" }).click();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "connect-entra -Identity");
  });
});

describe("asking Graph", () => {
  // intercepted answers in Graph's place; what was asked is kept.
  async function intercepted(t, answers) {
    const asked = [];
    const visited = await open(t, {}, (page) => page.route(/^https:\/\/(?!localhost)/, (route) => {
      asked.push({ method: route.request().method(), url: route.request().url(), authorization: route.request().headers().authorization });
      return answers(route);
    }));
    return { ...visited, asked };
  }
  const json = (status, body, headers = {}) => (route) =>
    route.fulfill({ status, contentType: "application/json", headers: { "Access-Control-Allow-Origin": "*", ...headers }, body: JSON.stringify(body) });

  test("sends one request, to the host that is shown", async (t) => {
    const { page, asked, seen, reports } = await intercepted(t, json(200, { displayName: "Ada <img src=x>" }));
    const secret = token({ aud: "https://graph.microsoft.us" });
    await paste(page, secret);
    await page.waitForSelector(".graph button");
    const host = await page.locator(".graph .host").innerText();
    assert.equal(host, "graph.microsoft.us");
    const before = seen.requests.length;
    await page.locator(".graph button.primary").evaluate((button) => { button.focus(); button.click(); button.click(); });
    await page.waitForSelector(".accepted");
    assert.equal(await page.evaluate(() => document.activeElement.innerText), "Send: GET /me");
    assert.deepEqual(asked, [{ method: "GET", url: "https://graph.microsoft.us/v1.0/me", authorization: `Bearer ${secret}` }]);
    assert.equal(seen.requests.length - before, 1);
    assert.match(await text(page.locator(".graph-answer")), /200 in \d+ ms[^]*"displayName": "Ada <img src=x>"/);
    await page.locator(".graph button", { hasText: "/organization" }).click();
    await page.waitForFunction(() => document.querySelector(".accepted"));
    await page.waitForTimeout(200);
    assert.equal(asked.length, 2);
    assert.equal(asked[1].url, "https://graph.microsoft.us/v1.0/organization");
    assert.match(await page.locator("#traffic").innerText(), /2, to graph\.microsoft\.us/);
    assert.deepEqual(await reports(), []);
  });

  test("an application asks for the organization first", async (t) => {
    const { page } = await intercepted(t, json(200, {}));
    await paste(page, token({ idtyp: "app", scp: undefined, roles: ["User.Read.All"] }));
    assert.match(await page.locator(".graph button.primary").innerText(), /organization/);
  });

  test("a refusal is told as in the terminal", async (t) => {
    const answers = [
      [json(401, { error: { code: "InvalidAuthenticationToken", message: "Signature is invalid.", innerError: { "request-id": "r-1", "client-request-id": "c-1", date: "2026-01-01" } } }),
        /Connect-Entra: graph\.microsoft\.com refused: InvalidAuthenticationToken\. \[refused\]\n {2}server said: "Signature is invalid\."\n {2}trace: r-1 {2}correlation: c-1/],
      [json(429, {}, { "Retry-After": "7", "Access-Control-Expose-Headers": "Retry-After" }), /\[throttled\]\n {2}try: try again in 7s/],
      [(route) => route.abort(), /graph\.microsoft\.com did not answer\. \[network\]/],
      [(route) => route.fulfill({ status: 302, headers: { Location: "https://graph.microsoft.us/v1.0/me", "Access-Control-Allow-Origin": "*" } }), /did not answer/],
    ];
    let now;
    const { page, asked } = await intercepted(t, (route) => now(route));
    await paste(page, token());
    await page.waitForSelector(".graph button");
    for (const [answer, wanted] of answers) {
      now = answer;
      await page.locator(".graph button.primary").click();
      await page.waitForFunction((source) => new RegExp(source).test(document.querySelector(".graph-answer").innerText), wanted.source);
    }
    assert.ok(asked.every(({ url }) => new URL(url).host === "graph.microsoft.com"), "a redirect was followed");
  });

  test("what is no longer in the field is not sent", async (t) => {
    const { page, asked } = await intercepted(t, json(200, {}));
    await paste(page, token());
    await page.waitForSelector(".graph button");
    await page.evaluate(() => { document.querySelector("#token").value = ""; });
    await page.locator(".graph button.primary").click();
    await page.waitForSelector(".graph-answer .note");
    assert.equal(asked.length, 0);
  });

  test("the policy allows Graph's hosts and nothing else", async (t) => {
    const { page, asked, reports } = await intercepted(t, json(200, {}));
    const reached = await page.evaluate(async () => {
      const tried = ["https://graph.microsoft.com/", "https://graph.microsoft.us/", "https://example.com/", "https://login.microsoftonline.com/", "https://graph.microsoft.com.example.com/", "https://graph.microsoft.com:444/", `${location.origin}/page.css`, `${location.origin}/`];
      const outcomes = await Promise.all(tried.map((url) => fetch(url).then(() => true, () => false)));
      return tried.filter((_, i) => outcomes[i]);
    });
    assert.deepEqual(reached, ["https://graph.microsoft.com/", "https://graph.microsoft.us/"]);
    assert.equal(asked.length, 2);
    assert.ok((await reports()).length >= 6);
  });
});

describe("nothing leaves the page", () => {
  const canary = signature;

  test("no request, no storage, no address, while everything else is pressed", async (t) => {
    const { page, context, seen, reports } = await open(t);
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.evaluate(() => navigator.clipboard.writeText("before"));
    await page.waitForLoadState("networkidle");
    const before = seen.requests.length;
    const pressAll = async () => {
      for (const button of await page.locator("button, summary, input[type=radio]").all()) {
        const label = await button.innerText();
        if (/^Send/.test(label) || label === "Open a file…" || !(await button.isVisible()) || !(await button.isEnabled())) continue;
        await button.click();
        if (!(await page.inputValue("#token"))) await paste(page, token());
      }
    };
    await paste(page, token());
    await page.waitForSelector(".graph button");
    await explain(page, `Connect-Entra -AccessToken ${token()}`);
    await pressAll();
    await paste(page, token({ aud: "00000003-0000-0000-c000-000000000000" }));
    await pressAll();
    await page.waitForTimeout(500);
    assert.deepEqual(seen.requests.slice(before), []);
    assert.match(await page.locator("#traffic").innerText(), /none\.$/);
    const kept = await page.evaluate(async () => JSON.stringify([
      Object.entries(localStorage), Object.entries(sessionStorage), await indexedDB.databases(), await caches.keys(), document.cookie,
      (await navigator.serviceWorker.getRegistrations()).length, history.state, history.length,
    ]));
    assert.equal(kept, '[[],[],[],[],"",0,null,2]');
    assert.deepEqual(await context.cookies(), []);
    for (const [what, text] of Object.entries({
      address: page.url(), title: await page.title(), clipboard: await page.evaluate(() => navigator.clipboard.readText()),
      page: await page.evaluate(() => document.documentElement.outerHTML),
    })) assert.ok(!text.includes(canary), `the token is in the ${what}`);
    assert.deepEqual(seen.problems, []);
    assert.deepEqual(await reports(), []);
  });

  test("Go never gets the signature, nor an opaque token", async (t) => {
    const { page } = await open(t, {}, (page) => page.addInitScript(() => {
      globalThis.given = [];
      let real;
      Object.defineProperty(globalThis, "connectEntra", {
        get: () => real,
        set: (functions) => {
          real = Object.fromEntries(Object.entries(functions).map(([name, call]) => [name, (...args) => {
            globalThis.given.push(`${name} ${JSON.stringify(args)}`);
            return call(...args);
          }]));
        },
      });
    }));
    const opaque = canary.repeat(3);
    const pasted = [token(), `Bearer "${token()}"`, opaque, `${token()}.${canary}`, `eyJ${canary}.${canary}`];
    for (const text of pasted) {
      await paste(page, text);
      await explain(page, `Connect-Entra -AccessToken ${token()}`);
      await explain(page, `Connect-Entra -AccessToken eyJ9.a.b.${canary}.c`);
    }
    const given = await page.evaluate(() => globalThis.given);
    assert.ok(given.length > 10);
    assert.equal(given.filter((call) => call.startsWith("connect ")).length, pasted.length, "each is connected with once");
    for (const text of given) assert.ok(!text.includes(canary), text);
  });

  test("the field is cleared on demand, on leaving, and after five minutes", async (t) => {
    const { page, context } = await open(t, {}, (page) => page.clock.install());
    const field = () => page.inputValue("#token");
    await paste(page, token());
    await page.click("#token-clear");
    assert.equal(await field(), "");
    assert.doesNotMatch(await answer(page), /Ada/);

    await paste(page, token());
    await page.clock.fastForward(4 * 60_000);
    assert.notEqual(await field(), "");
    await page.clock.fastForward(61_000);
    assert.equal(await field(), "");
    assert.match(await page.locator("#token-hint").innerText(), /cleared just now/);

    await paste(page, token());
    await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true })));
    assert.equal(await field(), "");
    await page.fill("#token", token());
    await page.goto("about:blank");
    await page.goBack();
    assert.equal(await field(), "");
    await context.close();
  });

  test("the countdown ends where Connect-Entra ends it", async (t) => {
    const { page } = await open(t, {}, (page) => page.clock.install());
    const now = Math.floor(Date.now() / 1000);
    await paste(page, token({ exp: now + 303 }));
    assert.match(await answer(page), /^A token for Microsoft Graph/);
    await page.clock.fastForward(10_000);
    await page.waitForSelector("#token-answer .failed");
    assert.match(await answer(page), /^Expired\nEnds in 4 min \d+ s\. Connect-Entra wants more than five minutes/);
  });

  test("no other page can frame it", async (t) => {
    const { page, context } = await open(t);
    const outside = await context.newPage();
    await outside.route("https://outside.example/", (route) => route.fulfill({ contentType: "text/html", body: `<iframe src="${server.url}"></iframe>` }));
    await outside.goto("https://outside.example/");
    await outside.waitForTimeout(500);
    for (const frame of outside.frames().slice(1)) assert.equal(await frame.locator("#token").count(), 0);
    assert.ok(page);
  });
});

describe("hostile text stays text", () => {
  const payloads = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>", "\"><script>alert(1)</script>", "'-alert(1)-'",
    "javascript:alert(1)", "<a href=javascript:alert(1)>x</a>", "<iframe srcdoc='<script>alert(1)</script>'></iframe>", "<body onload=alert(1)>", "<details open ontoggle=alert(1)>",
    "<style>*{background:url(https://evil.example)}</style>", "<link rel=stylesheet href=https://evil.example>", "<meta http-equiv=refresh content='0;url=https://evil.example'>", "<base href=https://evil.example>", "<form action=https://evil.example><button>",
    "<object data=https://evil.example>", "<embed src=https://evil.example>", "<math><mi xlink:href=javascript:alert(1)>", "<template><script>alert(1)</script></template>", "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "{{constructor.constructor('alert(1)')()}}", "${alert(1)}", "</textarea><script>alert(1)</script>", "</title><script>alert(1)</script>", "<!--><script>alert(1)</script>-->",
    "&lt;script&gt;alert(1)&lt;/script&gt;", "\u202e<script>alert(1)</script>\u2066", "\u0000<script>alert(1)</script>", "__proto__", "<x onfocus=alert(1) tabindex=1 autofocus>", "\ud800<img src=x onerror=alert(1)>",
  ];

  test(`${payloads.length} payloads as claims, permissions and lines`, async (t) => {
    const { page, seen, reports } = await open(t);
    await page.waitForLoadState("networkidle");
    const before = seen.requests.length;
    const markup = () => page.evaluate(() => document.querySelectorAll("script, img, svg, iframe, style, link, meta, base, form, object, embed, math, template, body, textarea").length);
    const usual = await markup();
    for (const text of payloads) {
      await paste(page, token({ name: text, upn: text, app_displayname: text, tid: text, scp: text, roles: [text], aud: text, iss: text, [text]: text, zz: { [text]: [text] } }));
      await page.locator("#clouds input").first().click();
      await page.waitForSelector("#token-answer .terminal");
      for (const summary of await page.locator("summary").all()) await summary.click();
      await explain(page, `Connect-Entra -TenantId '${text.replaceAll("'", "''")}' -Scopes '${text.replaceAll("'", "''")}'`);
      assert.equal(await markup(), usual, text);
    }
    assert.equal(seen.dialogs, 0);
    assert.deepEqual(await reports(), []);
    assert.deepEqual(seen.requests.slice(before), []);
    assert.deepEqual(seen.problems, []);
  });

  test("payloads in a link", async (t) => {
    const { page, seen, reports } = await open(t);
    for (const text of payloads) {
      await page.goto(`${server.url}#line=${encodeURIComponent(`Connect-Entra ${text.toWellFormed?.() ?? text.replace("\ud800", "")}`)}`);
      await page.waitForSelector("#line-answer .verdict");
    }
    assert.equal(seen.dialogs, 0);
    assert.deepEqual(await reports(), []);
  });
});

describe("good to use", () => {
  const widths = { phone: 320, laptop: 1280, wall: 3840 };

  // states are what a visitor may have before them.
  const states = {
    empty: async () => {},
    token: async (page) => {
      await paste(page, token());
      for (const summary of await page.locator("summary").all()) await summary.click();
      await page.locator("#examples button").first().click();
      await page.waitForSelector("#line-answer .verdict");
    },
    trouble: async (page) => {
      await paste(page, token({ exp: 1 }));
      await explain(page, "Connect-Entra -Cert x -AccessToken hunter2");
    },
    choice: async (page) => {
      await paste(page, token({ aud: "00000003-0000-0000-c000-000000000000" }));
      await page.waitForSelector("#clouds label");
      await explain(page, "Connect-Entra -Environment Mars");
    },
  };

  for (const colorScheme of ["light", "dark"]) {
    for (const [name, width] of Object.entries(widths)) {
      test(`${colorScheme} ${name}: axe finds nothing, nothing overflows`, async (t) => {
        await mkdir(screenshots, { recursive: true });
        for (const [state, reach] of Object.entries(states)) {
          const { page } = await open(t, { colorScheme, reducedMotion: "reduce", viewport: { width, height: Math.round(Math.max(width * 0.6, 640)) } });
          await reach(page);
          await page.evaluate(() => scrollTo(0, 0));
          await page.screenshot({ path: `${screenshots}/${colorScheme}-${name}-${state}.png`, fullPage: true });
          assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${state} overflows`);
          await page.evaluate(axe);
          const { violations } = await page.evaluate(() => globalThis.axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
          assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => html + failureSummary).join("\n")}`), [], state);
        }
      });
    }
  }

  test("with the keyboard alone", async (t) => {
    const { page } = await open(t);
    const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.innerText.trim().split("\n")[0]);
    const order = [];
    for (let i = 0; i < 7; i++) {
      await page.keyboard.press("Tab");
      order.push(await focused());
      const visible = await page.evaluate(() => { const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement); return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2; });
      assert.ok(visible, `no focus to see on ${order.at(-1)}`);
    }
    assert.deepEqual(order, ["Skip to the tools", "token", "token-show", "token-open", "token-practice", "line", "An app, by certificate thumbprint"]);
    await page.focus("#token-practice");
    await page.keyboard.press("Enter");
    await page.waitForSelector("#token-answer .verdict");
    await page.focus("#token-clear");
    await page.keyboard.press("Space");
    assert.equal(await focused(), "token");
    await page.keyboard.insertText(token({ aud: "00000003-0000-0000-c000-000000000000" }));
    await page.waitForSelector("#clouds label");
    await page.focus("#clouds input");
    await page.keyboard.press("Space");
    await page.waitForSelector("#token-answer .terminal");
  });

  test("a screen reader hears the outcome, once", async (t) => {
    const { page } = await open(t);
    await paste(page, token());
    await page.waitForFunction(() => document.querySelector("#heard").textContent === "A token for Microsoft Graph");
    await explain(page, "Connect-Entra -Identity");
    await page.waitForFunction(() => document.querySelector("#heard").textContent === "It binds. IdentityParameterSet");
  });

  test("on paper stands the answer alone", async (t) => {
    const { page } = await open(t);
    await paste(page, token());
    await page.emulateMedia({ media: "print" });
    assert.equal(await page.locator("#token").isVisible(), false);
    assert.equal(await page.locator("#token-answer .facts").isVisible(), true);
    assert.equal(await page.locator("#line-answer").isVisible(), false);
  });

  test("the token is shown when asked", async (t) => {
    const { page } = await open(t);
    const hidden = () => page.evaluate(() => getComputedStyle(document.querySelector("#token")).webkitTextSecurity);
    await paste(page, token());
    assert.equal(await hidden(), "disc");
    await page.click("#token-show");
    assert.equal(await hidden(), "none");
    assert.equal(await page.innerText("#token-show"), "Hide the token");
  });
});
