// Package guid makes and knows GUIDs, which name everything in Entra: tenants, applications,
// requests.
//
//	id := guid.New()
//	guid.Is("14d82eec-204b-4c2f-b7e8-296a70dab67e") // true
//
// One names something and is no secret. It is a package of its own as PowerShell's language,
// what goes over the wire, the practice cloud and the program around them all need it.
package guid

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
)

// New gives a random one (version 4, RFC 9562 §5.4) in lower case. It is unlikely ever to
// come twice, but may be guessed: what must not be is for crypto/rand.
func New() string {
	var b [16]byte
	binary.NativeEndian.PutUint64(b[:8], rand.Uint64())
	binary.NativeEndian.PutUint64(b[8:], rand.Uint64())
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// Is holds for 8-4-4-4-12 hexadecimal digits, of either case and any version.
func Is(text string) bool {
	digits, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	return err == nil && len(digits) == 16 && len(text) == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-'
}
