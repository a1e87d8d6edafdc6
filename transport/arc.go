// Azure Arc's challenge: the key file that its agent names.

package transport

import (
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"connect-entra/failure"
)

// checkArcChallenge looks at the file that Arc's agent names before MSAL opens it: the
// agent proves itself by a file that only it can write, so it must be one of its own, and
// no way around that (CVE-2024-35255).
func checkArcChallenge(h http.Header) error {
	values := h.Values("WWW-Authenticate")
	if len(values) != 1 {
		return wrongKeyFile("it names none, or several")
	}
	path, ok := strings.CutPrefix(values[0], "Basic realm=")
	folder := arcFolder()
	switch {
	case !ok || folder == "":
		return wrongKeyFile("it names none")
	case filepath.Clean(path) != path || filepath.Dir(path) != folder || filepath.Ext(path) != ".key" || strings.ContainsAny(path, "%\"'\x00\r\n"):
		return wrongKeyFile("it is not a .key file in " + folder)
	}
	return checkKeyFile(path)
}

func wrongKeyFile(why string) error {
	return failure.New("hostile-answer", "The managed-identity service of Azure Arc names a key file that is not its own: %s.", why)
}

// checkKeyFile lets through a plain file of at most 4096 bytes, of the owner of its folder
// or the system's.
func checkKeyFile(path string) error {
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return failure.New("no-managed-identity", "Azure Arc's key file cannot be read: %s.", fileReason(err)).Because(err).
			Try("run as a member of the group himds, or as root")
	case !info.Mode().IsRegular() || info.Size() > 4096:
		return wrongKeyFile("it is no file of at most 4096 bytes")
	}
	folder, err := os.Lstat(filepath.Dir(path))
	if err != nil || !isOf(info, folder) {
		return wrongKeyFile("it belongs to somebody else")
	}
	return nil
}

// fileReason is the system's own word for why a file cannot be had.
func fileReason(err error) string {
	switch {
	case os.IsNotExist(err):
		return "it does not exist"
	case os.IsPermission(err):
		return "permission denied"
	}
	return "the system does not say why"
}

// arcFolder is where the agent keeps its key files; "" where there is no agent.
func arcFolder() string {
	switch runtime.GOOS {
	case "linux":
		return "/var/opt/azcmagent/tokens"
	case "windows":
		return filepath.Join(os.Getenv("ProgramData"), "AzureConnectedMachineAgent", "Tokens")
	}
	return ""
}
