// Where secrets come from, and how they stay unseen: a Secret is only ever the
// description of a place, read at the last moment; clean makes foreign text safe to
// print. Neither knows who asks.

package main

// Secret says where a secret is to be read: "-" (a line of stdin, or a prompt without
// echo), "@FILE", "file:PATH", "env:NAME", or "" for a prompt. It never holds one.
type Secret struct{ source string }
