package certificate

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"connect-entra/failure"
)

// list gives what the stores hold. On Linux CurrentUser\My is the folder in
// which .NET, and so PowerShell, keeps it: one PFX file without password for each
// certificate, THUMBPRINT.pfx or THUMBPRINT.N.pfx. Source: OpenSslDirectoryBasedStoreProvider
// in dotnet/runtime.
func (l Loader) list(stores []string) ([]stored, error) {
	if !slices.Contains(stores, currentUser) {
		return nil, errors.New("Unix LocalMachine X509Store is limited to the Root and CertificateAuthority stores") // .NET's words
	}
	folder := filepath.Join(l.Home, ".dotnet", "corefx", "cryptography", "x509stores", "my")
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []stored
	for _, entry := range entries {
		if strings.EqualFold(filepath.Ext(entry.Name()), ".pfx") {
			all = append(all, l.readStored(filepath.Join(folder, entry.Name())))
		}
	}
	return all, nil
}

// readStored reads one file of the store. Of one that cannot be read only its name is
// known.
func (l Loader) readStored(path string) stored {
	thumbprint, _, _ := strings.Cut(filepath.Base(path), ".")
	info, err := os.Stat(path)
	var pair Pair
	if err == nil {
		var data []byte
		if data, err = readPath(path); err == nil {
			pair, err = decodePFX(data, "")
		}
	}
	if err == nil && pair.Key == nil {
		return newStored(currentUser, pair.Chain[0], func() (Pair, error) {
			return Pair{}, noKeyInStore(pair.Chain[0], currentUser)
		})
	}
	if err == nil {
		err = pair.match(path)
	}
	if err != nil {
		return stored{store: currentUser, thumbprint: strings.ToUpper(thumbprint), open: func() (Pair, error) {
			return Pair{}, badCertificate("The certificate "+thumbprint+" in "+currentUser, "cannot be used: "+failure.Clean(err.Error())).Because(err).
				Try("import it with its private key, or name its file: -Certificate FILE")
		}}
	}
	return newStored(currentUser, pair.Chain[0], func() (Pair, error) {
		l.warnOfReaders(path, info.Mode())
		return pair, nil
	})
}
