//! The scripts that run on the servers. Each runs atomically.
//!
//! Most commands that can fail use `pcall`, so that the script can ignore the error or return it
//! unchanged: with `call`, Redis 6 would hide the error's code. No `pcall` runs after a change.

use redis::{Arg, Cmd, cmd};
use sha1::{Digest, Sha1};
use std::sync::OnceLock;

/// A script. After its first run on a server, its digest usually suffices to run it there again.
#[derive(Debug)]
pub(super) struct Script {
    text: &'static str,
    digest: OnceLock<String>,
}

impl Script {
    const fn new(text: &'static str) -> Self {
        Script { text, digest: OnceLock::new() }
    }

    /// Builds the command that runs the script on these keys by its digest. The caller adds the
    /// arguments.
    pub(super) fn on(&self, names: &[&str]) -> Cmd {
        let mut command = cmd("EVALSHA");
        command.arg(self.digest());
        command.arg(names.len());
        for name in names {
            command.arg(*name);
        }
        command
    }

    /// Returns the hexadecimal digest by which Redis identifies the script. The digest has no
    /// security purpose.
    fn digest(&self) -> &str {
        let hex = |byte: &u8| format!("{byte:02x}");
        self.digest.get_or_init(|| Sha1::digest(self.text).iter().map(hex).collect())
    }

    /// Converts the command to one that contains the script's text, for a server that does not know
    /// the script.
    pub(super) fn with_text(&self, command: &Cmd) -> Cmd {
        let mut with_text = cmd("EVAL");
        with_text.arg(self.text);
        for argument in command.args_iter().skip(2) {
            if let Arg::Simple(argument) = argument {
                with_text.arg(argument);
            }
        }
        with_text
    }
}

/// Adds to an integer. Key: the entry. Arguments: the number, the value limit, the expiry or an
/// empty text. Returns `ok` with the sum, or `refused` with the beginning of the current value,
/// which is 0 if the entry is missing.
pub(super) static INCREMENT: Script = Script::new(
    "local size = redis.pcall('STRLEN', KEYS[1])
if type(size) == 'table' then return size end
local is_new = size == 0 and redis.call('EXISTS', KEYS[1]) == 0
local text = is_new and '0' or redis.call('GETRANGE', KEYS[1], 0, 127)
local value = (text == '0' or string.find(text, '^%-?[1-9]%d*$')) and tonumber(text)
if not value or math.abs(value) > 9007199254740991 then return {'refused', text} end
local sum = value + tonumber(ARGV[1])
if math.abs(sum) > 9007199254740991 then return {'refused', text} end
if #string.format('%.0f', sum) > tonumber(ARGV[2]) then return {'refused', text} end
local done
if is_new and ARGV[3] ~= '' then done = redis.pcall('SET', KEYS[1], ARGV[1], 'EX', ARGV[3])
else done = redis.pcall('INCRBY', KEYS[1], ARGV[1]) end
if type(done) == 'table' and done.err then return done end
return {'ok', sum}",
);

/// Sets or removes an entry if it has the expected value. Key: the entry. Arguments: the value
/// limit; 1 if a value is expected, 0 if the entry must be missing; the expected value; 1 to set
/// the entry, 0 to remove it; the new value; the expiry, an empty text or `keep`. Returns 1, or 0
/// with the current value, if any, cut to one byte more than the limit.
pub(super) static SWAP: Script = Script::new(
    "local size = redis.pcall('STRLEN', KEYS[1])
if type(size) == 'table' then return size end
local old = (size > 0 or redis.call('EXISTS', KEYS[1]) == 1)
  and redis.call('GETRANGE', KEYS[1], 0, ARGV[1])
local expected = ARGV[2] == '1' and ARGV[3]
if old ~= expected then return {0, old} end
if ARGV[4] == '0' then redis.call('UNLINK', KEYS[1]) return {1} end
local done
if ARGV[6] == 'keep' then done = redis.pcall('SET', KEYS[1], ARGV[5], 'KEEPTTL')
elseif ARGV[6] == '' then done = redis.pcall('SET', KEYS[1], ARGV[5])
else done = redis.pcall('SET', KEYS[1], ARGV[5], 'EX', ARGV[6]) end
if done.err then return done end
return {1}",
);

/// Removes the expiry of an entry. Key: the entry. Returns 1 if the entry exists, otherwise 0.
pub(super) static PERSIST: Script =
    Script::new("redis.call('PERSIST', KEYS[1]) return redis.call('EXISTS', KEYS[1])");

