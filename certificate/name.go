// Subject names as .NET writes them, which is what -CertificateSubjectName is compared
// with: the whole name, and never a part of it.

package certificate

import (
	"cmp"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"connect-entra/failure"
)

// attributeNames are .NET's names for the parts of a name; the last five it asks of the
// operating system, and these are Linux's. What is not here is written OID.1.2.3=.
var attributeNames = map[string]string{
	"2.5.4.3":                    "CN",
	"2.5.4.4":                    "SN",
	"2.5.4.5":                    "SERIALNUMBER",
	"2.5.4.6":                    "C",
	"2.5.4.7":                    "L",
	"2.5.4.8":                    "S",
	"2.5.4.9":                    "STREET",
	"2.5.4.10":                   "O",
	"2.5.4.11":                   "OU",
	"2.5.4.12":                   "T",
	"2.5.4.17":                   "PostalCode",
	"2.5.4.42":                   "G",
	"2.5.4.43":                   "I",
	"1.2.840.113549.1.9.1":       "E",
	"0.9.2342.19200300.100.1.25": "DC",

	"0.9.2342.19200300.100.1.1": "userId",
	"2.5.4.41":                  "name",
	"2.5.4.46":                  "dnQualifier",
	"2.5.4.65":                  "pseudonym",
	"2.5.4.97":                  "organizationIdentifier",
}

// attributeSET is one RelativeDistinguishedName; encoding/asn1 goes by the type's name.
type attributeSET []struct {
	Type  asn1.ObjectIdentifier
	Value asn1.RawValue
}

// distinguishedName writes a DER name as X500DistinguishedName.Name does: the last part
// first. It is "" for an empty name and for what is no name.
func distinguishedName(der []byte) string {
	var parts []attributeSET
	if rest, err := asn1.Unmarshal(der, &parts); err != nil || len(rest) > 0 {
		return ""
	}
	slices.Reverse(parts)
	var written []string
	for _, part := range parts {
		var attributes []string
		for _, a := range part {
			name, ok := attributeNames[a.Type.String()]
			if !ok {
				name = "OID." + a.Type.String()
			}
			attributes = append(attributes, name+"="+quoteValue(attributeText(a.Value)))
		}
		written = append(written, strings.Join(attributes, " + "))
	}
	return strings.Join(written, ", ")
}

// subjectOf is what a certificate is called in a message.
func subjectOf(certificate *x509.Certificate) string {
	return failure.Clean(cmp.Or(distinguishedName(certificate.RawSubject), "without a subject"))
}

// quoteValue quotes as .NET does: "" for ", and no backslashes.
func quoteValue(text string) string {
	outer := func(s string) bool { return strings.ContainsAny(s, " \t\n\v\f\r") }
	if text != "" && !strings.ContainsAny(text, ",+=\"\n<>#;") && !outer(text[:1]) && !outer(text[len(text)-1:]) {
		return text
	}
	return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
}

// attributeText decodes ASN.1's kinds of string.
func attributeText(value asn1.RawValue) string {
	data := value.Bytes
	switch {
	case value.Class != asn1.ClassUniversal || value.IsCompound:
		return "#" + strings.ToUpper(hex.EncodeToString(value.FullBytes))
	case value.Tag == asn1.TagBMPString:
		var units []uint16
		for ; len(data) >= 2; data = data[2:] {
			units = append(units, uint16(data[0])<<8|uint16(data[1]))
		}
		return string(utf16.Decode(units))
	case utf8.Valid(data):
		return string(data)
	}
	var text strings.Builder // a T61String is in practice Latin-1
	for _, b := range data {
		fmt.Fprintf(&text, "%c", b)
	}
	return text.String()
}

// sameName compares as .NET's OrdinalIgnoreCase: by upper case of each character, of
// which ı and ſ have none, so that they equal no ASCII letter.
func sameName(a, b string) bool { return ordinalUpper(a) == ordinalUpper(b) }

func ordinalUpper(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\u0131' || r == '\u017f' {
			return r
		}
		return unicode.ToUpper(r)
	}, s)
}
