package hostel

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Header is one header of a request or a response. In the requests and responses that a service
// receives, names are in lower case.
type Header struct {
	Name  string
	Value []byte
}

// joined returns the values of all headers of that name as one text. It joins cookies as in RFC
// 9113, section 8.2.3, and other values as in RFC 9110, section 5.3. The text is empty when the
// header is missing or a value is not UTF-8.
func joined(headers []Header, name string) string {
	separator, text, found := ", ", "", false
	if strings.EqualFold(name, "cookie") {
		separator = "; "
	}
	for _, header := range headers {
		if !strings.EqualFold(header.Name, name) {
			continue
		}
		if found {
			text += separator
		}
		text += string(header.Value)
		found = true
	}
	if !utf8.ValidString(text) {
		return ""
	}
	return text
}

func valuesOf(headers []Header, name string) (values []string) {
	for _, header := range headers {
		if strings.EqualFold(header.Name, name) && utf8.Valid(header.Value) {
			values = append(values, string(header.Value))
		}
	}
	return values
}

// withHeader returns a copy of the headers with one more header. It copies because several
// responses may share the memory of the original headers.
func withHeader(headers []Header, name, value string) []Header {
	more := make([]Header, 0, len(headers)+1)
	more = append(more, headers...)
	return append(more, Header{strings.ToLower(name), []byte(value)})
}

// headersOfServer are headers that only the server may set, because they describe the connection or
// the body's length.
var headersOfServer = [...]string{
	"connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer",
	"transfer-encoding", "upgrade",
}

// checkedHeaders validates a response's headers and returns them with names in lower case.
func checkedHeaders(headers []Header) ([]Header, error) {
	isCopy := false
	for i := range headers {
		name := strings.ToLower(headers[i].Name)
		if name != headers[i].Name {
			if !isCopy {
				headers, isCopy = slices.Clone(headers), true
			}
			headers[i].Name = name
		}
		switch {
		case !isToken(name):
			return nil, Internal("the response header %s: a name may contain only letters, digits and %s",
				shortened(name), tokenMarks)
		case slices.Contains(headersOfServer[:], name):
			return nil, Internal("the response header %q: the server sets it", name)
		case slices.ContainsFunc(headers[i].Value, isControlInValue):
			return nil, Internal("the response header %s: its value contains a control character",
				shortened(name))
		}
	}
	return headers, nil
}

// isControlInValue returns true for a control character other than the tab, which RFC 9110, section
// 5.5, allows.
func isControlInValue(c byte) bool {
	return isControl(c) && c != '\t'
}

func isControl(c byte) bool {
	return c < ' ' || c == '\x7f'
}

// tokenMarks are the characters of an HTTP token other than letters and digits (RFC 9110, section
// 5.6.2).
const tokenMarks = "!#$%&'*+-.^_`|~"

func isToken(text string) bool {
	for i := range len(text) {
		if c := text[i]; !isAlphanumeric(c) && strings.IndexByte(tokenMarks, c) < 0 {
			return false
		}
	}
	return text != ""
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}