/// Reads an entry, grants a lease, or does both. Keys: the entry, its lease. Arguments: the token,
/// the duration of the lease in milliseconds, the remaining milliseconds below which an entry is
/// early (due for a refresh), the value limit. Returns `compute`; `held` with the remaining
/// milliseconds of the lease; or `value` or `refresh` with the entry's value, cut to one byte more
/// than the limit.
///
/// The value of a new lease is the token if there is no entry. Otherwise it is the token, the
/// digest of the entry's value and the entry's expiry time in milliseconds. With these, [`FILL`]
/// checks whether the value is the same, and whether a missing entry has expired. A lease that is
/// not a string is ignored. A value over the limit is never early, so that the server need not
/// compute its digest.
pub(super) static LEASE: Script = Script::new(
    "local size = redis.pcall('STRLEN', KEYS[1])
if type(size) == 'table' then return size end
local token = ARGV[1]
local held = redis.pcall('GET', KEYS[2])
local is_own = held == token
  or type(held) == 'string' and string.sub(held, 1, #token + 1) == token .. ':'
local is_free = is_own or type(held) ~= 'string'
if size == 0 and redis.call('EXISTS', KEYS[1]) == 0 then
  if not is_free then return {'held', redis.call('PTTL', KEYS[2])} end
  local done = redis.pcall('SET', KEYS[2], token, 'PX', ARGV[2])
  if done.err then return done end
  return {'compute'}
end
local value = redis.call('GETRANGE', KEYS[1], 0, ARGV[4])
local left = redis.call('PTTL', KEYS[1])
if not is_free or left < 0 or left >= tonumber(ARGV[3]) or size > tonumber(ARGV[4]) then
  return {'value', value}
end
local now = redis.call('TIME')
local gone = string.format('%.0f', now[1] * 1000 + now[2] / 1000 + left)
local seen = token .. ':' .. redis.sha1hex(value) .. ':' .. gone
local done = redis.pcall('SET', KEYS[2], seen, 'PX', ARGV[2])
if done.err then return done end
return {'refresh', value}",
);

/// Ends the lease if it has this token. In this case also stores the value, if the current entry is
/// as [`LEASE`] saw it or has expired since. If the entry is missing before its expiry, it was
/// deleted or evicted, and nothing is stored. Keys: the entry, its lease. Arguments: the token, the
/// value, the expiry or an empty text, the value limit. Returns 1 if the value was stored,
/// otherwise 0. If storing the value fails, the lease remains, and the script returns the error.
pub(super) static FILL: Script = Script::new(
    "local token, seen, gone = ARGV[1], false, 0
local held = redis.pcall('GET', KEYS[2])
if type(held) ~= 'string' then return 0 end
if string.sub(held, 1, #token + 1) == token .. ':' then
  seen, gone = string.match(held, '^(%x+):(%d+)$', #token + 2)
elseif held ~= token then return 0 end
local is_same = redis.call('EXISTS', KEYS[1]) == 0
if seen and is_same then
  local now = redis.call('TIME')
  is_same = now[1] * 1000 + now[2] / 1000 >= tonumber(gone)
elseif seen then
  local size = redis.pcall('STRLEN', KEYS[1])
  is_same = type(size) == 'number' and size <= tonumber(ARGV[4])
    and redis.sha1hex(redis.call('GET', KEYS[1])) == seen
end
if not is_same then redis.call('DEL', KEYS[2]) return 0 end
local done
if ARGV[3] == '' then done = redis.pcall('SET', KEYS[1], ARGV[2])
else done = redis.pcall('SET', KEYS[1], ARGV[2], 'EX', ARGV[3]) end
if done.err then return done end
redis.call('DEL', KEYS[2])
return 1",
);

/// Ends a lease if it has this token. Key: the lease. Argument: the token. Returns 1 if the lease
/// was ended, otherwise 0.
pub(super) static RELEASE: Script = Script::new(
    "local token = ARGV[1]
local held = redis.pcall('GET', KEYS[1])
if type(held) ~= 'string' then return 0 end
if held == token or string.sub(held, 1, #token + 1) == token .. ':' then
  return redis.call('DEL', KEYS[1])
end
return 0",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_does_not_know_a_script_gets_its_text_with_the_same_arguments() {
        let mut command = RELEASE.on(&["a", "b"]);
        command.arg("").arg(7);
        let words = |command: &Cmd| -> Vec<String> {
            let word = |arg| match arg {
                Arg::Simple(word) => String::from_utf8_lossy(word).into_owned(),
                _ => panic!("a cursor"),
            };
            command.args_iter().map(word).collect()
        };
        let digest = RELEASE.digest();
        assert_eq!(words(&command), ["EVALSHA", digest, "2", "a", "b", "", "7"]);
        let with_text = words(&RELEASE.with_text(&command));
        assert_eq!(with_text, ["EVAL", RELEASE.text, "2", "a", "b", "", "7"]);
    }
}
