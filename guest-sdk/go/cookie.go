package hostel

import (
	"cmp"
	"strconv"
	"strings"
	"time"
)

// SameSite is which requests of other sites a cookie is sent with.
type SameSite uint8

const (
	// SameSiteLax: with those that follow a link to the site.
	SameSiteLax SameSite = iota
	// SameSiteStrict: with none.
	SameSiteStrict
	// SameSiteNone: with all. The cookie must be secure.
	SameSiteNone
)

var sameSites = [...]string{"Lax", "Strict", "None"}

// String is the value as a cookie spells it, Lax for example.
func (s SameSite) String() string {
	return nameOf(sameSites[:], int(s))
}

// Cookie is a cookie for the browser, which [Response.WithCookie] adds. With name and value alone
// it lasts until the browser closes, for all paths of this host, is sent by TLS only, cannot be
// read by scripts, and does not go along with requests of other sites, links apart.
type Cookie struct {
	Name string
	// Value has no blanks, quotes, commas, semicolons, backslashes, control characters or characters
	// beyond ASCII: percent-encode any other value.
	Value string
	// MaxAge is how long the cookie lasts, in whole seconds. Zero: until the browser closes.
	MaxAge time.Duration
	// Delete deletes the cookie of that name, domain and path, with Max-Age=0. MaxAge must be zero.
	Delete bool
	// Domain is the domain that gets the cookie with all below it. Empty: this host alone.
	Domain string
	// Path is the path that gets the cookie with all below it. Empty: "/".
	Path string
	// Insecure has the cookie sent without TLS as well.
	Insecure bool
	// ScriptReadable lets scripts of the page read the cookie.
	ScriptReadable bool
	// SameSite is which requests of other sites the cookie is sent with.
	SameSite SameSite
}

func (c *Cookie) check() error {
	isOther := func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("\",;\\", r) }
	endsAttribute := func(r rune) bool { return r == ';' || r < ' ' || r == '\x7f' }
	switch {
	case !isToken(c.Name):
		return c.flaw("a name has only letters, digits and " + tokenMarks)
	case strings.ContainsFunc(c.Value, isOther):
		return c.flaw("a value has no blanks, quotes, commas, semicolons, backslashes, " +
			"control characters or characters beyond ASCII: percent-encode it")
	case strings.ContainsFunc(c.Domain, endsAttribute):
		return c.flaw("its domain has a semicolon or a control character")
	case strings.ContainsFunc(c.Path, endsAttribute):
		return c.flaw("its path has a semicolon or a control character")
	case c.MaxAge < 0:
		return c.flaw("a max age of " + c.MaxAge.String() + ": it must be 0 or more; " +
			"Delete deletes a cookie")
	case c.MaxAge > 0 && c.Delete:
		return c.flaw("Delete with a max age of " + c.MaxAge.String() + ": it must be 0")
	case c.MaxAge%time.Second != 0:
		return c.flaw("a max age of " + c.MaxAge.String() + ": it must be whole seconds")
	case int(c.SameSite) >= len(sameSites):
		return c.flaw("a SameSite of " + c.SameSite.String())
	case c.SameSite == SameSiteNone && c.Insecure:
		return c.flaw("SameSite=None needs Secure")
	}
	return nil
}

// The value is left out of every flaw: it may be a secret.
func (c *Cookie) flaw(reason string) error {
	return Internal("the cookie %s: %s", shortened(c.Name), reason)
}

// text is the value of the header set-cookie.
func (c *Cookie) text() string {
	text := c.Name + "=" + c.Value
	if c.MaxAge != 0 || c.Delete {
		text += "; Max-Age=" + strconv.FormatInt(int64(c.MaxAge/time.Second), 10)
	}
	if c.Domain != "" {
		text += "; Domain=" + c.Domain
	}
	text += "; Path=" + cmp.Or(c.Path, "/")
	if !c.Insecure {
		text += "; Secure"
	}
	if !c.ScriptReadable {
		text += "; HttpOnly"
	}
	return text + "; SameSite=" + c.SameSite.String()
}
