package hostel

import "fmt"

// Level is the severity of a log line.
type Level uint8

const (
	// LevelDebug is for debugging.
	LevelDebug Level = iota
	// LevelInfo is for normal events.
	LevelInfo
	// LevelWarn is for an unexpected event that the service handled.
	LevelWarn
	// LevelError is for a failure.
	LevelError
)

var levels = [...]string{"debug", "info", "warn", "error"}

// String returns the level in lower case, for example info.
func (l Level) String() string {
	return nameOf(levels[:], int(l))
}

// Log writes the plugin's log lines. The host adds the plugin, the service and the request id to
// each line.
//
// A message is always one line: the host escapes control characters, and the SDK replaces invalid
// UTF-8. Logging never fails: the host truncates a line that is too long. If one call logs too many
// lines or bytes, the host drops the excess lines and logs their number. The arguments of Debugf,
// Infof, Warnf and Errorf are those of [fmt.Sprintf].
//
// The host also logs the lines that a plugin writes to os.Stdout and os.Stderr, for example with
// the packages log and log/slog.
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

// Log logs a message without formatting. An invalid level counts as error.
func (l Log) Log(level Level, message string) {
	l.host.log(min(level, LevelError), message)
}
