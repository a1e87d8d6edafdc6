// Connecting with a token that the user brought.

package main

import (
	"context"
	"strings"
	"time"

	"connect-entra/claims"
	"connect-entra/failure"
)

// checkProvided judges a token that the user brought, before anything is done with it,
// in the reference's words. A token that is no JWT is opaque: accepted, and said.
func checkProvided(token string) (Token, error) {
	if token == "" {
		return Token{}, failure.New("bad-token", "Must specify 'AccessToken'.")
	}
	said, decoded := claims.Decode(token)
	looksDecodable := strings.Count(token, ".") == 2 || strings.HasPrefix(token, "eyJ")
	if strings.ContainsAny(token, " \t\r\n") || len(token) < 100 || !decoded && looksDecodable {
		return Token{}, failure.New("bad-token", "The provided access token is invalid. Set a valid access token to `-AccessToken` parameter and try again.").
			Try("paste the whole token, all three parts of it and nothing else")
	}
	if decoded && !said.ExpiresOn.IsZero() && time.Until(said.ExpiresOn) <= expiryBuffer {
		return Token{}, failure.New("token-expired", "The provided access token has expired. Set a valid access token to `-AccessToken` parameter and try again.").
			Try("get a new token: this one ends at %s, and five minutes are needed", claims.ShowTime(said.ExpiresOn))
	}
	return Token{access: hide(token), ExpiresOn: said.ExpiresOn, Claims: said}, nil
}

// provideToken is the flow for a token that the user brought: nothing is sent, and
// nothing can be renewed.
func provideToken(con *console, world *world, plan Plan, _ *msalCache) (source, error) {
	var token Token
	return func(ctx context.Context, ask Ask) (Token, error) {
		if ask.Claims != "" || len(ask.Scopes) > 0 {
			return Token{}, failure.New("sign-in-needed", "A token that was given cannot be exchanged for another one.").
				Try("connect in another way, for example with -UseDeviceCode")
		}
		if token.access.reveal() == "" {
			text, err := plan.Secret.read(ctx, con, world, "the access token", "AccessToken: ")
			if err != nil {
				return Token{}, err
			}
			if token, err = checkProvided(text); err != nil {
				return Token{}, err
			}
		}
		if life := time.Until(token.ExpiresOn); !token.ExpiresOn.IsZero() && life <= max(0, ask.MinLifetime) {
			return Token{}, failure.New("token-expired", "The access token that was given ended at %s and cannot be renewed.", claims.ShowTime(token.ExpiresOn)).
				Try("get a new token and connect again")
		}
		return token, nil
	}, nil
}
