//go:build !js

// Plan → source: one function for each way to sign in, each calling MSAL directly.
// No defaults, no parameter names, no parsing of error strings.

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	msalerrors "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/managedidentity"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"

	"connect-entra/certificate"
	"connect-entra/claims"
	"connect-entra/failure"
	"connect-entra/transport"
)

var flows = map[flowName]func(*console, *world, Plan, *msalCache) (source, error){
	byBrowser:     signInByBrowser,
	byDeviceCode:  signInByDeviceCode,
	byCertificate: signInByCertificate,
	bySecret:      signInBySecret,
	byFederation:  signInByFederation,
	byIdentity:    signInByIdentity,
	byToken:       provideToken,
}

// capabilities says that claims challenges are understood, so tokens are evaluated
// continuously (CAE), as the reference asks.
var capabilities = []string{"CP1"}

func signInBySecret(con *console, world *world, plan Plan, _ *msalCache) (source, error) {
	var secret string
	return remember(plan, func(ctx context.Context, ask Ask) (Token, error) {
		if secret == "" {
			var err error
			if secret, err = plan.Secret.read(ctx, con, world, "the client secret", plan.prompt); err != nil {
				return Token{}, err
			}
		}
		credential, err := confidential.NewCredFromSecret(secret)
		if err != nil {
			return Token{}, err
		}
		return signInAsApp(ctx, con, world, plan, credential, ask)
	}), nil
}

func signInByCertificate(con *console, world *world, plan Plan, _ *msalCache) (source, error) {
	var pair certificate.Pair
	return remember(plan, func(ctx context.Context, ask Ask) (Token, error) {
		if pair.Key == nil {
			var err error
			if pair, err = loadCertificate(ctx, con, world, plan.Certificate, con.terminal.stdin && !plan.Silent); err != nil {
				return Token{}, err
			}
		}
		credential := confidential.NewCredFromAssertionCallback(func(_ context.Context, o confidential.AssertionRequestOptions) (string, error) {
			return pair.Assertion(o.TokenEndpoint, o.ClientID, plan.SendChain)
		})
		return signInAsApp(ctx, con, world, plan, credential, ask)
	}), nil
}

// signInByFederation presents a token of another issuer (workload identity). Its file
// is read each time: whoever put it there also renews it.
func signInByFederation(con *console, world *world, plan Plan, _ *msalCache) (source, error) {
	return remember(plan, func(ctx context.Context, ask Ask) (Token, error) {
		credential := confidential.NewCredFromAssertionCallback(func(ctx context.Context, _ confidential.AssertionRequestOptions) (string, error) {
			assertion, err := plan.Secret.read(ctx, con, world, "the federated token of "+envFederated, "")
			return strings.TrimSpace(assertion), err
		})
		return signInAsApp(ctx, con, world, plan, credential, ask)
	}), nil
}

// signInAsApp makes a new client each time: MSAL would otherwise answer from its memory,
// where a wrong secret succeeds as long as an earlier one did.
func signInAsApp(ctx context.Context, con *console, world *world, plan Plan, credential confidential.Credential, ask Ask) (Token, error) {
	ctx, cancel := context.WithTimeout(ctx, plan.Timeout)
	defer cancel()
	client, err := confidential.New(plan.authority(), plan.ClientID, credential,
		confidential.WithHTTPClient(newClient(con, world, plan.entra())),
		confidential.WithInstanceDiscovery(false),
		confidential.WithClientCapabilities(capabilities),
		confidential.WithAzureRegion("DisableMsalForceRegion"), // else MSAL_FORCE_REGION redirects the secret
	)
	if err != nil {
		return Token{}, err
	}
	var options []confidential.AcquireByCredentialOption
	if ask.Claims != "" {
		options = append(options, confidential.WithClaims(ask.Claims))
	}
	result, err := client.AcquireTokenByCredential(ctx, ask.Scopes, options...)
	return tokenOf(result, err)
}

func signInByIdentity(con *console, world *world, plan Plan, _ *msalCache) (source, error) {
	return remember(plan, func(ctx context.Context, ask Ask) (Token, error) {
		ctx, cancel := context.WithTimeout(ctx, plan.Timeout)
		defer cancel()
		host, service, err := findIdentityHost(ctx, world)
		if err != nil {
			return Token{}, err
		}
		con.verbose("The managed identity of %s, at %s.", host.name, service.Base)
		service.Timeout = plan.Timeout
		var id managedidentity.ID = managedidentity.SystemAssigned()
		if plan.ClientID != "" {
			id = managedidentity.UserAssignedClientID(plan.ClientID)
		}
		client, err := managedidentity.New(id,
			managedidentity.WithHTTPClient(newClient(con, world, service)),
			managedidentity.WithRetryPolicyDisabled()) // the transport retries, within the time there is
		if err != nil {
			return Token{}, err
		}
		// Claims make MSAL pass by its cache, which all clients of the process share and
		// which does not know whose token it holds; they are not sent.
		result, err := client.AcquireToken(ctx, ask.Scopes[0], managedidentity.WithClaims(cmp.Or(ask.Claims, "{}")))
		token, err := tokenOf(result, err)
		return token, host.explain(err)
	}), nil
}

