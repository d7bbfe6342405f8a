//! Commands that are sent together.

use super::place::ServerPlace;
use super::reply::{Meaning, meaning};
use super::slot::slot;
use redis::{Cmd, Pipeline, Value};

/// Commands about one entry or its lease, each about one name, all in one slot. They are sent
/// together and carried out in their order.
///
/// Each is about one name alone, since a command about two fails while their slot moves to another
/// server; and they are no transaction, which would be such a command.
#[derive(Debug)]
pub(super) struct Batch {
    slot: u16,
    commands: Vec<Cmd>,
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
    /// The commands without a reply are sent again in a moment.
    Again { reason: String, is_elsewhere: bool },
}

impl Batch {
    /// Commands that change nothing.
    pub(super) fn of_reads(name: &str, commands: Vec<Cmd>) -> Self {
        Batch::new(name, commands, false)
    }

    /// Commands that may change something.
    pub(super) fn of_writes(name: &str, commands: Vec<Cmd>) -> Self {
        Batch::new(name, commands, true)
    }

    fn new(name: &str, commands: Vec<Cmd>, is_write: bool) -> Self {
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
            pipeline.add_command(command.clone());
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
        for reply in self.replies.iter_mut().filter(|reply| reply.is_none()) {
            let value = values.next().unwrap_or(Value::Nil);
            next = match meaning(value, asked) {
                Meaning::Reply(value) => {
                    *reply = Some(value);
                    continue;
                }
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
