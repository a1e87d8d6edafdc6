// The device authorization grant (RFC 8628): the code that a program shows, the page on
// which a person enters it, and the states that the program polls.

package sandbox

import (
	"crypto/rand"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	deviceCodeLife = 15 * time.Minute
	deviceInterval = 5 * time.Second
)

// deviceSignIn is one device code.
type deviceSignIn struct {
	authorization // complete once it is approved
	userCode      string
	state         deviceState
	lastPoll      time.Time
}

type deviceState int

const (
	devicePending deviceState = iota
	deviceApproved
	deviceDeclined
)

// serveDeviceCode starts a sign-in.
func (s *Cloud) serveDeviceCode(w http.ResponseWriter, r *http.Request) {
	device, code, refusal := s.startDevice(w, r)
	if refusal != nil {
		refusal.send(w, r)
		return
	}
	page := s.Pages() + "/devicelogin"
	sendJSON(w, r, http.StatusOK, map[string]any{
		"user_code":        device.userCode,
		"device_code":      code,
		"verification_uri": page,
		"expires_in":       int(deviceCodeLife.Seconds()),
		"interval":         int(deviceInterval.Seconds()),
		"message":          fmt.Sprintf("To sign in, use a web browser to open the page %s and enter the code %s to authenticate.", page, device.userCode),
	})
}

func (s *Cloud) startDevice(w http.ResponseWriter, r *http.Request) (device *deviceSignIn, code string, refusal *refused) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		return nil, "", aadsts(9002313)
	}
	tenant, refusal := tenantFor(r.PathValue("tenant"), true)
	if refusal != nil {
		return nil, "", refusal
	}
	app, refusal := s.application(r.PostForm.Get("client_id"))
	if refusal != nil {
		return nil, "", refusal
	}
	if !app.Public {
		return nil, "", aadsts(7000218)
	}
	scopes, refusal := s.parseScopes(r.PostForm.Get("scope"))
	if refusal != nil {
		return nil, "", refusal
	}
	device = &deviceSignIn{
		authorization: authorization{app: app, tenant: tenant, scopes: scopes, expires: time.Now().Add(deviceCodeLife)},
		userCode:      rand.Text()[:9], // base32 has no letters that look alike
	}
	code = rand.Text() + rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.devices[code] = device
	return device, code, nil
}

// redeemDeviceCode answers a poll.
func (s *Cloud) redeemDeviceCode(q tokenRequest) (tokenAnswer, *refused) {
	code := q.form.Get("device_code")
	if code == "" {
		return nil, aadsts(900144, "device_code")
	}
	s.mu.Lock()
	device, ok := s.devices[code]
	if !ok || device.app.ClientID != q.app.ClientID || device.tenant != q.tenant {
		s.mu.Unlock()
		refusal := aadsts(70000, "device_code")
		refusal.name = "bad_verification_code"
		return nil, refusal
	}
	now := time.Now()
	// A client is forgiven as much as its timer may be off.
	early := !device.lastPoll.IsZero() && now.Sub(device.lastPoll) < deviceInterval-100*time.Millisecond
	device.lastPoll = now
	state, expired, a := device.state, now.After(device.expires), device.authorization
	if state == deviceApproved && !expired && !early {
		delete(s.devices, code) // it is good for one sign-in
	}
	s.mu.Unlock()
	switch {
	case expired:
		return nil, aadsts(70020)
	case early:
		refusal := aadsts(70016)
		refusal.name = "slow_down"
		return nil, refusal
	case state == deviceDeclined:
		return nil, aadsts(70018)
	case state == devicePending:
		return nil, aadsts(70016)
	}
	return s.grantUser(q, a, a.scopes)
}

// pendingDevice finds a sign-in that waits, by the code that a person types: without
// regard to case, spaces and dashes.
func (s *Cloud) pendingDevice(typed string) *deviceSignIn {
	typed = strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(typed))
	s.mu.Lock()
	defer s.mu.Unlock()
	waiting := slices.Collect(maps.Values(s.devices))
	i := slices.IndexFunc(waiting, func(d *deviceSignIn) bool {
		return d.userCode == typed && d.state == devicePending && time.Now().Before(d.expires)
	})
	if i < 0 {
		return nil
	}
	return waiting[i]
}

// decideDevice ends the waiting; it is false when somebody else was faster.
func (s *Cloud) decideDevice(device *deviceSignIn, user person, state deviceState) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if device.state != devicePending {
		return false
	}
	device.user, device.state = user, state
	return true
}

// serveDeviceLogin is the page: the code, then who signs in, then to what they consent.
// What was chosen so far is in the form, so the page keeps no state.
func (s *Cloud) serveDeviceLogin(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		s.showRefusal(w, r, aadsts(9002313), nil)
		return
	}
	typed := r.PostForm.Get("otc")
	if typed == "" {
		showPage(w, http.StatusOK, "Enter code", fill("device.html", "problem", markup("")))
		return
	}
	device := s.pendingDevice(typed)
	if device == nil {
		problem := fill("problem.html", "text", "That code didn't work. Check the code and try again.")
		showPage(w, http.StatusBadRequest, "Enter code", fill("device.html", "problem", problem))
		return
	}
	s.mu.Lock()
	a := device.authorization
	s.mu.Unlock()
	step := signInStep{authorization: a, action: "devicelogin", hidden: [][2]string{{"otc", device.userCode}}, device: true}
	user, done := s.chooseUser(w, r, step)
	if !done {
		return
	}
	var decided bool
	switch r.PostForm.Get("decision") {
	case "accept":
		decided = s.decideDevice(device, user, deviceApproved)
	default:
		decided = s.decideDevice(device, user, deviceDeclined)
	}
	switch {
	case !decided:
		showMessage(w, "Too late", "Somebody else has answered this code already.")
	case r.PostForm.Get("decision") == "accept":
		showMessage(w, "You are signed in", "You have signed in to "+a.app.Name+" on your device. You may now close this window.")
	default:
		showMessage(w, "You declined", "Nothing was given to "+a.app.Name+". You may now close this window.")
	}
}
