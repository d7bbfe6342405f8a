package hostel

import "testing"

// A cache may hold what another language wrote with spaces around it; the fake holds none of these.
func TestStringWithSpacesAroundItIsLeftToEncodingJSON(t *testing.T) {
	for text, expected := range map[string]bool{`"a"`: true, `"a" `: false, ` "a"`: false, "\"a\"\n": false} {
		var read string
		if plain := readPlain([]byte(text), &read); plain != expected || plain && read != "a" {
			t.Errorf("%q: read %q, %v", text, read, plain)
		}
	}
}
