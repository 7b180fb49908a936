//! The session beside a simple model of a server: what a client reads through the session equals what it reads from the
//! server alone, where the server itself raises an error in place of each denial.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

use super::*;
use crate::pg::backend;
use crate::pg::clean::Words;
use crate::pg::frame::{frames, message, own};

/// A random number that a seed repeats (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }

    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[usize::try_from(self.roll(list.len() as u64)).unwrap()]
    }
}

/// A server that knows statements of one letter:
/// `S` three rows, `N` nothing, `B` `C` `R` transactions, `X` fails when it runs, `Y` is no SQL, `Z` is denied by policy,
/// `V` denied when bound values are seen, `I` COPY in, `O` COPY out, `W` a notice.
struct Server {
    /// Whether `Z` and `V` fail here, as the policy would have it.
    denies: bool,
    skip: bool,
    open: bool,
    failed: bool,
    statements: BTreeMap<Bytes, Bytes>,
    portals: BTreeMap<Bytes, (Bytes, i16, u8)>,
    copy: Option<Copying>,
    out: Vec<Bytes>,
    dead: bool,
}

/// A COPY in, and what of a `Query` follows it.
struct Copying {
    rest: Option<Vec<u8>>,
}

struct Fail(&'static str);

impl Server {
    fn new(denies: bool) -> Self {
        Self {
            denies,
            skip: false,
            open: false,
            failed: false,
            statements: BTreeMap::new(),
            portals: BTreeMap::new(),
            copy: None,
            out: Vec::new(),
            dead: false,
        }
    }

    fn say(&mut self, tag: u8, body: &[u8]) {
        self.out.push(message(tag, body));
    }

    fn error(&mut self, code: &str) {
        let body = format!("SERROR\0VERROR\0C{code}\0Mfails\0\0");
        self.say(b'E', body.as_bytes());
    }

    fn ready(&mut self) {
        if !self.open {
            self.portals.clear();
        }
        let status = if self.failed {
            b'E'
        } else if self.open {
            b'T'
        } else {
            b'I'
        };
        self.say(b'Z', &[status]);
    }

    fn abort(&mut self) {
        self.failed = self.open;
        self.portals.clear();
    }

    fn take(&mut self, frame: &FrontendFrame) {
        if self.dead {
            return;
        }
        let tag = frame.tag();
        if self.copy.is_some() {
            return self.take_copy(frame);
        }
        if tag == FrontendTag::Sync {
            self.skip = false;
            self.ready();
            return;
        }
        if self.skip {
            return;
        }
        match tag {
            FrontendTag::Query => {
                let text = frontend::read_query(frame).unwrap();
                let whole = text.iter().any(|s| *s == b'Y' || (self.denies && *s == b'Z')) || text.starts_with(DENIED);
                if whole {
                    let denied = self.denies && text.contains(&b'Z');
                    self.abort();
                    self.error(if denied { "42501" } else { "42601" });
                    self.ready();
                } else {
                    self.query(&text);
                }
            }
            FrontendTag::CopyData | FrontendTag::CopyDone | FrontendTag::CopyFail | FrontendTag::Flush => {}
            FrontendTag::FunctionCall => {
                let call = FunctionCall::read(frame).unwrap();
                if self.denies && call.function == 666 {
                    self.abort();
                    self.error("42501");
                } else if self.failed {
                    self.error("25P02");
                } else {
                    self.say(b'V', &[0, 0, 0, 1, b'f']);
                }
                self.ready();
            }
            _ => {
                if let Err(Fail(code)) = self.extended(frame) {
                    self.abort();
                    self.error(code);
                    self.skip = true;
                }
            }
        }
    }

    fn query(&mut self, text: &[u8]) {
        if text.is_empty() {
            self.say(b'I', b"");
        }
        for (at, statement) in text.iter().enumerate() {
            match self.run(*statement, 0, true) {
                Ok(false) => {}
                Ok(true) => {
                    self.copy = Some(Copying { rest: Some(text[at + 1..].to_vec()) });
                    return;
                }
                Err(Fail(code)) => {
                    self.abort();
                    self.error(code);
                    break;
                }
            }
        }
        self.ready();
    }

    /// `true` when a COPY in begins.
    fn run(&mut self, statement: u8, format: u8, described: bool) -> Result<bool, Fail> {
        if self.failed && !b"CR".contains(&statement) {
            return Err(Fail("25P02"));
        }
        let mut tag = "DONE";
        match statement {
            b'S' => {
                if described {
                    self.say(b'T', &Self::columns(statement, format));
                }
                for _ in 0..3 {
                    self.say(b'D', &[0, 1, 0, 0, 0, 2, statement, format]);
                }
                tag = "SELECT 3";
            }
            b'B' => self.open = true,
            b'C' | b'R' => {
                (self.open, self.failed) = (false, false);
                self.portals.clear();
                tag = if statement == b'C' { "COMMIT" } else { "ROLLBACK" };
            }
            b'X' => return Err(Fail("22012")),
            b'I' => {
                self.say(b'G', &[0, 0, 1, 0, 0]);
                return Ok(true);
            }
            b'O' => {
                self.say(b'H', &[0, 0, 1, 0, 0]);
                self.say(b'd', b"1\n");
                self.say(b'd', b"2\n");
                self.say(b'c', b"");
                tag = "COPY 2";
            }
            b'W' => self.say(b'N', b"SNOTICE\0VNOTICE\0C00000\0Mhear\0\0"),
            _ => {}
        }
        self.say(b'C', format!("{tag}\0").as_bytes());
        Ok(false)
    }

    /// One column, whose type tells the statement.
    fn columns(statement: u8, format: u8) -> Vec<u8> {
        let mut body = vec![0, 1, b'c', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, statement, 0, 4, 255, 255, 255, 255, 0, format];
        body[13] = statement;
        body
    }

    fn extended(&mut self, frame: &FrontendFrame) -> Result<(), Fail> {
        match frame.tag() {
            FrontendTag::Parse => {
                let parse = Parse::read(frame).unwrap();
                if parse.text.starts_with(DENIED) || parse.text == "Y" {
                    if parse.name.is_empty() {
                        self.statements.remove(&parse.name);
                    }
                    return Err(Fail("42601"));
                }
                if self.denies && parse.text == "Z" {
                    return Err(Fail("42501"));
                }
                if self.failed && parse.text != "C" && parse.text != "R" {
                    return Err(Fail("25P02"));
                }
                if !parse.name.is_empty() && self.statements.contains_key(&parse.name) {
                    return Err(Fail("42P05"));
                }
                self.statements.insert(parse.name, parse.text);
                self.say(b'1', b"");
            }
            FrontendTag::Bind => {
                let bind = Bind::read(frame).unwrap();
                let text = self.statements.get(&bind.statement).cloned().ok_or(Fail("26000"))?;
                if self.failed && text != "C" && text != "R" {
                    return Err(Fail("25P02"));
                }
                if !bind.portal.is_empty() && self.portals.contains_key(&bind.portal) {
                    return Err(Fail("42P03"));
                }
                let format = frontend::format_at(&bind.results, 0).unwrap();
                self.portals.insert(bind.portal, (text, format, 0));
                self.say(b'2', b"");
            }
            FrontendTag::Describe => {
                let named = Named::read(frame).unwrap();
                let (text, format) = match named.thing {
                    Thing::Statement => {
                        let text = self.statements.get(&named.name).cloned().ok_or(Fail("26000"))?;
                        if self.failed && text == "S" {
                            return Err(Fail("25P02"));
                        }
                        self.say(b't', &[0, 0]);
                        (text, 0)
                    }
                    Thing::Portal => {
                        let (text, format, _) = self.portals.get(&named.name).cloned().ok_or(Fail("34000"))?;
                        (text, format)
                    }
                };
                if text == "S" {
                    self.say(b'T', &Self::columns(b'S', u8::try_from(format).unwrap()));
                } else {
                    self.say(b'n', b"");
                }
            }
            FrontendTag::Execute => {
                let execute = Execute::read(frame).unwrap();
                let (text, format, at) = self.portals.get(&execute.portal).cloned().ok_or(Fail("34000"))?;
                if self.denies && text == "V" {
                    return Err(Fail("42501"));
                }
                if text.is_empty() {
                    self.say(b'I', b"");
                } else if text == "S" && !self.failed {
                    let left = 3 - at;
                    let most = u8::try_from(execute.most).unwrap();
                    let now = if most == 0 { left } else { most.min(left) };
                    for _ in 0..now {
                        self.say(b'D', &[0, 1, 0, 0, 0, 2, b'S', u8::try_from(format).unwrap()]);
                    }
                    if let Some(portal) = self.portals.get_mut(&execute.portal) {
                        portal.2 += now;
                    }
                    if most != 0 && now == most {
                        self.say(b's', b"");
                    } else {
                        self.say(b'C', format!("SELECT {now}\0").as_bytes());
                    }
                } else if self.run(text[0], 0, false)? {
                    self.copy = Some(Copying { rest: None });
                }
            }
            FrontendTag::Close => {
                let named = Named::read(frame).unwrap();
                match named.thing {
                    Thing::Statement => drop(self.statements.remove(&named.name)),
                    Thing::Portal => drop(self.portals.remove(&named.name)),
                }
                self.say(b'3', b"");
            }
            _ => {}
        }
        Ok(())
    }

    fn take_copy(&mut self, frame: &FrontendFrame) {
        let failed = match frame.tag() {
            FrontendTag::Flush | FrontendTag::Sync => return,
            FrontendTag::CopyData => {
                if frontend::read_data(frame) != "bad" {
                    return;
                }
                Some("22P04")
            }
            FrontendTag::CopyDone => None,
            FrontendTag::CopyFail => Some("57014"),
            _ => {
                self.say(b'E', b"SFATAL\0VFATAL\0C08P01\0Mlost\0\0");
                self.dead = true;
                return;
            }
        };
        let Some(copying) = self.copy.take() else { return };
        match (failed, copying.rest) {
            (None, Some(rest)) => {
                self.say(b'C', b"COPY 1\0");
                if rest.is_empty() { self.ready() } else { self.query(&rest) }
            }
            (None, None) => self.say(b'C', b"COPY 1\0"),
            (Some(code), rest) => {
                self.abort();
                self.error(code);
                if rest.is_some() { self.ready() } else { self.skip = true }
            }
        }
    }
}

/// What a client may do, as messages.
fn script(dice: &mut Dice, length: usize) -> Vec<FrontendFrame> {
    let mut stream: Vec<Bytes> = Vec::new();
    const STATEMENTS: &[&str] = &["S", "S", "S", "N", "B", "C", "R", "X", "Y", "Z", "V", "W", "O", ""];
    const NAMES: &[&str] = &["", "", "a", "b"];
    let name = |dice: &mut Dice| Bytes::from_static(dice.pick(NAMES).as_bytes());
    while stream.len() < length {
        let statement = dice.pick(STATEMENTS);
        match dice.roll(16) {
            0 => {
                let several: String = (0..dice.roll(4)).map(|_| dice.pick(STATEMENTS)).collect();
                stream.push(frontend::write_query(several.as_bytes()).unwrap());
            }
            1 => stream.push(frontend::write_query(statement.as_bytes()).unwrap()),
            2 | 3 => {
                let text = Bytes::from_static(statement.as_bytes());
                stream.push(Parse { name: name(dice), text, types: Vec::new() }.write().unwrap());
            }
            4 | 5 => {
                let results = dice.pick(&[&[][..], &[0], &[1]]).to_vec();
                let (portal, statement) = (name(dice), name(dice));
                let bind = Bind { portal, statement, formats: Vec::new(), values: Vec::new(), results };
                stream.push(bind.write().unwrap());
            }
            6 | 7 => {
                let most = dice.pick(&[0, 0, 1, 2, 3]);
                stream.push(Execute { portal: name(dice), most }.write().unwrap());
            }
            8 => {
                let thing = dice.pick(&[Thing::Statement, Thing::Portal]);
                stream.push(Named { thing, name: name(dice) }.write_describe().unwrap());
            }
            9 => {
                let thing = dice.pick(&[Thing::Statement, Thing::Portal]);
                stream.push(Named { thing, name: name(dice) }.write_close().unwrap());
            }
            10 | 11 => stream.push(frontend::SYNC),
            12 => stream.push(frontend::FLUSH),
            13 => {
                let function = dice.pick(&[7, 666]);
                let call = FunctionCall { function, formats: Vec::new(), arguments: Vec::new(), result: 0 };
                stream.push(call.write().unwrap());
            }
            // A COPY in, alone, among others, or in the extended protocol; sometimes in what is being skipped.
            14 => {
                if dice.roll(2) == 0 {
                    let before = dice.pick(&["", "S", "X", "B"]);
                    let after = dice.pick(&["", "S", "X"]);
                    stream.push(frontend::write_query(format!("{before}I{after}").as_bytes()).unwrap());
                } else {
                    let (name, text) = (Bytes::new(), Bytes::from_static(b"I"));
                    stream.push(Parse { name: name.clone(), text, types: Vec::new() }.write().unwrap());
                    let (portal, statement) = (name.clone(), name.clone());
                    let bind = Bind { portal, statement, formats: vec![], values: vec![], results: vec![] };
                    stream.push(bind.write().unwrap());
                    stream.push(Execute { portal: name, most: 0 }.write().unwrap());
                }
                for _ in 0..dice.roll(3) {
                    stream.push(frontend::write_copy_data(dice.pick(&["1\n", "1\n", "bad"]).as_bytes()).unwrap());
                }
                stream.push(if dice.roll(3) > 0 {
                    frontend::COPY_DONE
                } else {
                    frontend::write_copy_fail(b"no").unwrap()
                });
            }
            _ => stream.push(dice.pick(&[&frontend::COPY_DONE, &frontend::SYNC]).clone()),
        }
    }
    stream.push(frontend::SYNC);
    stream.iter().map(|bytes| own(bytes.clone()).unwrap()).collect()
}

/// What a client reads: types, codes of errors, and letters of status.
fn shown(messages: &[Bytes]) -> Vec<String> {
    let show = |bytes: &Bytes| {
        let frame: BackendFrame = own(bytes.clone()).unwrap();
        match backend::sqlstate(&frame) {
            Some(code) if bytes[0] == b'E' => format!("E {}", String::from_utf8_lossy(&code)),
            _ => format!("{:?}", bytes),
        }
    };
    messages.iter().map(show).collect()
}

fn denial() -> Verdict<u8> {
    let message = Words::from("denied");
    Verdict::Deny(Report { severity: Severity::Error, code: "42501", message, detail: None, hint: None })
}

/// One run: random order of who acts, random delays of verdicts.
fn through_the_session(dice: &mut Dice, script: &[FrontendFrame]) -> Vec<Bytes> {
    let mut session: Session<u8> = Session::new();
    let mut server = Server::new(false);
    let mut client: VecDeque<&FrontendFrame> = script.iter().collect();
    let (mut up, mut down): (VecDeque<Bytes>, VecDeque<Bytes>) = Default::default();
    let mut asks: VecDeque<Ask<u8>> = VecDeque::new();
    let mut seen = Vec::new();
    let mut idle = 0;
    while idle < 150 {
        idle += 1;
        match dice.roll(4) {
            0 if session.wants_frontend() => {
                if let Some(frame) = client.pop_front() {
                    session.handle_frontend(frame.clone());
                    idle = 0;
                }
            }
            1 => {
                if let Some(bytes) = up.pop_front() {
                    server.take(&own(bytes).unwrap());
                    down.extend(server.out.drain(..));
                    idle = 0;
                }
            }
            2 => {
                if let Some(bytes) = down.pop_front() {
                    session.handle_backend(frames(&bytes).pop().unwrap());
                    idle = 0;
                }
            }
            _ => {
                if let Some(ask) = asks.pop_front() {
                    let denied = match &ask.question {
                        Question::Query(text) => text.contains(&b'Z'),
                        Question::Parse(parse) => parse.text == "Z",
                        Question::Bind { .. } => false,
                        Question::Execute { portal, .. } => portal
                            .as_ref()
                            .and_then(|portal| portal.statement.as_ref())
                            .is_some_and(|statement| statement.parse.text == "V"),
                        Question::FunctionCall(call) => call.function == 666,
                    };
                    let verdict = if denied { denial() } else { Verdict::Allow(Allow::as_is(1)) };
                    session.verdict(ask.id, verdict);
                    idle = 0;
                }
            }
        }
        while let Some(action) = session.poll() {
            match action {
                Action::ToServer(bytes) | Action::CopyInEnd(bytes) => up.push_back(bytes),
                Action::CopyIn(frame) => up.push_back(frame.bytes().clone()),
                Action::ToClient(message) => seen.push(Bytes::copy_from_slice(message.as_bytes())),
                Action::Ask(ask) => asks.push_back(ask),
                Action::Row { columns, frame, .. } => {
                    // The row itself says which statement made it, and in which format.
                    let row = frame.bytes();
                    assert_eq!(columns.len(), 1);
                    assert_eq!(columns[0].type_oid, u32::from(row[row.len() - 2]), "the columns of another statement");
                    assert_eq!(columns[0].format, i16::from(row[row.len() - 1]), "another format");
                    seen.push(frame.bytes().clone());
                }
                Action::RowDescription { frame, .. }
                | Action::Report(frame)
                | Action::Notification(frame)
                | Action::Setting(frame)
                | Action::CopyOut(frame)
                | Action::FunctionResult { frame, .. } => seen.push(frame.bytes().clone()),
                Action::Withdraw(id) => asks.retain(|ask| ask.id != id),
                Action::CopyOutBegin { .. } | Action::CopyOutEnd | Action::CopyInBegin { .. } | Action::End => {}
            }
        }
    }
    assert!(session.is_ended() || (asks.is_empty() && client.is_empty()), "the session stands still: {session:?}");
    seen
}

fn compare(seed: u64, length: usize) {
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let script = script(&mut dice, length);
    let mut alone = Server::new(true);
    script.iter().for_each(|frame| alone.take(frame));
    let seen = through_the_session(&mut dice, &script);
    let (seen, wanted) = (shown(&seen), shown(&alone.out));
    if seen != wanted {
        let tags: Vec<String> = script
            .iter()
            .map(|frame| match frame.tag() {
                FrontendTag::Query => format!("Query({:?})", frontend::read_query(frame).unwrap()),
                FrontendTag::Parse => {
                    let parse = Parse::read(frame).unwrap();
                    format!("Parse({:?} {:?})", parse.name, parse.text)
                }
                FrontendTag::Bind => {
                    let bind = Bind::read(frame).unwrap();
                    format!("Bind({:?} {:?} {:?})", bind.portal, bind.statement, bind.results)
                }
                FrontendTag::Execute => format!("Execute({:?})", Execute::read(frame).unwrap().portal),
                FrontendTag::CopyData => format!("CopyData({:?})", frontend::read_data(frame)),
                tag => format!("{tag:?}"),
            })
            .collect();
        let at = seen.iter().zip(&wanted).take_while(|(one, other)| one == other).count();
        panic!(
            "seed {seed}, length {length}\nscript {tags:#?}\nfrom answer {at}\nseen {:#?}\nwanted {:#?}",
            &seen[at.saturating_sub(2)..],
            &wanted[at.saturating_sub(2)..]
        );
    }
}

/// `BLACKBAR_OPERATIONS` sets how many operations are run, `BLACKBAR_SEED` where they begin.
#[test]
fn a_client_reads_what_a_server_with_the_policy_inside_would_say() {
    let number =
        |name: &str, otherwise: u64| std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise);
    let (operations, first) = (number("BLACKBAR_OPERATIONS", 120_000), number("BLACKBAR_SEED", 1));
    eprintln!("seed {first}, {operations} operations");
    let (mut done, mut seed) = (0, first);
    while done < operations {
        let length = 1 + usize::try_from(seed % 40).unwrap();
        compare(seed, length);
        done += length as u64;
        seed += 1;
    }
}