func signInByBrowser(con *console, world *world, plan Plan, cache *msalCache) (source, error) {
	entra := newClient(con, world, plan.entra())
	client, err := publicClient(entra, plan, cache)
	if err != nil {
		return nil, err
	}
	return delegated(client, plan, func(ctx context.Context, ask Ask) (public.AuthResult, error) {
		browser, err := newBrowserSignIn(entra)
		if err != nil {
			return public.AuthResult{}, err
		}
		defer browser.close()
		var options []public.AuthCodeURLOption
		if ask.Claims != "" {
			options = append(options, public.WithClaims(ask.Claims))
		}
		asking, cancel := context.WithTimeout(ctx, plan.Timeout)
		defer cancel()
		address, err := client.AuthCodeURL(asking, plan.ClientID, browser.redirectURI, ask.Scopes, options...)
		if err != nil {
			return public.AuthResult{}, err
		}
		code, err := browser.authorize(ctx, con, world, address)
		if err != nil {
			return public.AuthResult{}, err
		}
		redeeming, cancel := context.WithTimeout(ctx, plan.Timeout)
		defer cancel()
		result, err := client.AcquireTokenByAuthCode(redeeming, code, browser.redirectURI, ask.Scopes, public.WithChallenge(browser.verifier))
		if err == nil {
			err = browser.checkIDToken(result.IDToken.RawToken, plan.ClientID, plan.Tenant)
		}
		browser.tell(err == nil)
		return result, err
	}), nil
}

func signInByDeviceCode(con *console, world *world, plan Plan, cache *msalCache) (source, error) {
	client, err := publicClient(newClient(con, world, plan.entra()), plan, cache)
	if err != nil {
		return nil, err
	}
	return delegated(client, plan, func(ctx context.Context, ask Ask) (public.AuthResult, error) {
		var options []public.AcquireByDeviceCodeOption
		if ask.Claims != "" {
			options = append(options, public.WithClaims(ask.Claims))
		}
		asking, cancel := context.WithTimeout(ctx, plan.Timeout)
		defer cancel()
		code, err := client.AcquireTokenByDeviceCode(asking, ask.Scopes, options...)
		if err != nil {
			return public.AuthResult{}, err
		}
		con.say("", "%s", deviceMessage(code.Result))
		con.say("", "Only for a sign-in that you started yourself, just now: who sends you such a code wants to sign in as you. It is for the application %s in %s, with %s.",
			plan.ClientID, plan.Tenant, failure.Clean(strings.Join(ask.Scopes, " ")))
		waiting, stop := context.WithDeadline(ctx, code.Result.ExpiresOn)
		defer stop()
		result, err := code.AuthenticationResult(waiting)
		if waiting.Err() == context.DeadlineExceeded && ctx.Err() == nil {
			err = failure.New("timeout", "The device code was not used in time.").Because(err).Try("run the command again and enter the new code")
		}
		return result, err
	}), nil
}

// deviceMessage is the server's own, in the person's language perhaps, if it names the page
// and the code, which were checked, and no other page; else what Entra says in English.
func deviceMessage(code public.DeviceCodeResult) string {
	rest := strings.ReplaceAll(code.Message, code.VerificationURL, "")
	if len(rest) < len(code.Message) && strings.Contains(rest, code.UserCode) && !strings.ContainsAny(rest, "/@") {
		return failure.Clean(code.Message)
	}
	return fmt.Sprintf("To sign in, use a web browser to open the page %s and enter the code %s to authenticate.", code.VerificationURL, code.UserCode)
}

// entra is the plan's authority, and the rules for reaching it.
func (p Plan) entra() transport.Target {
	return transport.Target{
		Kind:     transport.Entra,
		Base:     p.Environment.AzureADEndpoint,
		Timeout:  p.Timeout,
		Tenant:   p.Tenant,
		Issuer:   p.Environment.issuer(),
		Known:    p.Environment.Type == "Built-in",
		Practice: p.Environment.practice(),
	}
}

func publicClient(entra *transport.Client, plan Plan, cache *msalCache) (public.Client, error) {
	options := []public.Option{
		public.WithAuthority(plan.authority()),
		public.WithHTTPClient(entra),
		public.WithInstanceDiscovery(false),
		public.WithClientCapabilities(capabilities),
	}
	if cache != nil {
		options = append(options, public.WithCache(cache))
	}
	return public.New(plan.ClientID, options...)
}

// personNeeded are OAuth's codes for a refresh token that will not do (RFC 6749 §5.2,
// OpenID Connect Core §3.1.2.6).
var personNeeded = []string{"consent_required", "interaction_required", "invalid_grant", "login_required"}

