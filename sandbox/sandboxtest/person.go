// Package sandboxtest has a person for tests: one who signs in at the practice cloud's pages
// as they come, with real forms and over real HTTP where the pages lead to a listener.
//
//	person := sandboxtest.Person{Cloud: cloud, User: "wilma@woodland.invalid", Consents: true}
//	err := person.Browse(page)
//
// Whatever has the cloud's three methods can stand in for it, such as one that records.
package sandboxtest

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// Cloud is a sandbox.Cloud, or what stands in for it.
type Cloud interface {
	http.RoundTripper
	Serves(*http.Request) bool
	Pages() string
}

// Person signs in as User and consents, or does not.
type Person struct {
	Cloud    Cloud
	User     string // user principal name
	Consents bool
}

// Browse does what the person does in a browser that opened page: chooses the user, accepts
// or declines, and lets the browser go back to the application. A page that shows a refusal
// is an error with its text.
func (p Person) Browse(page string) error {
	response, err := Visit(p.Cloud, http.MethodGet, page, nil)
	if err != nil {
		return err
	}
	return p.walk(response)
}

// EnterCode does the same on the device page.
func (p Person) EnterCode(code string) error {
	response, err := Visit(p.Cloud, http.MethodPost, p.Cloud.Pages()+"/devicelogin", url.Values{"otc": {code}})
	if err != nil {
		return err
	}
	return p.walk(response)
}

// Visit sends one request of a browser, with form as its body unless that is nil. It stays
// in process for the cloud's own pages, and follows no redirect.
func Visit(cloud Cloud, method, to string, form url.Values) (*http.Response, error) {
	r, err := http.NewRequest(method, to, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if cloud.Serves(r) {
		return cloud.RoundTrip(r)
	}
	transport := &http.Transport{
		DisableKeepAlives: true,
		// localhost without a name server, which a test with a clock of its own cannot ask.
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, "127.0.0.1:"+r.URL.Port())
		},
	}
	return transport.RoundTrip(r)
}

var (
	pageForm   = regexp.MustCompile(`(?s)<form method="post" action="([^"]*)">(.*?)</form>`)
	pageInput  = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
	pageButton = regexp.MustCompile(`<button name="([^"]*)" value="([^"]*)"`)
	pageText   = regexp.MustCompile(`<[^>]*>|\s+`)
)

// walk presses the buttons of page after page until one has none.
func (p Person) walk(page *http.Response) error {
	for range 6 {
		data, err := io.ReadAll(page.Body)
		page.Body.Close()
		if err != nil {
			return err
		}
		if page.StatusCode == http.StatusFound {
			location, err := page.Location()
			if err != nil {
				return err
			}
			if page, err = Visit(p.Cloud, http.MethodGet, location.String(), nil); err != nil {
				return err
			}
			continue
		}
		form := pageForm.FindStringSubmatch(string(data))
		if page.StatusCode >= 400 && !strings.Contains(string(data), `"decision"`) {
			return fmt.Errorf("%s says: %s", page.Request.URL, html.UnescapeString(pageText.ReplaceAllString(string(data), " ")))
		}
		if form == nil || !p.Cloud.Serves(page.Request) {
			return nil
		}
		fields := url.Values{}
		for _, input := range pageInput.FindAllStringSubmatch(form[2], -1) {
			fields.Set(html.UnescapeString(input[1]), html.UnescapeString(input[2]))
		}
		if err := p.press(fields, form[2]); err != nil {
			return err
		}
		action, err := page.Request.URL.Parse(html.UnescapeString(form[1]))
		if err != nil {
			return err
		}
		if page, err = Visit(p.Cloud, http.MethodPost, action.String(), fields); err != nil {
			return err
		}
	}
	return errors.New("the pages do not end")
}

// press adds the button that the person presses, if the form has several.
func (p Person) press(fields url.Values, form string) error {
	wanted := map[string]bool{"user=" + p.User: true, "decision=return": true, "decision=decline": !p.Consents, "decision=accept": p.Consents}
	buttons := pageButton.FindAllStringSubmatch(form, -1)
	for _, button := range buttons {
		name, value := html.UnescapeString(button[1]), html.UnescapeString(button[2])
		if wanted[name+"="+value] {
			fields.Set(name, value)
			return nil
		}
	}
	if len(buttons) > 0 {
		return fmt.Errorf("no button for %s in %s", p.User, form)
	}
	return nil
}
