package certificate

import (
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// The search's rules, over stores of a test's making: what an operating system keeps is
// tested with its own file.

func TestSearchOf(t *testing.T) {
	const thumbprint = "6F8E0271154AD709245E2AC0E167D63592E2B208"
	for _, c := range []struct {
		ref          Ref
		subject      string
		thumbprint   string
		stores, file string
	}{
		{ref: Ref{Subject: "CN=a", Thumbprint: thumbprint, Path: "a.pem"}, subject: "CN=a", stores: `CurrentUser\My LocalMachine\My`},
		{ref: Ref{Thumbprint: thumbprint, Path: "a.pem"}, thumbprint: thumbprint, stores: `CurrentUser\My LocalMachine\My`},
		{ref: Ref{Thumbprint: "\u200e6f:8e:02:71:15:4a d7 09 24 5e 2ac0e167d63592e2b208"}, thumbprint: strings.ToLower(thumbprint), stores: `CurrentUser\My LocalMachine\My`},
		{ref: Ref{Path: "a.pem"}, file: "a.pem"},
		{ref: Ref{Path: "certs"}, file: "certs"},
		{ref: Ref{Path: `Cert:\CurrentUser\My\` + thumbprint}, thumbprint: thumbprint, stores: `CurrentUser\My`},
		{ref: Ref{Path: `cert:\localmachine\my\` + thumbprint}, thumbprint: thumbprint, stores: `LocalMachine\My`},
		{ref: Ref{Path: `Cert:/CurrentUser/My/` + thumbprint}, thumbprint: thumbprint, stores: `CurrentUser\My`},
		{ref: Ref{Path: `Cert:CurrentUser\My\` + thumbprint}, thumbprint: thumbprint, stores: `CurrentUser\My`},
	} {
		s, ok, err := Loader{}.searchOf(c.ref)
		if err != nil || ok != (c.file == "") || ok && (s.subject != c.subject || s.thumbprint != c.thumbprint || strings.Join(s.stores, " ") != c.stores) {
			t.Errorf("%+v: %+v %v %v", c.ref, s, ok, err)
		}
	}
}

// shelf makes stores of certificates that differ in what a case is about.
type shelf struct {
	t   *testing.T
	all []stored
}

func (s *shelf) put(store, name string, from, to time.Time, refusal error) *x509.Certificate {
	key := exportedKey(s.t)
	certificate := makeCertificate(s.t, key, name, from, to)
	s.all = append(s.all, newStored(store, certificate, func() (Pair, error) {
		return Pair{[]*x509.Certificate{certificate}, key}, refusal
	}))
	return certificate
}

// oneSlip guesses as a program would: a name of the same length, less or more one.
func oneSlip(typed string, known []string) string {
	for _, name := range known {
		for i := range name {
			if typed == name[:i]+name[i+1:] || len(typed) == len(name) && typed[:i]+typed[i+1:] == name[:i]+name[i+1:] {
				return name
			}
		}
	}
	return ""
}

func quoted(text string) string { return "'" + text + "'" }

func TestChoiceInStores(t *testing.T) {
	now := time.Now()
	ago := func(days int) time.Time { return now.AddDate(0, 0, -days) }
	far := now.AddDate(10, 0, 0)
	s := shelf{t: t}
	s.put(currentUser, "one", ago(9), far, nil)
	newest := s.put(currentUser, "one", ago(3), far, nil)
	s.put(currentUser, "one", ago(5), far, nil)
	s.put(currentUser, "one", ago(2), ago(1), nil)
	s.put(currentUser, "one", far, far.AddDate(1, 0, 0), nil)
	s.put(localMachine, "one", ago(1), far, nil)
	machine := s.put(localMachine, "two", ago(9), far, nil)
	s.put(currentUser, "two", ago(2), ago(1), nil)
	s.put(currentUser, "three", ago(2), far, errors.New("no key here"))
	three := s.put(localMachine, "three", ago(9), far, nil)
	for _, c := range []struct {
		search Ref
		want   *x509.Certificate
	}{
		{Ref{Subject: "cn=ONE"}, newest},
		{Ref{Subject: "CN=two"}, machine},
		{Ref{Subject: "CN=three"}, three},
		{Ref{Thumbprint: strings.ToLower(thumbprintOf(machine))}, machine},
		{Ref{Path: `Cert:\LocalMachine\My\` + thumbprintOf(machine)}, machine},
	} {
		search, _, err := Loader{}.searchOf(c.search)
		if err != nil {
			t.Fatal(err)
		}
		pair, err := search.choose(s.all)
		if err != nil || !pair.Chain[0].Equal(c.want) {
			t.Errorf("%+v: another one, or %v", c.search, err)
		}
	}
}

func TestMissesExplainThemselves(t *testing.T) {
	now := time.Now()
	from, to := now.AddDate(0, 0, -9), time.Date(2091, 1, 2, 0, 0, 0, 0, time.UTC)
	s := shelf{t: t}
	app := s.put(currentUser, "app, Contoso", from, to, nil)
	s.put(currentUser, "old", time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC), nil)
	s.put(localMachine, "future", time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC), to, nil)
	locked := s.put(localMachine, "locked", from, to, badCertificate("The certificate CN=locked", "has a key that this user may not use"))
	elsewhere := "There are: CN=\"app, Contoso\" (" + thumbprintOf(app) + "); {*}."
	for _, c := range []struct {
		ref  Ref
		want string
	}{
		{Ref{Subject: "CN=old"}, "certificate-expired: Certificate with subject name 'CN=old' was not found in certificate store or has expired. It is in CurrentUser\\My, but expired on 2021-01-01. | make a new one and upload it in the Entra admin center: App registrations > Certificates & secrets"},
		{Ref{Subject: "CN=future"}, "certificate-expired: Certificate with subject name 'CN=future' was not found in certificate store or has expired. It is in LocalMachine\\My, but is not valid before 2090-01-01. | check this host's clock, or wait until then"},
		{Ref{Thumbprint: thumbprintOf(locked)}, "bad-certificate: The certificate CN=locked has a key that this user may not use. | {*}"},
		{Ref{Thumbprint: fmt.Sprintf("%X", sha256.Sum256(app.Raw))}, "bad-value: 'CertificateThumbprint' must have a length of 40. Ensure you have the right certificate thumbprint then try again. This is the SHA-256 thumbprint of CN=\"app, Contoso\". | give its SHA-1 thumbprint: " + thumbprintOf(app)},
		{Ref{Thumbprint: strings.Repeat("a", 64)}, "bad-value: 'CertificateThumbprint' must have a length of 40. Ensure you have the right certificate thumbprint then try again. | 64 digits are a SHA-256 thumbprint: give the SHA-1 one, 40 hexadecimal digits"},
		{Ref{Subject: "old"}, "certificate-not-found: Certificate with subject name 'old' was not found in certificate store or has expired. The nearest there is CN=old. | give the whole subject: -CertificateSubjectName " + "'CN=old'"},
		{Ref{Subject: "CN=futur"}, "certificate-not-found: {*} The nearest there is CN=future. | {*}"},
		{Ref{Subject: "CN = old"}, "certificate-not-found: {*} The nearest there is CN=old. | {*}"},
		{Ref{Subject: "CN=another thing"}, "certificate-not-found: {*} " + elsewhere + " | name its file instead: -Certificate FILE"},
		{Ref{Thumbprint: exported}, "certificate-not-found: Certificate with thumbprint '" + exported + "' was not found in certificate store or has expired. " + elsewhere + " | name its file instead: -Certificate FILE"},
		{Ref{Thumbprint: strings.Repeat("z", 40)}, "certificate-not-found: {*} | type the thumbprint again: it has characters that are no hexadecimal digits"},
	} {
		search, _, err := Loader{Nearest: oneSlip, Quote: quoted}.searchOf(c.ref)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = search.choose(s.all); err == nil {
			t.Errorf("%+v was found", c.ref)
		} else if got := refusalLine(t, err); !matchesWild(c.want, got) {
			t.Errorf("%+v:\n got %s\nwant %s", c.ref, got, c.want)
		}
	}
	search, _, _ := Loader{}.searchOf(Ref{Subject: "CN=x"})
	_, err := search.choose(nil)
	if got := refusalLine(t, err); !strings.HasSuffix(got, `has expired. There is none in CurrentUser\My or LocalMachine\My. | name its file instead: -Certificate FILE`) {
		t.Error(got)
	}
}

func TestFewCertificatesAreNamed(t *testing.T) {
	s := shelf{t: t}
	for i := range 9 {
		s.put(currentUser, fmt.Sprint(i), time.Now(), time.Now().AddDate(1, 0, 0), nil)
	}
	if got := summary(s.all, allStores); strings.Count(got, ";") != 5 || !strings.HasSuffix(got, "; 4 more.") {
		t.Error(got)
	}
}
