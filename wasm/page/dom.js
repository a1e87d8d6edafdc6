// Building the page's nodes. Text becomes text, never markup: whatever a token holds
// stays inert, and the page's policy refuses anything else.

export const byId = (id) => document.getElementById(id);

// h makes an element: attributes that are false or undefined are left out, and children
// may be nodes, texts, or nothing.
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

// foreign shows text of somebody else: set apart, so that its direction and length
// disturb nothing.
export const foreign = (text) => h("bdi", { class: "foreign" }, words(text));

// button makes one.
export function button(label, attributes, press) {
  const element = h("button", { type: "button", ...attributes }, label);
  element.addEventListener("click", press);
  return element;
}

// terminal shows what a terminal would: what was typed, its output, its errors.
export function terminal(label, typed, stdout, stderr) {
  return h("div", { class: "terminal", role: "region", "aria-label": label },
    h("pre", {},
      h("span", { class: "prompt", "aria-hidden": "true" }, "$ "), h("span", { class: "typed" }, words(typed)), "\n",
      stdout ? h("span", { class: "out" }, words(stdout)) : null,
      stderr ? h("span", { class: "err" }, ...stderr.split(/(?<=\n)/).map(errorLine)) : null));
}

// words keeps each word of a line whole: a browser would break it after a dash.
export const words = (line) => line.split(/(\s+)/).map((word) => (/\S/.test(word) ? h("span", { class: "word" }, word) : word));

const errorLine = (line) => {
  const kind = line.startsWith("Connect-Entra: ") ? "failed" : line.startsWith("WARNING: ") ? "warned" : line.startsWith("  try: ") ? "cure" : "";
  return h("span", kind ? { class: kind } : {}, words(line));
};

// list is a list of names and what stands beside each.
export const list = (className, rows) =>
  h("dl", { class: className }, rows.map(([name, ...values]) =>
    h("div", {}, h("dt", {}, name), values.filter(Boolean).map((value) => h("dd", {}, value)))));

let saying;

// announce tells a screen reader, once typing has paused.
export function announce(text) {
  clearTimeout(saying);
  saying = setTimeout(() => { byId("heard").textContent = text; }, 700);
}
