// Certificate stores: which certificate is meant, by the reference's rules, and why none
// of those there will do. It knows nothing of how an operating system keeps them.

package certificate

import (
	"cmp"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"

	"connect-entra/failure"
)

// The stores, as PowerShell's Cert: drive names them, in the order of the search.
const (
	currentUser  = `CurrentUser\My`
	localMachine = `LocalMachine\My`
)

var allStores = []string{currentUser, localMachine}

// stored is one certificate of a store. Its key is fetched only when it is chosen, as a
// smart card would ask for its PIN.
type stored struct {
	store       string
	thumbprint  string            // SHA-1 in upper case
	subject     string            // as .NET writes it; "" where certificate is nil
	certificate *x509.Certificate // nil where it cannot be read, which open explains
	open        func() (Pair, error)
}

func newStored(store string, certificate *x509.Certificate, open func() (Pair, error)) stored {
	return stored{store, thumbprintOf(certificate), distinguishedName(certificate.RawSubject), certificate, open}
}

// thumbprintOf is how Windows and Entra's admin center name a certificate.
func thumbprintOf(certificate *x509.Certificate) string {
	return fmt.Sprintf("%X", sha1.Sum(certificate.Raw))
}

// search is what to look for and where.
type search struct {
	Loader
	subject    string
	thumbprint string // without what dialogs put between
	stores     []string
	sought     string // the reference's words for what was looked for
}

