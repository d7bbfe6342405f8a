//! A Redis client for the tests, independent of the host: it writes entries that a host would not
//! write, and reads the entries that the host wrote.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// A server's reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    Nothing,
    Integer(i64),
    Text(Vec<u8>),
    Error(String),
    List(Vec<Reply>),
}

pub struct Client(BufReader<TcpStream>);

impl Client {
    pub fn connect(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_nodelay(true).unwrap();
        Client(BufReader::new(stream))
    }

    /// Sends a command and returns its reply.
    pub fn ask(&mut self, words: &[&[u8]]) -> Reply {
        let mut command = format!("*{}\r\n", words.len()).into_bytes();
        for word in words {
            command.extend(format!("${}\r\n", word.len()).bytes());
            command.extend(*word);
            command.extend(b"\r\n");
        }
        self.0.get_mut().write_all(&command).unwrap();
        self.reply()
    }

    /// Sends a command whose words contain no spaces, and returns its reply.
    pub fn say(&mut self, command: &str) -> Reply {
        let words: Vec<_> = command.split(' ').map(str::as_bytes).collect();
        self.ask(&words)
    }

    pub fn integer(&mut self, words: &[&[u8]]) -> i64 {
        match self.ask(words) {
            Reply::Integer(number) => number,
            other => panic!("{other:?}"),
        }
    }

    /// Sends a command that returns text, and returns the text.
    pub fn info(&mut self, command: &str) -> String {
        match self.say(command) {
            Reply::Text(text) => String::from_utf8(text).unwrap(),
            other => panic!("{command}: {other:?}"),
        }
    }

    /// Returns the text stored under a name, or `None` if there is no text.
    pub fn text(&mut self, name: &str) -> Option<String> {
        match self.ask(&[b"GET", name.as_bytes()]) {
            Reply::Text(text) => Some(String::from_utf8(text).unwrap()),
            _ => None,
        }
    }

    /// Returns all names on the server in order.
    pub fn names(&mut self) -> Vec<Vec<u8>> {
        let Reply::List(names) = self.say("KEYS *") else { panic!("no list of names") };
        let name = |name: Reply| match name {
            Reply::Text(name) => name,
            other => panic!("{other:?}"),
        };
        let mut names: Vec<_> = names.into_iter().map(name).collect();
        names.sort();
        names
    }

    fn reply(&mut self) -> Reply {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        let (kind, rest) = line.trim_end().split_at(1);
        match kind {
            "+" => Reply::Text(rest.into()),
            "-" => Reply::Error(rest.to_owned()),
            ":" => Reply::Integer(rest.parse().unwrap()),
            "$" if rest == "-1" => Reply::Nothing,
            "$" => {
                let mut text = vec![0; rest.parse::<usize>().unwrap() + 2];
                self.0.read_exact(&mut text).unwrap();
                text.truncate(text.len() - 2);
                Reply::Text(text)
            }
            "*" if rest == "-1" => Reply::Nothing,
            "*" => Reply::List((0..rest.parse::<usize>().unwrap()).map(|_| self.reply()).collect()),
            _ => panic!("{line:?}"),
        }
    }
}
