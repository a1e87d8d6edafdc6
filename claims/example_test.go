package claims_test

import (
	"encoding/base64"
	"fmt"

	"connect-entra/claims"
)

func Example() {
	part := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	token := part(`{"alg":"none"}`) + "." + part(`{"aud":"https://graph.microsoft.com","scp":"User.Read","upn":"ada@example.com"}`) + "."

	if c, ok := claims.Decode(token); ok {
		fmt.Println(c.Audience, c.Scopes)
	}
	r := claims.Read(token, func(audience string) (cloud string) {
		if audience == "https://graph.microsoft.com" {
			cloud = "Global"
		}
		return cloud
	})
	fmt.Println(r.Audience)
	fmt.Println(r.Permissions[0].Name+":", r.Permissions[0].Meaning)
	// Output:
	// https://graph.microsoft.com [User.Read]
	// Microsoft Graph in the cloud Global
	// User.Read: Sign the person in and read their own profile.
}
