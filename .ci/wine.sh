#!/usr/bin/env bash
# Runs the tests for Windows, each package's in its own folder, under Debian's Wine 8: what
# Windows' own calls do here is tested, and not hoped for. Arguments go to all of them:
# .ci/wine.sh -test.run Store
#
# Left out is the test that kills processes by the hundred: now and then Wine then fails to
# start the next one. Two things that Wine lacks are supplied, for the tests alone: a DLL
# without which no Go program starts (wine_shim.go), and removing a file by its handle with
# POSIX semantics: Wine says that it cannot with a status that Go does not take for that, so
# Go is built to use its way for older Windows at once.
set -euo pipefail
cd "$(dirname "$0")/.."

wine=/usr/lib/wine/wine64
[ -x $wine ] || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends wine64 >/dev/null; }

work=$(mktemp -d)
export WINEPREFIX=$work/prefix WINEDEBUG=-all WINEDLLOVERRIDES='mscoree=;mshtml='
trap '/usr/lib/wine/wineserver64 -k 2>/dev/null || true; rm -rf "$work"' EXIT

mkdir "$WINEPREFIX"
$wine wineboot --init >/dev/null 2>&1
$wine reg add 'HKCU\Software\Wine' /v Version /d win10 /f >/dev/null
go run .ci/wine_shim.go "$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll"

removal=$(go env GOROOT)/src/internal/syscall/windows/at_windows.go
sed 's/^var TestDeleteatFallback bool$/var TestDeleteatFallback = true/' "$removal" >"$work/at_windows.go"
! cmp -s "$removal" "$work/at_windows.go" || { echo "Go's way to remove a file has changed: $removal"; exit 1; }
printf '{"Replace": {"%s": "%s"}}' "$removal" "$work/at_windows.go" >"$work/overlay.json"

export GOOS=windows GOARCH=amd64 CGO_ENABLED=0
for folder in $(go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.Dir}}{{end}}' ./...); do
	echo "-- $(realpath --relative-to=. "$folder")"
	go test -c -overlay "$work/overlay.json" -o "$work/tests.exe" "$folder"
	(cd "$folder" && $wine "$work/tests.exe" -test.timeout 40m -test.skip '^TestKilledWhileWriting$' "$@")
done

# A prompt at a console: nothing that is typed may be shown, and it must arrive.
go build -o "$work/connect-entra.exe" .
command -v script >/dev/null || { apt-get update -qq && apt-get install -qq -y bsdutils >/dev/null; }
prompt() { # WHAT IS TYPED
	{ sleep 3; printf '%s\r' "$1"; sleep 3; } | script -qec "$wine '$work/connect-entra.exe' -Environment Sandbox -ClientId 00000000-0000-4000-8000-0000000000c1 \
		-TenantId 00000000-0000-4000-8000-000000000001 -Certificate certificate/testdata/exports/encrypted.pem" /dev/null
}
for typed in practice wrong; do
	prompt $typed >"$work/console" || true
	grep -aq 'Password for certificate/testdata/exports/encrypted.pem:' "$work/console" && ! sed '/Connect-Entra:/,$d' "$work/console" | grep -aq "$typed" ||
		{ echo "the console's prompt went wrong:"; cat -v "$work/console"; exit 1; }
	grep -aq 'wrong-password' "$work/console" && said=wrong || said=practice
	[ $said = $typed ] || { echo "$typed did not arrive:"; cat -v "$work/console"; exit 1; }
done
echo "the console's prompt works"
