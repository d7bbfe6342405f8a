//! Batches of commands.

use super::place::ServerPlace;
use super::reply::{Meaning, meaning};
use super::scripts::Script;
use super::slot::slot;
use redis::{Cmd, Pipeline, Value};

/// A command that may run a script.
#[derive(Debug)]
pub(super) struct RedisCommand {
    command: Cmd,
    /// The script that the command runs by its digest: the server may not know the script yet.
    /// `None` if the command runs no script, or contains the script's text.
    script: Option<&'static Script>,
}

impl From<Cmd> for RedisCommand {
    fn from(command: Cmd) -> Self {
        RedisCommand { command, script: None }
    }
}

impl RedisCommand {
    pub(super) fn of_script(script: &'static Script, command: Cmd) -> Self {
        RedisCommand { command, script: Some(script) }
    }
}

/// Commands on one entry and its lease, all in one slot. On a server without slots, a batch may
/// have commands on several entries. The commands are sent together and in order; those that a
/// server refuses for now are sent again.
///
/// Nearly all commands have one key, because a command with two keys may fail while their slot
/// migrates to another server. For the same reason a batch is not a transaction. Only the scripts
/// that grant and fill leases have two keys, so a migration can delay them.
#[derive(Debug)]
pub(super) struct Batch {
    slot: u16,
    commands: Vec<RedisCommand>,
    replies: Vec<Option<Value>>,
    is_write: bool,
}

/// The next step for a batch.
#[derive(Debug)]
pub(super) enum Next {
    /// All replies have arrived.
    Done,
    /// Send the unanswered commands to another server. If `is_asking`, send `ASKING` before each:
    /// otherwise that server would refuse the command.
    Elsewhere { place: ServerPlace, is_asking: bool },
    /// Send the unanswered commands to the same server again at once.
    Here,
    /// Send the unanswered commands again after a delay. If `is_elsewhere`, discover the servers in
    /// the meantime: another server may be able to run the commands.
    Again { reason: String, is_elsewhere: bool },
}

impl Batch {
    /// Creates a batch of commands that change nothing.
    pub(super) fn of_reads(name: &str, commands: Vec<RedisCommand>) -> Self {
        Batch::new(name, commands, false)
    }

    /// Creates a batch of commands that may change something.
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

    /// Returns the unanswered commands, each after `ASKING` if `is_asking`.
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

    /// Stores the replies of the server at `asked` to the pending commands. Returns the next step.
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

    /// Returns the replies of a batch that is done.
    pub(super) fn replies(self) -> Vec<Value> {
        self.replies.into_iter().flatten().collect()
    }
}
