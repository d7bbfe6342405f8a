//! Commands that are sent together.

use super::place::ServerPlace;
use super::reply::{Meaning, meaning};
use super::scripts::Script;
use super::slot::slot;
use redis::{Cmd, Pipeline, Value};

/// A command, and the script that it runs.
#[derive(Debug)]
pub(super) struct RedisCommand {
    command: Cmd,
    /// The script whose text the server that is asked may not know.
    script: Option<&'static Script>,
}

impl From<Cmd> for RedisCommand {
    fn from(command: Cmd) -> Self {
        RedisCommand { command, script: None }
    }
}

impl RedisCommand {
    /// A command that runs a script.
    pub(super) fn of_script(script: &'static Script, command: Cmd) -> Self {
        RedisCommand { command, script: Some(script) }
    }
}

/// Commands about one entry or its lease, all in one slot; on one server without slots, about
/// several entries. They are sent together and carried out in their order.
///
/// Each is about one name alone, since a command about two fails while their slot moves to another
/// server; and they are no transaction, which would be such a command. Leases are granted and filled
/// by scripts about two names all the same: what waits for a value can wait for a slot.
#[derive(Debug)]
pub(super) struct Batch {
    slot: u16,
    commands: Vec<RedisCommand>,
    replies: Vec<Option<Value>>,
    is_write: bool,
}

/// What comes next for a batch.
#[derive(Debug)]
pub(super) enum Next {
    /// It has all of its replies.
    Done,
    /// The commands without a reply go to another server, as ones that it would refuse otherwise if
    /// `is_asking`.
    Elsewhere { place: ServerPlace, is_asking: bool },
    /// The commands without a reply go to the same server again at once.
    Here,
    /// The commands without a reply are sent again in a moment.
    Again { reason: String, is_elsewhere: bool },
}

impl Batch {
    /// Commands that change nothing.
    pub(super) fn of_reads(name: &str, commands: Vec<RedisCommand>) -> Self {
        Batch::new(name, commands, false)
    }

    /// Commands that may change something.
    pub(super) fn of_writes(name: &str, commands: Vec<RedisCommand>) -> Self {
        Batch::new(name, commands, true)
    }

    fn new(name: &str, commands: Vec<RedisCommand>, is_write: bool) -> Self {
        let replies = vec![None; commands.len()];
        Batch { slot: slot(name.as_bytes()), commands, replies, is_write }
    }

    pub(super) fn slot(&self) -> u16 {
        self.slot
    }

    pub(super) fn is_write(&self) -> bool {
        self.is_write
    }

    /// The commands that have no reply yet.
    pub(super) fn pending(&self, is_asking: bool) -> Pipeline {
        let mut pipeline = Pipeline::with_capacity(self.commands.len() * 2);
        for (command, reply) in self.commands.iter().zip(&self.replies) {
            if reply.is_some() {
                continue;
            }
            if is_asking {
                pipeline.cmd("ASKING");
            }
            pipeline.add_command(command.command.clone());
        }
        pipeline
    }

    /// Takes the replies of the server at `asked` to what was pending.
    pub(super) fn take(
        &mut self,
        values: Vec<Value>,
        is_asking: bool,
        asked: &ServerPlace,
    ) -> Next {
        let step = if is_asking { 2 } else { 1 };
        let mut values = values.into_iter().skip(step - 1).step_by(step);
        let mut next = Next::Done;
        let replies = self.commands.iter_mut().zip(&mut self.replies);
        for (command, reply) in replies.filter(|(_, reply)| reply.is_none()) {
            let value = values.next().unwrap_or(Value::Nil);
            next = match meaning(value, asked) {
                Meaning::Reply(value) => {
                    *reply = Some(value);
                    continue;
                }
                Meaning::UnknownScript(error) => match command.script.take() {
                    Some(script) => {
                        command.command = script.with_text(&command.command);
                        Next::Here
                    }
                    None => {
                        *reply = Some(error);
                        continue;
                    }
                },
                Meaning::Moved(place) => Next::Elsewhere { place, is_asking: false },
                Meaning::Ask(place) => Next::Elsewhere { place, is_asking: true },
                Meaning::NotYet(reason) => Next::Again { reason, is_elsewhere: false },
                Meaning::NotHere(reason) => Next::Again { reason, is_elsewhere: true },
            };
        }
        next
    }

    /// The replies, once it is done.
    pub(super) fn replies(self) -> Vec<Value> {
        self.replies.into_iter().flatten().collect()
    }
}
