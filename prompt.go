// What a person is asked, in PowerShell's words: mandatory values that are missing. Only a
// terminal is asked; elsewhere a missing value is an error.

package main

import (
	"cmp"
	"context"
	"fmt"

	"connect-entra/failure"
	"connect-entra/powershell"
)

// supply asks for what binding found missing, as PowerShell does before it runs a
// command. err is what binding said.
func (con *console) supply(ctx context.Context, v verb, p Params, err error) (Params, error) {
	if len(p.Missing) > 0 && con.asks() {
		fmt.Fprintf(con.stderr, "\ncmdlet %s at command pipeline position 1\nSupply values for the following parameters:\n", v.cmdlet())
		err = p.Supply(v.parameters(), func(row powershell.Parameter) (any, error) {
			if row.Type == secureString { // asked for without echo, where it is read
				return Secret{}, nil
			}
			return con.ask(ctx, row.Name+": ")
		})
	}
	if err != nil {
		return p, err
	}
	return p, con.supplyUser(ctx, v, p)
}

// supplyUser asks for the application's ID where a credential was typed as an empty string.
func (con *console) supplyUser(ctx context.Context, v verb, p Params) error {
	for _, row := range v.parameters() {
		if c, ok := p.Values[row.Name].Value.(credential); !ok || c.ID != "" {
			continue
		}
		if !con.asks() {
			return failure.New("sign-in-needed", "The application's ID is needed and there is no terminal to ask on.").
				Try("-%s APPID:env:NAME, APPID:@FILE or APPID:-", row.Name)
		}
		text, err := con.ask(ctx, "\n"+credentialCaption+"User: ")
		if err != nil {
			return err
		}
		value, err := toCredential(row, text)
		if err != nil {
			return err
		}
		c := value.(credential)
		c.isAsked = true
		v := p.Values[row.Name]
		v.Value = c
		p.Values[row.Name] = v
	}
	return nil
}

// cmdlet is the name that PowerShell would show.
func (v verb) cmdlet() string {
	return cmp.Or(append(v.cmdlets[:len(v.cmdlets):len(v.cmdlets)], "connect-entra "+v.name)...)
}
