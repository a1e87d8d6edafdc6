#!/usr/bin/env bash
# The page: the package's tests under node, then the page itself in a real Chromium, its
# weight and how soon it is ready. Screenshots go to wasm/test/screenshots.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== page: %s\n' "$*"; }

command -v node npm >/dev/null || { echo "node and npm are needed"; exit 1; }
[ -x /usr/bin/chromium ] || { apt-get update -qq && apt-get install -qq -y chromium >/dev/null; }
(cd wasm/test && npm ci --silent --no-audit --no-fund)

step "the package's tests, as js/wasm under node"
GOOS=js GOARCH=wasm go test -exec="$(go env GOROOT)/lib/wasm/go_js_wasm_exec" .

step "in Chromium"
(cd wasm/test && node --test --test-concurrency=1 --test-reporter=spec page.test.mjs site.test.mjs)

site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
go run ./wasm -o "$site"

step "how soon it is ready"
node wasm/test/bench.mjs "$site" 7

step "what the first visit loads"
node wasm/test/size.mjs "$site"
