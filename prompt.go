// What a person is asked, in PowerShell's words: mandatory values that are missing, and
// whether to go on. Only a terminal is asked; elsewhere a missing value is an error.

package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

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

// credentialCaption stands once before what a credential is asked for.
const credentialCaption = "PowerShell credential request\nEnter your credentials.\n"

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

// prompt is what a person is asked for the secret.
func (c credential) prompt() string {
	prompt := "Password for user " + c.ID + ": "
	if !c.isAsked {
		prompt = credentialCaption + prompt
	}
	return prompt
}

// cmdlet is the name that PowerShell would show.
func (v verb) cmdlet() string {
	return cmp.Or(append(v.cmdlets[:len(v.cmdlets):len(v.cmdlets)], "connect-entra "+v.name)...)
}

// asks says whether somebody is there to be asked.
func (con *console) asks() bool { return con.terminal.stdin && con.terminal.stderr }

// ask puts a question to the person at the terminal and gives the line that was typed.
func (con *console) ask(ctx context.Context, prompt string) (string, error) {
	fmt.Fprint(con.stderr, prompt)
	select {
	case a := <-nextLine(con.stdin, "the answer"):
		if a.err == nil && a.text == "" {
			return "", failure.New("declined", "Nothing was entered.")
		}
		return strings.TrimRight(a.text, "\r\n"), a.err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// inquire asks whether to go on after a message. PowerShell offers to suspend as well,
// which takes its nested prompt.
func (con *console) inquire(stream string) error {
	const choices = "\nConfirm\nContinue with this operation?\n[Y] Yes  [A] Yes to All  [H] Halt Command  [?] Help (default is \"Y\"): "
	for {
		text, err := con.ask(con.prefer.ctx, choices)
		if err != nil {
			return err
		}
		switch strings.ToLower(strings.TrimSpace(text)) {
		case "", "y", "yes":
			return nil
		case "a", "yes to all":
			con.prefer.actions[stream] = "Continue"
			return nil
		case "h", "halt command":
			return failure.New("stopped", "The running command stopped because the user selected the Stop option.")
		}
		fmt.Fprint(con.stderr, "Y - Continue with only the next step of the operation.\nA - Continue with all the steps of the operation.\nH - Stop this command.\n")
	}
}
