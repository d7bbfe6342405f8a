package hostel

import "fmt"

// Level is how much a log line matters.
type Level uint8

const (
	// LevelDebug is for whoever looks for a fault.
	LevelDebug Level = iota
	// LevelInfo is what happens in the ordinary course.
	LevelInfo
	// LevelWarn is what is odd and was coped with.
	LevelWarn
	// LevelError is what failed.
	LevelError
)

var levels = [...]string{"debug", "info", "warn", "error"}

// String is the level in lower case, info for example.
func (l Level) String() string {
	return nameOf(levels[:], int(l))
}

// Log writes the plugin's log lines. The host adds the plugin, the service and the request to each.
//
// A line stays one line whatever it contains, since the host escapes control characters, and what
// is not UTF-8 is replaced. Logging never fails: the host cuts a line that is too long, and drops
// lines that are too many, and says so. The arguments are those of [fmt.Sprintf].
//
// What is written to os.Stdout and os.Stderr, by the packages log and log/slog for example, becomes
// log lines too.
type Log struct {
	host host
}

// Debugf logs one line at level debug.
func (l Log) Debugf(format string, arguments ...any) {
	l.host.log(LevelDebug, fmt.Sprintf(format, arguments...))
}

// Infof logs one line at level info.
func (l Log) Infof(format string, arguments ...any) {
	l.host.log(LevelInfo, fmt.Sprintf(format, arguments...))
}

// Warnf logs one line at level warn.
func (l Log) Warnf(format string, arguments ...any) {
	l.host.log(LevelWarn, fmt.Sprintf(format, arguments...))
}

// Errorf logs one line at level error.
func (l Log) Errorf(format string, arguments ...any) {
	l.host.log(LevelError, fmt.Sprintf(format, arguments...))
}

// Log logs a message as it is. A level that does not exist counts as error.
func (l Log) Log(level Level, message string) {
	l.host.log(min(level, LevelError), message)
}
