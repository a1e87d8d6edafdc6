// What the practice cloud shows in a browser: HTML files with places to fill, every value
// escaped. No page needs a script; one has one, to go on by itself.

package sandbox

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

//go:embed *.html style.css
var pageFiles embed.FS

// markup is HTML already; every other value is escaped.
type markup string

// pagePolicy allows the pages their style, their forms and the one script.
func pagePolicy() string {
	digest := sha256.Sum256([]byte(postScript))
	return "default-src 'none'; style-src 'self'; script-src 'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) +
		"'; form-action 'self' http://localhost:*; base-uri 'none'; frame-ancestors 'none'"
}

// postScript saves a click where scripts run; without them there is a button.
const postScript = "document.forms[0].submit()"

// fill puts values into the places of a file: pairs of a name and its value, for {{name}}.
func fill(file string, pairs ...any) markup {
	page, err := pageFiles.ReadFile(file)
	if err != nil {
		panic(err) // the file is in the program
	}
	var replacements []string
	for i := 0; i < len(pairs); i += 2 {
		value, ok := pairs[i+1].(markup)
		if !ok {
			value = markup(html.EscapeString(pairs[i+1].(string)))
		}
		replacements = append(replacements, "{{"+pairs[i].(string)+"}}", string(value))
	}
	return markup(strings.NewReplacer(replacements...).Replace(string(page)))
}

func showPage(w http.ResponseWriter, status int, title string, body markup) {
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", pagePolicy())
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write([]byte(fill("page.html", "title", title, "body", body)))
}

func showMessage(w http.ResponseWriter, title, text string) {
	showPage(w, http.StatusOK, title, fill("message.html", "title", title, "text", text))
}

// showRefusal shows a person what went wrong, and with step the ways on.
func (s *Cloud) showRefusal(w http.ResponseWriter, r *http.Request, n *refused, step *signInStep) {
	n.stamp(r)
	var ways markup
	if step != nil {
		ways = fill("ways.html", "action", step.action, "back", step.back, "hidden", hiddenFields(step.hidden), "app", step.app.Name)
	}
	showPage(w, http.StatusBadRequest, "Sorry, but we're having trouble signing you in", fill("refusal.html",
		"text", fmt.Sprintf("AADSTS%d: %s", n.code, n.text), "trace", n.trace, "correlation", n.correl, "time", n.timestamp(), "ways", ways))
}

func pickPage(step signInStep) markup {
	var users markup
	for _, u := range people {
		about := u.about
		if about != "" {
			about = " – " + about
		}
		users += fill("user.html", "upn", u.upn, "initials", u.given[:1]+u.family[:1], "name", u.name(), "job", u.job+about)
	}
	return fill("pick.html", "action", step.action, "hidden", hiddenFields(step.hidden), "app", step.app.Name,
		"warning", deviceWarning(step), "users", users)
}

func consentPage(step signInStep, user person) markup {
	var scopes markup
	for _, permission := range append(slices.Clone(step.scopes.permissions), "offline_access") {
		if permission == "offline_access" && !step.scopes.has(permission) {
			continue
		}
		if meaning, ok := knownPermissions[permission]; ok {
			scopes += fill("scope.html", "meaning", meaning, "name", permission)
		} else {
			scopes += fill("scope.html", "meaning", permission, "name", "")
		}
	}
	return fill("consent.html", "action", step.action, "back", step.back, "hidden", hiddenFields(step.hidden),
		"app", step.app.Name, "id", step.app.ClientID, "user", user.name(), "upn", user.upn,
		"warning", deviceWarning(step), "scopes", scopes)
}

// deviceWarning is for who was talked into entering somebody else's code.
func deviceWarning(step signInStep) markup {
	if !step.device {
		return ""
	}
	return fill("warning.html", "app", step.app.Name)
}

func postPage(to string, answer url.Values) markup {
	var fields [][2]string
	for _, name := range slices.Sorted(maps.Keys(answer)) {
		fields = append(fields, [2]string{name, answer.Get(name)})
	}
	return fill("post.html", "to", to, "hidden", hiddenFields(fields), "script", markup(postScript))
}

func hiddenFields(fields [][2]string) (all markup) {
	for _, field := range fields {
		all += fill("hidden.html", "name", field[0], "value", field[1])
	}
	return all
}

func (s *Cloud) serveStyle(w http.ResponseWriter, r *http.Request) {
	style, err := pageFiles.ReadFile("style.css")
	if err != nil {
		panic(err) // the file is in the program
	}
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "max-age=600") // the last page may outlive the program
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Write(style)
}
