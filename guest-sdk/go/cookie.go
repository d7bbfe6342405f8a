package hostel

import (
	"cmp"
	"strconv"
	"strings"
	"time"
)

// SameSite controls whether a cookie is sent with cross-site requests.
type SameSite uint8

const (
	// SameSiteLax sends the cookie with a cross-site request only if the request opens a page and
	// has a safe method, for example when the user follows a link.
	SameSiteLax SameSite = iota
	// SameSiteStrict never sends the cookie with cross-site requests.
	SameSiteStrict
	// SameSiteNone sends the cookie with all cross-site requests. It requires that
	// [Cookie.Insecure] is false.
	SameSiteNone
)

var sameSites = [...]string{"Lax", "Strict", "None"}

// String returns the attribute's value, for example Lax.
func (s SameSite) String() string {
	return nameOf(sameSites[:], int(s))
}

// Cookie is a cookie for the browser; [Response.WithCookie] adds it to a response. If only Name and
// Value are set, the cookie lasts until the browser closes, applies to all paths of this host,
// requires TLS, is hidden from scripts, and is sent with cross-site requests as in [SameSiteLax].
type Cookie struct {
	Name string
	// Value must not contain blanks, double quotes, commas, semicolons, backslashes, control
	// characters or non-ASCII characters: percent-encode such values.
	Value string
	// MaxAge is the lifetime of the cookie: whole seconds, not negative. With zero and without
	// Delete, the cookie lasts until the browser closes.
	MaxAge time.Duration
	// Delete makes the browser delete the cookie of that name, domain and path. MaxAge must be
	// zero.
	Delete bool
	// Domain is the domain that the cookie is sent to, including its subdomains. If Domain is
	// empty, the cookie is sent only to the host of the response.
	Domain string
	// Path is the path prefix that the cookie is sent to. An empty Path means "/".
	Path string
	// Insecure allows the browser to send the cookie without TLS.
	Insecure bool
	// ScriptReadable makes the cookie readable by scripts of the page.
	ScriptReadable bool
	// SameSite controls whether the cookie is sent with cross-site requests.
	SameSite SameSite
}

func (c *Cookie) check() error {
	isOther := func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("\",;\\", r) }
	endsAttribute := func(r rune) bool { return r == ';' || r < ' ' || r == '\x7f' }
	switch {
	case !isToken(c.Name):
		return c.flaw("a name may contain only letters, digits and " + tokenMarks)
	case strings.ContainsFunc(c.Value, isOther):
		return c.flaw("a value must not contain blanks, quotes, commas, semicolons, backslashes, " +
			"control characters or non-ASCII characters: percent-encode it")
	case strings.ContainsFunc(c.Domain, endsAttribute):
		return c.flaw("its domain contains a semicolon or a control character")
	case strings.ContainsFunc(c.Path, endsAttribute):
		return c.flaw("its path contains a semicolon or a control character")
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

// flaw returns an error that omits the cookie's value, because the value may be a secret.
func (c *Cookie) flaw(reason string) error {
	return Internal("the cookie %s: %s", shortened(c.Name), reason)
}

// text returns the value of the header set-cookie.
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
