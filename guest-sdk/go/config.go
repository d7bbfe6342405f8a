package hostel

// Config gives access to the plugin's settings and secrets, from [plugins.NAME.config] and
// [plugins.NAME.secrets] in the host's configuration, or from the options --config NAME=VALUE and
// --secret NAME=env:VARIABLE (or NAME=file:PATH) of hostel run. The values do not change while a
// version of the plugin is loaded.
type Config struct {
	host host
}

// Get returns the value of the setting or secret of that name, and whether there is one.
//
//	currency, found := ctx.Config.Get("base-currency")
//	if !found {
//		currency = "EUR"
//	}
func (c Config) Get(name string) (value string, found bool) {
	return c.host.setting(name)
}

// Require returns the value of the setting or secret of that name. If it is missing, the error is a
// [Failure] of kind [FailureInternal] whose message explains where to set it.
func (c Config) Require(name string) (string, error) {
	value, found := c.Get(name)
	if !found {
		return "", Internal("no setting %q: write it in [plugins.NAME.config], "+
			"or as a secret in [plugins.NAME.secrets]", name)
	}
	return value, nil
}

// Names returns the names of all settings and secrets, sorted.
func (c Config) Names() []string {
	return c.host.settingNames()
}
