package sandbox

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// graphGet asks Graph with a token; "" sends none.
func graphGet(t *testing.T, f *recorded, token, path string) (status int, answer map[string]any) {
	t.Helper()
	if !strings.HasPrefix(path, "https:") {
		path = Graph + path
	}
	r, err := http.NewRequest(http.MethodGet, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := clientOf(f).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode == http.StatusUnauthorized && !strings.HasPrefix(response.Header.Get("WWW-Authenticate"), "Bearer ") {
		t.Error("401 without WWW-Authenticate")
	}
	return response.StatusCode, decodeAnswer(t, response)
}

func userTokenFor(t *testing.T, f *recorded, permissions ...string) string {
	t.Helper()
	user, _ := findUser("oskar@woodland.invalid")
	app, _ := f.registered.find(publicApp)
	token, err := f.userToken(&authorization{app: app, user: user, proof: provedNothing}, permissions)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestGraph(t *testing.T) {
	f := newCloud(testApp())
	elsewhere := newCloud()
	elsewhere.At(Login, "https://graph.microsoft.com")
	app, err := f.appToken(testApp(), provedSecret, time.Hour, nil)
	if err != nil {
		t.Fatal(err)
	}
	user := userTokenFor(t, f, "User.Read")
	for _, row := range []struct {
		name, token, path string
		status            int
		want              string // part of the answer as Go prints it
	}{
		{"me", user, "/v1.0/me", 200, "displayName:Oskar Linden"},
		{"beta", user, "/beta/me", 200, "@odata.context:https://graph.sandbox.invalid/beta/$metadata#users/$entity"},
		{"select", user, "/v1.0/me?$select=id,mail", 200, "map[@odata.context:https://graph.sandbox.invalid/v1.0/$metadata#users/$entity id:00000000-0000-4000-8000-0000000000b2 mail:oskar@woodland.invalid]"},
		{"organization", user, "/v1.0/organization", 200, "id:" + Tenant},
		{"organization as app", app, "/v1.0/organization", 200, "displayName:" + tenantName},
		{"users as app", app, "/v1.0/users", 200, "mail:june@riverside.invalid"},
		{"one user", app, "/v1.0/users/wilma@woodland.invalid", 200, "displayName:Wilma Birch"},
		{"a guest", app, "/v1.0/users/june_riverside.invalid%23EXT%23@woodland.invalid", 200, "displayName:June Hazel"},
		{"nobody", app, "/v1.0/users/none", 404, "code:Request_ResourceNotFound"},
		{"me as app", app, "/v1.0/me", 400, "message:/me request is only valid with delegated authentication flow."},
		{"no permission", user, "/v1.0/users", 403, "message:Insufficient privileges to complete the operation."},
		{"no such thing", user, "/v1.0/nonsense", 404, "message:Resource not found for the segment 'nonsense'."},
		{"page size", app, "/v1.0/users?$top=0", 400, "code:Request_UnsupportedQuery"},
		{"page", app, "/v1.0/users?$skiptoken=x", 400, "code:Directory_ExpiredPageToken"},
		{"no token", "", "/v1.0/me", 401, "message:Access token is empty."},
		{"no JWT", "x", "/v1.0/me", 401, "code:InvalidAuthenticationToken"},
		{"damaged", user[:len(user)-4] + "AAAA", "/v1.0/me", 401, "code:InvalidAuthenticationToken"},
		{"another audience", userTokenFor(t, elsewhere, "User.Read"), "/v1.0/me", 401, "Invalid audience"},
	} {
		t.Run(row.name, func(t *testing.T) {
			status, answer := graphGet(t, f, row.token, row.path)
			if text := fmt.Sprint(answer); status != row.status || !strings.Contains(text, row.want) {
				t.Errorf("got %d %s\nwant %d … %s", status, text, row.status, row.want)
			}
		})
	}
}

func TestGraphPages(t *testing.T) {
	f := newCloud()
	token := userTokenFor(t, f, "User.Read.All")
	var names []string
	pages := 0
	for next := "/v1.0/users?$top=2&$select=displayName"; next != ""; pages++ {
		_, answer := graphGet(t, f, token, next)
		for _, user := range answer["value"].([]any) {
			names = append(names, fmt.Sprint(user))
		}
		next, _ = answer["@odata.nextLink"].(string)
	}
	want := "[map[displayName:Wilma Birch] map[displayName:Oskar Linden] map[displayName:June Hazel] map[displayName:Nadia Rowan] map[displayName:Tomas Alder]]"
	if pages != 3 || fmt.Sprint(names) != want {
		t.Errorf("%d pages with %v", pages, names)
	}
}

func TestGraphTokensEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newCloud()
		token := userTokenFor(t, f, "User.Read")
		for _, row := range []struct {
			wait   time.Duration
			status int
		}{{0, 200}, {userTokenLife - time.Second, 200}, {time.Second, 401}} {
			time.Sleep(row.wait)
			if status, answer := graphGet(t, f, token, "/v1.0/me"); status != row.status {
				t.Errorf("got %d %v, want %d", status, answer, row.status)
			}
		}
	})
}
