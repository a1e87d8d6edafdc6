#!/usr/bin/env bash
# Programs of other people's sign in inside a command: Azure's SDKs for Go and JavaScript,
# Python's and curl's plain HTTP; and a page in a browser, which must get nothing.
set -euo pipefail
cd "$(dirname "$0")/../clients"

missing=()
command -v curl >/dev/null || missing+=(curl)
command -v python3 >/dev/null || missing+=(python3)
command -v node >/dev/null || missing+=(nodejs npm)
command -v chromium >/dev/null || missing+=(chromium)
[ ${#missing[@]} -eq 0 ] || { apt-get update -qq && apt-get install -qq -y "${missing[@]}" >/dev/null; }
npm ci --silent --no-audit --no-fund
go vet ./...
go test -count=1 ./...
