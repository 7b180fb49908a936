//! The protocol message by message, for what no driver sends.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::House;

/// A session of agent-7, and every byte that it was sent.
pub(super) struct Speaker {
    stream: TcpStream,
    pub(super) got: Vec<u8>,
}

/// A message of the server: its type and what is in it.
pub(super) type Message = (u8, Vec<u8>);

pub(super) fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = i32::try_from(body.len() + 4).unwrap();
    [&[tag][..], &length.to_be_bytes(), body].concat()
}

/// Whole messages, and what is left behind them.
pub(super) fn messages(bytes: &[u8]) -> (Vec<Message>, &[u8]) {
    let (mut rest, mut all) = (bytes, Vec::new());
    while let Some((head, after)) = rest.split_at_checked(5) {
        let length = u32::from_be_bytes(head[1..].try_into().unwrap()) as usize - 4;
        let Some((body, after)) = after.split_at_checked(length) else { break };
        all.push((head[0], body.to_vec()));
        rest = after;
    }
    (all, rest)
}

/// The cells of a row.
pub(super) fn cells(row: &[u8]) -> Vec<Option<Vec<u8>>> {
    let (count, mut rest) = row.split_at(2);
    let mut all = Vec::new();
    for _ in 0..u16::from_be_bytes(count.try_into().unwrap()) {
        let (length, after) = rest.split_at(4);
        let length = i32::from_be_bytes(length.try_into().unwrap());
        let (cell, after) = after.split_at(usize::try_from(length).unwrap_or(0));
        all.push((length >= 0).then(|| cell.to_vec()));
        rest = after;
    }
    assert!(rest.is_empty());
    all
}

impl Speaker {
    pub(super) async fn to(house: &House) -> Self {
        let mut speaker = Self { stream: TcpStream::connect(house.address).await.unwrap(), got: Vec::new() };
        let startup = b"\0\x03\0\0user\0agent-7\0database\0ehr\0\0";
        let length = i32::try_from(startup.len() + 4).unwrap();
        speaker.stream.write_all(&[&length.to_be_bytes()[..], startup].concat()).await.unwrap();
        let password = [house.credential.as_bytes(), b"\0"].concat();
        speaker.stream.write_all(&message(b'p', &password)).await.unwrap();
        speaker.answered().await;
        speaker
    }

    /// Sends messages and reads until the server is ready again.
    pub(super) async fn says(&mut self, bytes: &[u8]) -> Vec<Message> {
        self.stream.write_all(bytes).await.unwrap();
        self.answered().await
    }

    /// Sends messages, and waits for nothing.
    pub(super) async fn sends(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Reads until the gateway closes: whole messages, and nothing behind them.
    pub(super) async fn ends(&mut self) -> Vec<Message> {
        let before = self.got.len();
        let mut buffer = [0; 4096];
        loop {
            let read = self.stream.read(&mut buffer);
            let read = tokio::time::timeout(std::time::Duration::from_secs(60), read).await.unwrap().unwrap_or(0);
            if read == 0 {
                let (all, rest) = messages(&self.got[before..]);
                assert!(rest.is_empty(), "{} bytes of a message came", rest.len());
                return all;
            }
            self.got.extend_from_slice(&buffer[..read]);
        }
    }

    async fn answered(&mut self) -> Vec<Message> {
        let before = self.got.len();
        let mut buffer = [0; 4096];
        loop {
            let (all, rest) = messages(&self.got[before..]);
            if rest.is_empty() && all.last().is_some_and(|(tag, _)| *tag == b'Z') {
                return all;
            }
            let read = self.stream.read(&mut buffer);
            let read = tokio::time::timeout(std::time::Duration::from_secs(30), read).await.unwrap().unwrap();
            assert!(read > 0, "the session ended behind {all:?}");
            self.got.extend_from_slice(&buffer[..read]);
        }
    }

    /// Runs a statement whose result columns come in these formats.
    pub(super) async fn asks(&mut self, text: &str, formats: &[u16]) -> Vec<Message> {
        let parse = message(b'P', &[b"\0", text.as_bytes(), b"\0\0\0"].concat());
        let count = u16::try_from(formats.len()).unwrap().to_be_bytes();
        let formats: Vec<u8> = formats.iter().flat_map(|format| format.to_be_bytes()).collect();
        let bind = message(b'B', &[b"\0\0\0\0\0\0", &count[..], &formats].concat());
        let rest = [message(b'D', b"P\0"), message(b'E', b"\0\0\0\0\0"), message(b'S', b"")].concat();
        self.says(&[parse, bind, rest].concat()).await
    }
}

/// The SQLSTATE of an error.
pub(super) fn state(told: &Message) -> Option<String> {
    let fields = told.1.split(|byte| *byte == 0).find_map(|field| field.strip_prefix(b"C"));
    fields.filter(|_| told.0 == b'E').map(|code| String::from_utf8_lossy(code).into_owned())
}
