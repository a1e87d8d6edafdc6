// Package browser opens a browser of this host with one address:
//
//	err := browser.Open(ctx, "https://login.microsoftonline.com/…")
//
// Which program does that differs by system; the address goes to it as one argument, past
// every shell, and with only what a browser needs of the environment. Where there is no
// browser the error is an *Unavailable, which says why. The caller checks the address.
package browser

// Unavailable says why no browser can be opened here. It is in every build, as is who asks
// for it; Open is in none for the js system, which is a browser.
type Unavailable struct{ Reason string }

func (u *Unavailable) Error() string { return "no browser can be opened: " + u.Reason }
