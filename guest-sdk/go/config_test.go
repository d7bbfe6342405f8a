package hostel_test

import (
	"slices"
	"testing"

	"hostel-sdk"
)

func TestSettingIsReadByNameAndAMissingOneIsNamed(t *testing.T) {
	fake := hostel.NewFake()
	fake.SetConfig("b", "2")
	fake.SetConfig("a", "")
	config := fake.Context().Config
	if value, found := config.Get("a"); value != "" || !found {
		t.Errorf("got %q, %v", value, found)
	}
	if value, found := config.Get("c"); value != "" || found {
		t.Errorf("got %q, %v", value, found)
	}
	if value, err := config.Require("b"); value != "2" || err != nil {
		t.Errorf("got %q, %v", value, err)
	}
	if names := config.Names(); !slices.Equal(names, []string{"a", "b"}) {
		t.Errorf("got %q", names)
	}
	_, err := config.Require("api-key")
	failsWith(t, err, hostel.FailureInternal, `no setting "api-key": write it in [plugins.NAME.config], `+
		`or as a secret in [plugins.NAME.secrets]`)
}
