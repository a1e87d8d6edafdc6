package certificate

import (
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"connect-entra/failure"
)

// certificateSeeds are the files of testdata, less the one that is slow on purpose.
func certificateSeeds(t testing.TB) [][]byte {
	t.Helper()
	var seeds [][]byte
	for _, pattern := range []string{opensslFiles + "*", dotnetFiles + "*", "testdata/store/*"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatal(pattern, err)
		}
		for _, name := range names {
			seeds = append(seeds, readTestFile(t, name))
		}
	}
	return seeds
}

// readHostile reads data as a certificate file with a password. Whatever it holds, what
// comes out is a pair that belongs together or a failure that names the file.
func readHostile(t *testing.T, data []byte) {
	r := reader{Loader: named("practice"), password: "practice"}
	err := r.add(t.Context(), data, "hostile")
	if err == nil {
		err = r.match("hostile")
	}
	if err == nil {
		if !samePublicKey(r.Key.Public(), r.Chain[0].PublicKey) {
			t.Error("the key is another certificate's")
		}
		err = r.check()
	}
	if err != nil {
		if line := refusalLine(t, err); !utf8.ValidString(line) || strings.ContainsFunc(line, failure.IsControl) {
			t.Errorf("%q cannot be shown", line)
		}
	}
}

func FuzzFile(f *testing.F) {
	for _, seed := range certificateSeeds(f) {
		f.Add(seed)
	}
	f.Fuzz(readHostile)
}

func FuzzName(f *testing.F) {
	for _, seed := range certificateSeeds(f) {
		f.Add(seed)
	}
	f.Add([]byte("\x30\x0f\x31\x0d\x30\x0b\x06\x03\x55\x04\x03\x1e\x04\x00a\x00b"))
	f.Fuzz(func(t *testing.T, der []byte) {
		if name := distinguishedName(der); !sameName(name, name) {
			t.Errorf("%q is not itself", name)
		}
	})
}

// TestDamagedCertificateFiles changes bytes of real files: none may cost much time.
func TestDamagedCertificateFiles(t *testing.T) {
	const each, longest = 250, 3 * time.Second // a second, on a machine that does other things too
	random := rand.New(rand.NewPCG(1, 2))
	for _, seed := range certificateSeeds(t) {
		for range each {
			data := append([]byte(nil), seed...)
			for range 1 + random.IntN(3) {
				at := random.IntN(len(data))
				switch random.IntN(3) {
				case 0:
					data[at] = byte(random.Uint32())
				case 1:
					data[at] ^= 1 << random.IntN(8)
				case 2:
					data = data[:max(at, 1)]
				}
			}
			began := time.Now()
			readHostile(t, data)
			if took := time.Since(began); took > longest {
				t.Errorf("%v for %x", took, data)
			}
		}
	}
}
