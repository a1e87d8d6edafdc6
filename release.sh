#!/usr/bin/env bash
# Makes a release of the last commit in dist/: ./release.sh v1.2.3
#
# Every binary is built twice, in two folders and the second time from an empty cache, and
# must be the same byte for byte: who has this commit and this Go can make the same files.
set -euo pipefail
cd "$(dirname "$0")"
version=${1:?usage: ./release.sh VERSION}

targets="linux/amd64 linux/arm64 linux/arm linux/riscv64 windows/amd64 windows/arm64 darwin/amd64 darwin/arm64"
sbom=github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0

# What a person's own settings may not change: the oldest processor of each kind is meant.
export GOTOOLCHAIN=local GOFLAGS=-mod=readonly GOEXPERIMENT='' CGO_ENABLED=0
export GOAMD64=v1 GOARM64=v8.0 GOARM=6 GORISCV64=rva20u64 LC_ALL=C TZ=UTC

work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
rm -rf dist
mkdir dist
dist=$PWD/dist

step() { printf '\n== %s\n' "$*"; }

# name is what the binary for a target is called.
name() { case $1 in windows/*) echo "connect-entra-${1//\//-}.exe" ;; *) echo "connect-entra-${1//\//-}" ;; esac; }

git archive HEAD >"$work/source.tar"

build() { # FOLDER CACHE: unpacks the commit and builds it into FOLDER/out
	mkdir -p "$1/source" "$1/out"
	tar -x -C "$1/source" -f "$work/source.tar"
	for target in $targets; do
		(cd "$1/source" && GOCACHE=$2 GOOS=${target%/*} GOARCH=${target#*/} \
			go build -trimpath -buildvcs=false -ldflags="-s -w -X main.release=$version" -o "$1/out/$(name "$target")" .)
	done
}

step "binaries, twice"
build "$work/one" "$(go env GOCACHE)"
build "$work/another/folder" "$work/cache"
for target in $targets; do
	cmp "$work/one/out/$(name "$target")" "$work/another/folder/out/$(name "$target")"
done
cp "$work"/one/out/* "$dist/"
cd "$work/one/source"
echo "built with $(go version), the same both times"

step "what is linked"
modules() { go version -m "$1" | awk '$1 == "dep" { print $2 "@" $3 }'; }
for target in $targets; do modules "$dist/$(name "$target")"; done | sort -u >"$work/modules"
cat "$work/modules"
go run $sbom bin -json -std -noserial -notimestamp -version "$version" -output "$dist/connect-entra.cdx.json" "$dist/connect-entra-linux-amd64"
for module in $(cat "$work/modules"); do
	grep -qF "\"purl\": \"pkg:golang/${module%@*}@${module#*@}" "$dist/connect-entra.cdx.json" || { echo "the SBOM lacks $module"; exit 1; }
done

step "licences"
{
	printf 'connect-entra %s\n\n' "$version" && cat LICENSE
	printf '\n\n%s\n\n' "$(go version | cut -d' ' -f3): the Go runtime and standard library" && cat "$(go env GOROOT)/LICENSE"
	while read -r module; do
		folder=$(go list -m -f '{{.Dir}}' "${module%@*}")
		texts=$(find "$folder" -maxdepth 1 -iname 'LICEN[CS]E*' -o -maxdepth 1 -iname 'COPYING*' -o -maxdepth 1 -iname 'NOTICE*' | sort)
		[ -n "$texts" ] || { echo "$module has no licence text" >&2; exit 1; }
		for text in $texts; do printf '\n\n%s (%s)\n\n' "$module" "$(basename "$text")" && cat "$text"; done
	done <"$work/modules"
} >"$dist/LICENSES.txt"
wc -l <"$dist/LICENSES.txt"

step "shell completions"
mkdir "$dist/completions"
for shell in bash zsh fish powershell; do go run . completion $shell >"$dist/completions/connect-entra.$shell"; done

step "the page"
go run ./wasm -o "$dist/page"
command -v brotli >/dev/null || { apt-get update -qq && apt-get install -qq -y brotli >/dev/null; }
find "$dist/page" -type f ! -name '*.gz' ! -name '*.txt' ! -name _headers -exec brotli -f -q 11 -w 24 {} +

step "sums and sizes"
(cd "$dist" && find . -type f ! -name SHA256SUMS -printf '%P\n' | sort | xargs sha256sum >SHA256SUMS)
(cd "$dist" && find . -type f -printf '%10s %P\n' | sort -k2)
