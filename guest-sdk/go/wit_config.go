//go:build wasip1

package hostel

import "unicode/utf8"

//go:wasmimport hostel:config/config@0.1.0 get
//go:noescape
func hostSetting(name string, result *witOption)

//go:wasmimport hostel:config/config@0.1.0 names
//go:noescape
func hostSettingNames(result *witList)

// setting receives the results of hostSetting and hostSettingNames.
var setting struct {
	value witOption
	names witList
}

func (host) setting(name string) (value string, found bool) {
	// The host's interface cannot take a name that is not UTF-8, and no setting has such a name.
	if !utf8.ValidString(name) {
		return "", false
	}
	startReading()
	defer stopReading()
	hostSetting(name, &setting.value)
	if setting.value.hasText == 0 {
		return "", false
	}
	return setting.value.text.string(), true
}

func (host) settingNames() []string {
	startReading()
	defer stopReading()
	hostSettingNames(&setting.names)
	lists := items[witList](setting.names)
	names := make([]string, len(lists))
	for i, list := range lists {
		names[i] = list.string()
	}
	return names
}
