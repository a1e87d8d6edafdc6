//go:build !js

// Which path of which host of the practice cloud is served by what.

package main

import "net/http"

// routes is the login host with its pages, the pages alone, and Graph.
func (s *sandbox) routes() (login, pages, graph *http.ServeMux) {
	login, pages, graph = http.NewServeMux(), http.NewServeMux(), http.NewServeMux()
	login.HandleFunc("GET /common/discovery/instance", s.serveInstanceDiscovery)
	login.HandleFunc("GET /{tenant}/v2.0/.well-known/openid-configuration", s.serveDiscovery)
	login.HandleFunc("GET /{tenant}/discovery/v2.0/keys", s.serveKeys)
	login.HandleFunc("POST /{tenant}/oauth2/v2.0/token", s.serveToken)
	login.HandleFunc("POST /{tenant}/oauth2/v2.0/devicecode", s.serveDeviceCode)
	login.Handle("/", pages)

	pages.HandleFunc("GET /{tenant}/oauth2/v2.0/authorize", s.serveAuthorize)
	pages.HandleFunc("POST /{tenant}/oauth2/v2.0/authorize", s.serveAuthorize)
	pages.HandleFunc("GET /{tenant}/oauth2/v2.0/logout", s.serveLogout)
	pages.HandleFunc("GET /devicelogin", s.serveDeviceLogin)
	pages.HandleFunc("POST /devicelogin", s.serveDeviceLogin)
	pages.HandleFunc("GET /style.css", s.serveStyle)
	pages.HandleFunc("/", s.serveNoPage)

	for _, row := range graphAnswers {
		for _, version := range []string{"/v1.0", "/beta"} {
			graph.HandleFunc("GET "+version+row.pattern, s.answerGraph(row.permissions, row.answer))
		}
	}
	graph.HandleFunc("/", s.serveNoResource)
	return login, pages, graph
}
