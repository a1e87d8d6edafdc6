// The Go program: the same package as in the terminal. Its functions, each of which
// gives a Promise, are described in main_js.go.

async function start() {
  if (!("WebAssembly" in globalThis)) throw new Error("this browser runs no WebAssembly");
  const { href, dataset } = document.querySelector('link[as="fetch"]');
  const go = new globalThis.Go();
  const { instance } = await WebAssembly.instantiateStreaming(fetch(href, { integrity: dataset.integrity ?? "" }), go.importObject);
  const ended = go.run(instance); // it stays; when it ends, that is a crash
  performance.mark("engine-ready");
  return { ...globalThis.connectEntra, ended };
}

export const engine = start();

// clouds are all national clouds, as the terminal lists them.
export const clouds = async () => JSON.parse((await (await engine).run(["environments", "-All", "-Json"], "")).stdout);
