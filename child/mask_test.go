package child

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// masking is a masker that knows two tokens, of which one begins as the other does.
func masking() *masker {
	return &masker{tokens: [][]byte{[]byte("eyJ0.canary.one"), []byte("eyJ0.canary.two-and-more")}}
}

// TestMaskAcrossWrites splits what is written at every place, and into single bytes.
func TestMaskAcrossWrites(t *testing.T) {
	const last = "LAST"
	text := "a eyJ0.canary.one\x00\xffeyJ0.canary.two-and-moreeyJ0.canary.oneyJ0.can eyJ0.canary.twoLAeyJ0.canary.on"
	want := "a ***\x00\xff******yJ0.can eyJ0.canary.twoLAeyJ0.canary.on"
	for cut := range len(text) {
		var out bytes.Buffer
		masking().copy(&out, io.MultiReader(strings.NewReader(text[:cut]), strings.NewReader(text[cut:]+last), strings.NewReader("never read")), []byte(last))
		if out.String() != want {
			t.Errorf("split at %d: %q", cut, out.String())
		}
	}
	for _, end := range []string{last, ""} { // told, or all writers have gone
		var out bytes.Buffer
		masking().copy(&out, iotest.OneByteReader(strings.NewReader(text+end)), []byte(last))
		if out.String() != want {
			t.Errorf("byte by byte, ended by %q: %q", end, out.String())
		}
	}
}

// TestMaskHoldsLittle has what is no token come out at once, as a prompt must.
func TestMaskHoldsLittle(t *testing.T) {
	c := masking()
	for text, held := range map[string]string{"Name: ": "", "$ ": "", "eyJ": "eyJ", "x eyJ0.canary.t": "eyJ0.canary.t", "eyJ0.canary.x": "", "L": "L"} {
		if out, rest, ended := c.show([]byte(text), []byte("LAST")); string(rest) != held || string(out)+held != text || ended {
			t.Errorf("%q: shows %q and holds %q", text, out, rest)
		}
	}
}

// TestMaskPasses lets everything else through as it is, for as long as it is.
func TestMaskPasses(t *testing.T) {
	text := bytes.Repeat([]byte("eyJ0.canar\x00\r\n\xfeeyJ0.canary.tw"), 1<<17)
	var out bytes.Buffer
	masking().copy(&out, bytes.NewReader(text), []byte("LAST"))
	if !bytes.Equal(out.Bytes(), text) {
		t.Errorf("%d bytes became %d", len(text), out.Len())
	}
}

func FuzzMask(f *testing.F) {
	f.Add([]byte("eyJ0.canary.eyJ0.canary.one"), uint8(3))
	f.Fuzz(func(t *testing.T, text []byte, size uint8) {
		whole := []byte(strings.NewReplacer("eyJ0.canary.one", mask, "eyJ0.canary.two-and-more", mask).Replace(string(text)))
		var out bytes.Buffer
		parts := []io.Reader{}
		for rest := text; len(rest) > 0; {
			n := min(int(size)+1, len(rest))
			parts = append(parts, bytes.NewReader(rest[:n]))
			rest = rest[n:]
		}
		masking().copy(&out, io.MultiReader(parts...), []byte("\x00no such thing\xff"))
		if !bytes.Equal(out.Bytes(), whole) {
			t.Errorf("%q became %q, not %q", text, out.Bytes(), whole)
		}
	})
}
