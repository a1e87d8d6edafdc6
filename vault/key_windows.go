package vault

import (
	"errors"
	"io/fs"
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

// systemKey is a file that DPAPI encrypted for this user on this host.
var systemKey = keyHolder{
	name:  "dpapi",
	about: "Windows' data protection for this user",
	gone:  "its key file has been deleted",
	read:  readProtected,
	hold:  holdProtected,
	drop:  func(f *folder) error { return f.remove(protectedName) },
	place: func() (place, epoch string) { return "here", "always" },
}

const protectedName = "key.dpapi"

func readProtected(f *folder) ([]byte, error) {
	blob, err := f.read(protectedName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errKeyGone
	}
	if err != nil || len(blob) == 0 {
		return nil, errors.Join(err, os.ErrInvalid)
	}
	return protect(blob, false)
}

func holdProtected(f *folder, key []byte) error {
	blob, err := protect(key, true)
	if err != nil {
		return err
	}
	return f.replace(protectedName, blob)
}

// protect runs data through DPAPI, one way or the other. The result is Windows' memory,
// copied and freed.
func protect(data []byte, encrypt bool) ([]byte, error) {
	const noUI = 1 // CRYPTPROTECT_UI_FORBIDDEN
	in := windows.DataBlob{Size: uint32(len(data)), Data: &data[0]}
	var out windows.DataBlob
	var err error
	if encrypt {
		err = windows.CryptProtectData(&in, nil, nil, 0, nil, noUI, &out)
	} else {
		err = windows.CryptUnprotectData(&in, nil, nil, 0, nil, noUI, &out)
	}
	if err != nil {
		return nil, err
	}
	defer windows.LocalFree(windows.Handle(unsafe.Pointer(out.Data)))
	return append([]byte(nil), unsafe.Slice(out.Data, out.Size)...), nil
}
