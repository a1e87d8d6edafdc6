package failure_test

import (
	"errors"
	"fmt"
	"io/fs"

	"connect-entra/failure"
)

func Example() {
	read := func(name string) error {
		err := fs.ErrNotExist
		return failure.New("bad-value", "%q cannot be read.", failure.Clean(name)).
			Because(err).Try("check its path")
	}
	err := read("a\x1b[2Jb")

	f := failure.From(err)
	fmt.Printf("%s [%s], try: %s\n", f.Message, f.ID, f.Cure)
	fmt.Println(errors.Is(err, fs.ErrNotExist))
	fmt.Println(failure.From(errors.New("of no id")).ID)
	// Output:
	// "a\\x1b[2Jb" cannot be read. [bad-value], try: check its path
	// true
	// bug
}
