//go:build !js

// Which path of which host of the practice cloud is served by what.

package main

import (
	"net/http"
	"net/url"
	"strings"
)

// route serves one method, or every one (""), where the path fits the pattern: {name}
// stands for one segment, and / alone for any path.
type route struct {
	method, pattern string
	serve           func(*sandbox, http.ResponseWriter, *http.Request)
}

// loginRoutes are those of the login host; what is not here is a page.
var loginRoutes = []route{
	{"GET", "/common/discovery/instance", (*sandbox).serveInstanceDiscovery},
	{"GET", "/{tenant}/v2.0/.well-known/openid-configuration", (*sandbox).serveDiscovery},
	{"GET", "/{tenant}/discovery/v2.0/keys", (*sandbox).serveKeys},
	{"POST", "/{tenant}/oauth2/v2.0/token", (*sandbox).serveToken},
	{"POST", "/{tenant}/oauth2/v2.0/devicecode", (*sandbox).serveDeviceCode},
	{"", "/", (*sandbox).servePage},
}

// pageRoutes are those of the pages for a browser.
var pageRoutes = []route{
	{"GET", "/{tenant}/oauth2/v2.0/authorize", (*sandbox).serveAuthorize},
	{"POST", "/{tenant}/oauth2/v2.0/authorize", (*sandbox).serveAuthorize},
	{"GET", "/{tenant}/oauth2/v2.0/logout", (*sandbox).serveLogout},
	{"GET", "/devicelogin", (*sandbox).serveDeviceLogin},
	{"POST", "/devicelogin", (*sandbox).serveDeviceLogin},
	{"GET", "/style.css", (*sandbox).serveStyle},
	{"", "/", (*sandbox).serveNoPage},
}

func (s *sandbox) serveLogin(w http.ResponseWriter, r *http.Request) { s.serve(loginRoutes, w, r) }

func (s *sandbox) servePage(w http.ResponseWriter, r *http.Request) { s.serve(pageRoutes, w, r) }

// serve goes by the first row that fits; the last one always does. What http.ServeMux
// would do beyond that is a hundredth of the whole program's size.
func (s *sandbox) serve(routes []route, w http.ResponseWriter, r *http.Request) {
	for _, row := range routes {
		if (row.method == "" || row.method == r.Method) && fits(row.pattern, r) {
			row.serve(s, w, r)
			return
		}
	}
}

// fits says whether the path is the pattern's, and tells r what stands for its names.
func fits(pattern string, r *http.Request) bool {
	if pattern == "/" {
		return true
	}
	wants, parts := strings.Split(pattern, "/"), strings.Split(r.URL.EscapedPath(), "/")
	if len(parts) != len(wants) {
		return false
	}
	for i, want := range wants {
		part, err := url.PathUnescape(parts[i])
		name, named := strings.CutPrefix(want, "{")
		if err != nil || named && part == "" || !named && part != want {
			return false
		}
		if named {
			r.SetPathValue(strings.TrimSuffix(name, "}"), part)
		}
	}
	return true
}