// delegated is a source of a person's tokens: silently while the refresh token serves,
// by signIn at first and where Entra wants the person again.
func delegated(client public.Client, plan Plan, signIn func(context.Context, Ask) (public.AuthResult, error)) source {
	var account public.Account
	return remember(plan, func(ctx context.Context, ask Ask) (Token, error) {
		if plan.Silent {
			var err error
			if account, err = onlyAccount(ctx, client, plan); err != nil {
				return Token{}, err
			}
		}
		if !account.IsZero() {
			quick, cancel := context.WithTimeout(ctx, plan.Timeout)
			defer cancel()
			options := []public.AcquireSilentOption{public.WithSilentAccount(account)}
			if claims := ask.Claims; claims != "" || ask.MinLifetime > 0 {
				// Any claims make MSAL pass by its cache, whose token is not good enough.
				options = append(options, public.WithClaims(cmp.Or(claims, "{}")))
			}
			result, err := client.AcquireTokenSilent(quick, ask.Scopes, options...)
			if time.Until(result.ExpiresOn) > 0 {
				err = nil // MSAL reports a failed early renewal beside a token that is still good
			}
			if !needsPerson(err) {
				return tokenOf(result, err)
			}
			if plan.Silent {
				return Token{}, signInNeeded(plan, err)
			}
		}
		if ask.Silent {
			return Token{}, failure.New("sign-in-needed", "The person who connected must sign in again.").Try("connect again")
		}
		result, err := signIn(ctx, ask)
		if err == nil {
			account = result.Account
		}
		return tokenOf(result, err)
	})
}

// onlyAccount is the one account of a saved connection.
func onlyAccount(ctx context.Context, client public.Client, plan Plan) (public.Account, error) {
	accounts, err := client.Accounts(ctx)
	if err != nil || len(accounts) == 0 {
		return public.Account{}, signInNeeded(plan, err)
	}
	return accounts[0], nil
}

// needsPerson says whether Entra wants the person again, or MSAL for want of a refresh
// token, which it says in a plain error.
func needsPerson(err error) bool {
	var f *failure.Error
	if err == nil || !errors.As(explainMSAL(err), &f) {
		return false
	}
	if f.Server != nil {
		return slices.Contains(personNeeded, f.Server.Code)
	}
	return f.ID == "refused"
}

func signInNeeded(plan Plan, err error) error {
	f := failure.New("sign-in-needed", "The kept sign-in does not serve any more.").Because(err).Try("%s", plan.command())
	errors.As(err, &f.Server)
	return f
}

// remember makes a source of get: one caller at a time, and a token stays good for all
// of them until it has less life than they ask for.
func remember(plan Plan, get func(context.Context, Ask) (Token, error)) source {
	var mu sync.Mutex
	tokens := map[string]Token{}
	return func(ctx context.Context, ask Ask) (Token, error) {
		mu.Lock()
		defer mu.Unlock()
		if len(ask.Scopes) == 0 {
			ask.Scopes = plan.Scopes
		}
		key := strings.Join(ask.Scopes, " ")
		if token, ok := tokens[key]; ok && ask.Claims == "" && time.Until(token.ExpiresOn) > max(ask.MinLifetime, expiryBuffer) {
			return token, nil
		}
		token, err := get(ctx, ask)
		if err != nil {
			return Token{}, err
		}
		tokens[key] = token
		return token, nil
	}
}

// result is what MSAL's three packages answer with: one type in the first two, and
// another of the same name in the third.
type result = public.AuthResult

// tokenOf takes what MSAL answered.
func tokenOf(r result, err error) (Token, error) {
	if err != nil {
		return Token{}, explainMSAL(err)
	}
	said, _ := claims.Decode(r.AccessToken)
	return Token{
		access:    hide(r.AccessToken),
		ExpiresOn: r.ExpiresOn,
		Scopes:    slices.Clone(r.GrantedScopes),
		Claims:    said,
		Account:   cmp.Or(r.IDToken.PreferredUsername, r.IDToken.UPN, r.Account.PreferredUsername),
		TenantID:  r.IDToken.TenantID,
	}, nil
}

// explainMSAL keeps our own failures and what ended the context; the rest are MSAL's
// own refusals of an answer. Its InvalidJsonErr quotes tokens, so it is never printed.
func explainMSAL(err error) error {
	var f *failure.Error
	var bad msalerrors.InvalidJsonErr
	switch {
	case errors.As(err, &f):
		return f
	case errors.Is(err, context.DeadlineExceeded):
		return failure.New("timeout", "Signing in took longer than -ClientTimeout allows.").Because(err).Try("allow more: -ClientTimeout 600")
	case errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &bad):
		return failure.New("hostile-answer", "The answer of Entra cannot be understood.").Because(err)
	}
	return failure.New("refused", "The sign-in was not accepted: %s.", failure.Clean(err.Error())).Because(err)
}