// searchOf makes a search of ref; ok is false where ref names a file.
func (l Loader) searchOf(ref Ref) (s search, ok bool, err error) {
	s.Loader, s.stores = l, allStores
	switch {
	case ref.Subject != "":
		s.subject, s.sought = ref.Subject, "subject name '"+failure.Clean(ref.Subject)+"'"
		return s, true, nil
	case ref.Thumbprint != "":
		s.thumbprint = tidy(ref.Thumbprint)
	default:
		path := strings.ReplaceAll(ref.Path, "/", `\`)
		if len(path) < 5 || !strings.EqualFold(path[:5], "Cert:") {
			return s, false, nil
		}
		// "Cert:\CurrentUser\My\THUMBPRINT"; the first backslash may be missing in PowerShell.
		path = strings.TrimPrefix(path[5:], `\`)
		last := max(strings.LastIndex(path, `\`), 0)
		folder, thumbprint := path[:last], strings.TrimPrefix(path[last:], `\`)
		i := slices.IndexFunc(allStores, func(store string) bool { return strings.EqualFold(store, folder) })
		if s.thumbprint = tidy(thumbprint); i < 0 || len(s.thumbprint) != 40 && len(s.thumbprint) != 64 {
			return s, true, failure.New("bad-value", "%s does not name a certificate.", failure.Clean(ref.Path)).
				Try(`write it as PowerShell does: Cert:\%s\ or Cert:\%s\ and the thumbprint, 40 hexadecimal digits`, currentUser, localMachine)
		}
		s.stores = allStores[i : i+1]
	}
	s.sought = "thumbprint '" + failure.Clean(s.thumbprint) + "'"
	return s, true, nil
}

// tidy forgives what dialogs and people add to a thumbprint: spaces, colons and the
// invisible marks that Windows' certificate dialog copies.
func tidy(thumbprint string) string {
	return strings.NewReplacer(" ", "", ":", "", "\u200e", "", "\u200f", "", "\ufeff", "").Replace(thumbprint)
}

// find takes the first store that has a match, and there the newest of those that are valid
// today. Source: GetCertificateByThumbprint and GetCertificateByName in
// msgraph-sdk-powershell's AuthenticationHelpers.cs.
func (s search) find() (Pair, error) {
	all, err := s.list(s.stores)
	if err != nil {
		return Pair{}, s.notFound("The store cannot be read: " + failure.Clean(err.Error()) + ".").Because(err)
	}
	return s.choose(all)
}

func (s search) choose(all []stored) (Pair, error) {
	all = slices.DeleteFunc(all, func(c stored) bool { return !slices.Contains(s.stores, c.store) })
	now := time.Now()
	var refusal error
	for _, store := range s.stores {
		fit := slices.DeleteFunc(slices.Clone(all), func(c stored) bool {
			return c.store != store || !s.matches(c) || c.certificate != nil && checkDates(c.certificate, now) != nil
		})
		if len(fit) == 0 {
			continue
		}
		pair, err := slices.MaxFunc(fit, byNotBefore).open()
		if err == nil {
			return pair, pair.check()
		}
		// A copy without its key in one store must not hide the one with it in the next.
		if refusal == nil {
			refusal = err
		}
	}
	if refusal != nil {
		return Pair{}, refusal
	}
	return Pair{}, s.miss(all, now)
}

// byNotBefore puts the newest last, and first what cannot be read.
func byNotBefore(a, b stored) int {
	begin := func(c stored) (t time.Time) {
		if c.certificate != nil {
			t = c.certificate.NotBefore
		}
		return t
	}
	return begin(a).Compare(begin(b))
}

func (s search) matches(c stored) bool {
	if s.subject != "" {
		return c.certificate != nil && sameName(s.subject, c.subject)
	}
	return strings.EqualFold(s.thumbprint, c.thumbprint)
}

// notFound is the reference's text, with what is known besides.
func (s search) notFound(why string) *failure.Error {
	return failure.New("certificate-not-found", "%s", strings.TrimSpace("Certificate with "+s.sought+" was not found in certificate store or has expired. "+why)).
		Try("name its file instead: -Certificate FILE")
}

// noKeyInStore refuses the public part alone.
func noKeyInStore(certificate *x509.Certificate, store string) *failure.Error {
	return badCertificate("The certificate "+subjectOf(certificate)+" in "+store, "has no private key there").
		Try("%s", importWithKey)
}

const importWithKey = "import it with its private key (a PFX file), or name such a file: -Certificate FILE"

// miss says why nothing of all would do, by the nearest that is there.
func (s search) miss(all []stored, now time.Time) error {
	for _, c := range all {
		if c.certificate == nil {
			continue
		}
		if len(s.thumbprint) == 64 && strings.EqualFold(s.thumbprint, fmt.Sprintf("%x", sha256.Sum256(c.certificate.Raw))) {
			return failure.New("bad-value", "%s This is the SHA-256 thumbprint of %s.", notSHA1, failure.Clean(c.subject)).
				Try("give its SHA-1 thumbprint: %s", c.thumbprint)
		}
		if s.matches(c) {
			when, cure := "expired on "+day(c.certificate.NotAfter), newCertificate
			if now.Before(c.certificate.NotBefore) {
				when, cure = "is not valid before "+day(c.certificate.NotBefore), waitForIt
			}
			f := s.notFound(fmt.Sprintf("It is in %s, but %s.", c.store, when)).Try("%s", cure)
			f.ID = "certificate-expired"
			return f
		}
	}
	if len(s.thumbprint) == 64 {
		return failure.New("bad-value", notSHA1).Try("64 digits are a SHA-256 thumbprint: give the SHA-1 one, 40 hexadecimal digits")
	}
	if c, ok := s.similar(all); ok {
		subject := failure.Clean(c.subject)
		f := s.notFound("The nearest there is " + subject + ".")
		if s.Quote != nil {
			subject = s.Quote(subject)
		}
		return f.Try("give the whole subject: -CertificateSubjectName %s", subject)
	}
	f := s.notFound(summary(all, s.stores))
	if s.thumbprint != "" && strings.Trim(s.thumbprint, "0123456789abcdefABCDEF") != "" {
		return f.Try("type the thumbprint again: it has characters that are no hexadecimal digits")
	}
	return f
}

// notSHA1 is the reference's text for a thumbprint of another length.
const notSHA1 = "'CertificateThumbprint' must have a length of 40. Ensure you have the right certificate thumbprint then try again."

// summary names what a store holds, up to a few: on a host without Windows there is no
// other way to see it.
func summary(all []stored, stores []string) string {
	const shown = 5
	if len(all) == 0 {
		return "There is none in " + strings.Join(stores, " or ") + "."
	}
	var lines []string
	for _, c := range all {
		name := failure.Clean(cmp.Or(c.subject, "one that cannot be read"))
		lines = append(lines, fmt.Sprintf("%s (%s)", name, c.thumbprint))
	}
	if more := len(lines) - shown; more > 0 {
		lines = append(lines[:shown], fmt.Sprintf("%d more", more))
	}
	return "There are: " + strings.Join(lines, "; ") + "."
}

// similar finds the subject that was meant: one with all that was typed and more, or one
// that only other spaces, another order, a missing CN= or a slip or two keep from matching.
func (s search) similar(all []stored) (stored, bool) {
	if s.subject == "" || s.Nearest == nil {
		return stored{}, false
	}
	typed := looseParts(s.subject)
	var names []string
	subjects := map[string]stored{}
	for _, c := range all {
		if c.certificate == nil {
			continue
		}
		parts := looseParts(c.subject)
		if !slices.ContainsFunc(typed, func(part string) bool { return !slices.Contains(parts, part) }) {
			return c, true
		}
		name := strings.Join(parts, ",")
		names = append(names, name)
		subjects[name] = c
	}
	c, ok := subjects[s.Nearest(strings.Join(typed, ","), names)]
	return c, ok
}

// looseParts are the parts of a name without what people get wrong: case, spaces, order,
// CN= left out.
func looseParts(name string) []string {
	parts := strings.Split(strings.ReplaceAll(strings.ToLower(name), " ", ""), ",")
	for i, part := range parts {
		if !strings.Contains(part, "=") {
			parts[i] = "cn=" + part
		}
	}
	slices.Sort(parts)
	return parts
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
