package vault_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"connect-entra/vault"
)

func Example() {
	home, _ := os.MkdirTemp("", "home")
	defer os.RemoveAll(home)
	key := filepath.Join(home, "key")
	os.WriteFile(key, []byte("32 random bytes, or more of them"), 0o600)

	v, err := vault.Open(vault.Options{Folder: filepath.Join(home, "notes"), KeyFile: key, Contents: "notes"}, true)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer v.Close()
	if err := v.Ready(); err != nil { // before what is to be kept is made
		fmt.Println(err)
		return
	}
	unlock, err := v.Lock(context.Background(), "monday")
	if err != nil {
		fmt.Println(err)
		return
	}
	err = v.Write("monday", []byte("nobody else can read this"))
	unlock()
	fmt.Println(err)

	data, _, err := v.Read("monday")
	fmt.Printf("%s, %v\n", data, err)
	_, _, err = v.Read("tuesday")
	fmt.Println(errors.Is(err, fs.ErrNotExist))
	// Output:
	// <nil>
	// nobody else can read this, <nil>
	// true
}
