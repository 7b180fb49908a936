//! A session between its client and its server: reads both, asks, masks, records, writes both.
//!
//! Everything happens in one task. What is read waits in one of four places, each of which is bounded: the session's backlog,
//! the outbox, and what each side has not taken yet. Where one is full, the side that would fill it is not read.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use blackbar_ledger::Outcome;
use blackbar_wire::pg::session::{Action, Ask, Session, Verdict};
use blackbar_wire::pg::{
    BackendFrame, BackendTag, CancelKey, FrameError, FrontendFrame, Refusal, Report, ToClient, TransactionStatus,
    frontend, parameter_status,
};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior};

mod blowing;

use self::blowing::Blowing;
use super::Served;
use super::asking::{Answer, Asking, Granted, Leave, Told, unrecorded_report};
use super::catalog::Snapshot;
use super::connection::Entered;
use super::copy_in::CopyIn;
use super::holding::{Holding, Step};
use super::link::Side;
use super::outbox::Outbox;
use super::reports::Texts;
use super::rows::{NoRow, Rows};
use super::startup::{error, fatal};
use super::upstream::NoSession;
use crate::config::Limits;
use crate::front::Stop;
use crate::gate::{Grant, Identifier, RecordError};

/// One session at work.
pub(super) struct Pump {
    client: Side<FrontendFrame>,
    server: Side<BackendFrame>,
    session: Session<Leave>,
    asking: Asking,
    rows: Rows,
    copy_in: Option<CopyIn>,
    /// For messages that belong to no statement.
    texts: Option<Texts>,
    /// What they are redacted by.
    connected: Grant,
    /// For those of the statement that is being answered.
    statement_texts: Option<(Arc<Granted>, Texts)>,
    outbox: Outbox,
    pending: Pending,
    /// A fuse has blown for the answer that comes.
    blowing: Option<Blowing>,
    served: Arc<Served>,
    server_key: Option<CancelKey>,
    entry: super::cancel::Entry,
    limits: Limits,
    stop: Stop,
    /// The gateway ends: nothing new is begun.
    draining: bool,
    /// Nothing is read any more; what is there is written.
    ended: bool,
    /// Since when the client has taken nothing of what waits for it.
    stuck: Option<Instant>,
    /// Since when the client waits for an answer; it is cut off at the total limit.
    busy: Option<Instant>,
    /// When the client was last heard, or had the word again.
    heard: Instant,
}

/// What the open question waits for.
enum Pending {
    Nothing,
    /// A young catalog.
    Catalog(Arc<Ask<Leave>>, Pin<Box<dyn Future<Output = Result<Arc<Snapshot>, NoSession>> + Send>>),
    /// People.
    People(Box<Holding>),
    /// That it is recorded.
    Record(u64, Verdict<Leave>),
}

impl Pending {
    /// The question that waits.
    fn id(&self) -> Option<u64> {
        match self {
            Self::Nothing => None,
            Self::Catalog(ask, _) => Some(ask.id),
            Self::People(holding) => Some(holding.id()),
            Self::Record(id, _) => Some(*id),
        }
    }
}

/// Nothing can be done but close.
struct Broken;

/// So much waits for a side before the other is not read on.
const MOST_WAITING: usize = 256 << 10;
/// More rows than take no time.
const MUCH: usize = 2 << 10;
/// So often a side is looked at before others have their turn.
const MOST_STEPS: usize = 64;

impl Pump {
    pub(super) fn new(client: Side<FrontendFrame>, entered: Entered, limits: Limits, stop: Stop) -> Self {
        let Entered { served, asking, connected, outbox, server, server_key, entry } = entered;
        let draining = *stop.borrow();
        Self {
            client,
            server,
            session: Session::new(),
            asking,
            rows: Rows::new(served.postgres.unknown),
            copy_in: None,
            texts: None,
            connected,
            statement_texts: None,
            outbox,
            pending: Pending::Nothing,
            blowing: None,
            served,
            server_key,
            entry,
            limits,
            draining,
            stop,
            ended: false,
            stuck: None,
            busy: None,
            heard: Instant::now(),
        }
    }

    /// Serves until one of the two is gone, or the session is over.
    pub(super) async fn run(&mut self) {
        let wanted = Arc::clone(&self.entry.wanted);
        let mut stop = self.stop.clone();
        let mut second = tokio::time::interval(Duration::from_secs(1));
        second.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let going = tokio::select! {
                () = poll_fn(|cx| self.poll(cx)) => break,
                () = wanted.notified() => self.cancelled(),
                // Also when who could say so is gone.
                _ = stop.changed(), if !self.draining => {
                    self.draining = true;
                    Ok(())
                }
                _ = second.tick() => self.second(),
            };
            if going.is_err() {
                break;
            }
        }
        // What the server still does for a client that has gone is done for nobody.
        if self.outbox.owes() {
            drop(self.cancel_at_server());
        }
        let goodbye = async {
            let _ = poll_fn(|cx| self.server.poll_write(cx)).await;
            poll_fn(|cx| self.client.poll_close(cx)).await;
            poll_fn(|cx| self.server.poll_close(cx)).await;
        };
        let _ = tokio::time::timeout(GOODBYE, goodbye).await;
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        for _ in 0..MOST_STEPS {
            match self.step(cx) {
                Ok(true) => {}
                Ok(false) => return Poll::Pending,
                Err(Broken) => return Poll::Ready(()),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Does what can be done now. Says whether anything was.
    fn step(&mut self, cx: &mut Context<'_>) -> Result<bool, Broken> {
        let mut progress = self.act();
        progress |= self.poll_pending(cx);
        progress |= self.poll_blowing(cx);
        progress |= self.let_go(cx, false);
        progress |= self.write(cx)?;
        if self.ended {
            let done = self.outbox.is_empty() && self.client.is_flushed() && self.server.is_flushed();
            if done {
                return Err(Broken);
            }
        } else {
            self.drain();
            progress |= self.read_client(cx)?;
            progress |= self.read_server(cx);
        }
        if !progress {
            // Nothing more comes for now: what was gathered goes to the disk.
            progress = self.let_go(cx, true);
        }
        Ok(progress)
    }

    fn write(&mut self, cx: &mut Context<'_>) -> Result<bool, Broken> {
        let mut progress = false;
        match self.client.poll_write(cx) {
            Poll::Ready(Ok(wrote)) => {
                progress |= wrote;
                self.stuck = None;
            }
            Poll::Ready(Err(_)) => return Err(Broken),
            Poll::Pending => _ = self.stuck.get_or_insert_with(Instant::now),
        }
        match self.server.poll_write(cx) {
            Poll::Ready(Ok(wrote)) => progress |= wrote,
            Poll::Ready(Err(_)) => self.lost_server(),
            Poll::Pending => {}
        }
        Ok(progress)
    }

    fn read_client(&mut self, cx: &mut Context<'_>) -> Result<bool, Broken> {
        let mut progress = false;
        while self.session.wants_frontend() && self.server.waiting() < MOST_WAITING {
            match self.client.frame() {
                Ok(Some(frame)) => {
                    self.session.handle_frontend(frame);
                    progress = true;
                }
                Ok(None) => break,
                Err(error) => {
                    self.session.end(&unreadable(error, "a message that the protocol does not have"));
                    return Ok(true);
                }
            }
        }
        if progress || !self.session.wants_frontend() || self.server.waiting() >= MOST_WAITING {
            return Ok(progress);
        }
        match self.client.poll_read(cx) {
            Poll::Ready(Ok(0) | Err(_)) => {
                self.server.push(frontend::TERMINATE);
                Err(Broken)
            }
            Poll::Ready(Ok(_)) => {
                self.heard = Instant::now();
                Ok(true)
            }
            Poll::Pending => Ok(false),
        }
    }

    fn read_server(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.outbox.has_room() || self.client.waiting() >= MOST_WAITING || self.is_raising() {
            return false;
        }
        loop {
            match self.server.frame() {
                Ok(Some(frame)) => {
                    self.session.handle_backend(frame);
                    self.act();
                    // What was read is worked off before more is.
                    if !self.outbox.has_room() || self.session.is_ended() || self.is_raising() {
                        return true;
                    }
                    // The first row of a long answer is not held back until those behind it were looked at.
                    if self.server.unread() > MUCH && self.outbox.begins() {
                        return true;
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    self.session.end(&unreadable(error, "the database said what the protocol does not have"));
                    return true;
                }
            }
        }
        match self.server.poll_read(cx) {
            Poll::Ready(Ok(0) | Err(_)) => {
                self.lost_server();
                true
            }
            Poll::Ready(Ok(_)) => true,
            Poll::Pending => false,
        }
    }

    fn lost_server(&mut self) {
        self.session.end(&fatal("08006", "the connection to the database was lost"));
        self.act();
    }

    /// Does what the session says. Says whether there was anything.
    fn act(&mut self) -> bool {
        let mut progress = false;
        while let Some(action) = self.session.poll() {
            progress = true;
            if let Err(why) = self.perform(action) {
                match why {
                    Failed::Unrecorded(error) => self.abort(&unrecorded_report(error)),
                    Failed::Row(NoRow::Blown(blown)) => {
                        if let Err(error) = self.blow(blown) {
                            self.abort(&unrecorded_report(error));
                        }
                    }
                    Failed::Row(NoRow::Refusal(refusal)) => self.session.end(&unshowable(refusal)),
                }
            }
        }
        progress
    }

    fn perform(&mut self, action: Action<Leave>) -> Result<(), Failed> {
        match action {
            Action::ToServer(bytes) => {
                self.outbox.goes_up(&bytes);
                self.server.push(bytes);
            }
            // What is left of an answer that is more than may leave.
            Action::Row { .. } | Action::CopyOut(_) | Action::CopyOutEnd if self.blowing.is_some() => {}
            Action::RowDescription { .. } | Action::CopyOutBegin { .. } if self.blowing.is_some() => self.run_over(),
            Action::Report(frame) if self.blowing.is_some() && frame.tag() == BackendTag::ErrorResponse => {
                self.blown()?;
            }
            Action::ToClient(message) => self.say(message)?,
            Action::Ask(ask) => self.ask(ask)?,
            Action::Withdraw(id) => {
                if self.pending.id() == Some(id) {
                    self.withdraw();
                }
            }
            Action::Row { grant, columns, ordinal, frame } => {
                let granted = grant.granted().ok_or(UNGRANTED)?;
                let recording = self.outbox.recording();
                let row = self.rows.row(granted, &columns, ordinal, &frame, &mut |found| recording.found(found))?;
                self.outbox.send(row)?;
            }
            Action::RowDescription { columns, frame } => {
                let message = self.texts().description(&frame, &columns)?;
                self.outbox.send(message)?;
            }
            Action::Setting(frame) => {
                if let Ok((name, value)) = parameter_status(&frame) {
                    if name == "client_encoding" && value != "UTF8" {
                        let report = fatal("22023", "this client encoding is not possible through this gateway");
                        self.session.end(&report);
                        return Ok(());
                    }
                    self.asking.setting(&name, &value);
                }
                let message = self.texts().message(&frame)?;
                self.outbox.send(message)?;
            }
            Action::Report(frame) | Action::Notification(frame) => {
                let message = self.texts().message(&frame)?;
                self.outbox.send(message)?;
            }
            Action::FunctionResult { grant, function, format, frame } => {
                let granted = grant.granted().ok_or(UNGRANTED)?;
                let recording = self.outbox.recording();
                let found = &mut |found: &Identifier| recording.found(found);
                let result = self.rows.function_result(granted, function, format, &frame, found)?;
                self.outbox.send(result)?;
            }
            Action::CopyOutBegin { grant, ordinal, shape } => {
                let granted = grant.granted().ok_or(UNGRANTED)?;
                self.rows.copy_begins(granted, ordinal, &shape, self.served.wire.row)?;
            }
            Action::CopyOut(frame) => {
                let recording = self.outbox.recording();
                let piece = self.rows.copy(&frame, &mut |found| recording.found(found))?;
                piece.map_or(Ok(()), |piece| self.outbox.send(piece))?;
            }
            Action::CopyOutEnd => {
                let recording = self.outbox.recording();
                let rest = self.rows.copy_ends(&mut |found| recording.found(found))?;
                rest.map_or(Ok(()), |rest| self.outbox.send(rest))?;
            }
            Action::CopyInBegin { grant, ordinal, shape } => {
                let granted = grant.granted().ok_or(UNGRANTED)?;
                self.outbox.copying_in();
                match CopyIn::new(granted, ordinal, &shape, self.served.wire.statement) {
                    Ok(copy) => self.copy_in = Some(copy),
                    Err(report) => self.session.fail_copy(report),
                }
            }
            Action::CopyIn(frame) => {
                if let Some(copy) = &mut self.copy_in {
                    match copy.piece(&frame) {
                        Ok(piece) => piece.into_iter().for_each(|piece| self.server.push(piece)),
                        Err(report) => self.fail_copy(report),
                    }
                }
            }
            Action::CopyInEnd(bytes) => match self.copy_in.take().map(CopyIn::end) {
                Some(Ok(rest)) => {
                    rest.into_iter().chain([bytes]).for_each(|message| self.server.push(message));
                }
                Some(Err(report)) => self.session.fail_copy(report),
                // It did not begin here, so it does not go on there.
                None => {}
            },
            Action::End => self.ended = true,
        }
        Ok(())
    }

    fn fail_copy(&mut self, report: Report) {
        self.copy_in = None;
        self.session.fail_copy(report);
    }

    fn say(&mut self, message: ToClient) -> Result<(), Failed> {
        let Some(message) = self.instead(message)? else { return Ok(()) };
        if message.as_bytes().first() == Some(&b'Z') {
            self.rows.forget();
            if self.outbox.granted().is_some_and(|granted| granted.defines) {
                self.served.catalog.expire();
            }
            self.busy = None;
            self.heard = Instant::now();
        }
        Ok(self.outbox.send(message)?)
    }

    /// What redacts a message that comes now.
    fn texts(&mut self) -> &mut Texts {
        let Some(granted) = self.outbox.granted() else {
            self.statement_texts = None;
            let connected = &self.connected;
            return self.texts.get_or_insert_with(|| Texts::new(connected));
        };
        let kept = self.statement_texts.take().filter(|(theirs, _)| Arc::ptr_eq(theirs, granted));
        let texts = kept.unwrap_or_else(|| (Arc::clone(granted), Texts::of_all(granted)));
        &mut self.statement_texts.insert(texts).1
    }

    fn ask(&mut self, ask: Ask<Leave>) -> Result<(), Failed> {
        if self.draining {
            self.session.verdict(ask.id, Verdict::Deny(ending()));
            return Ok(());
        }
        if let Some(report) = self.barred() {
            self.session.end(&report);
            return Ok(());
        }
        match self.served.catalog.current() {
            Some(snapshot) => self.judge(Arc::new(ask), &snapshot),
            None => {
                let catalog = Arc::clone(&self.served.catalog);
                let taken = Box::pin(async move { catalog.fresh().await });
                self.pending = Pending::Catalog(Arc::new(ask), taken);
                Ok(())
            }
        }
    }

    fn judge(&mut self, ask: Arc<Ask<Leave>>, snapshot: &Arc<Snapshot>) -> Result<(), Failed> {
        let id = ask.id;
        let told = match self.asking.ask(&ask, snapshot, &mut self.outbox)? {
            Answer::Told(told) => told,
            held @ (Answer::Held | Answer::Blown(..)) => match self.asking.seat() {
                Some(seat) => {
                    let patience = self.served.target.hold;
                    let mut holding = Holding::new(ask, &self.served.catalog, patience, seat);
                    if let Answer::Blown(blown, ready) = held {
                        holding.blown(blown, &ready, &mut self.asking, &mut self.outbox);
                    }
                    self.pending = Pending::People(Box::new(holding));
                    return Ok(());
                }
                None => self.asking.no_seat(&mut self.outbox)?,
            },
        };
        self.told(id, told);
        Ok(())
    }

    /// A question is decided.
    fn told(&mut self, id: u64, told: Told) {
        if told.settle {
            self.pending = Pending::Record(id, told.verdict);
            self.busy.get_or_insert_with(Instant::now);
        } else {
            self.session.verdict(id, told.verdict);
        }
    }

    /// The open question is not answered by policy any more.
    fn withdraw(&mut self) {
        if let Pending::People(_) = std::mem::replace(&mut self.pending, Pending::Nothing) {
            self.outbox.asked(Outcome::Interrupted, None);
        }
        self.asking.withdrawn();
    }

    /// Goes on with what waited. Says whether anything did.
    fn poll_pending(&mut self, cx: &mut Context<'_>) -> bool {
        let done = match std::mem::replace(&mut self.pending, Pending::Nothing) {
            Pending::Nothing => return false,
            Pending::Catalog(ask, mut taken) => match taken.as_mut().poll(cx) {
                Poll::Pending => {
                    self.pending = Pending::Catalog(ask, taken);
                    return false;
                }
                Poll::Ready(Ok(snapshot)) => self.judge(ask, &snapshot),
                Poll::Ready(Err(_)) => {
                    let report = error("57P03", "the catalog of the database cannot be read, so nothing can be judged");
                    self.session.verdict(ask.id, Verdict::Deny(report));
                    Ok(())
                }
            },
            Pending::People(mut holding) => {
                match holding.poll(cx, &mut self.asking, &mut self.outbox, &self.served.catalog) {
                    Poll::Pending => {
                        self.pending = Pending::People(holding);
                        return false;
                    }
                    Poll::Ready(Ok(Step::Notice(report))) => {
                        self.session.notice(report);
                        self.pending = Pending::People(holding);
                        Ok(())
                    }
                    Poll::Ready(Ok(Step::Done(told))) => {
                        self.told(holding.id(), told);
                        Ok(())
                    }
                    Poll::Ready(Err(error)) => Err(Failed::Unrecorded(error)),
                }
            }
            Pending::Record(id, verdict) => match self.outbox.poll_settled(cx) {
                Poll::Pending => {
                    self.pending = Pending::Record(id, verdict);
                    return false;
                }
                Poll::Ready(Ok(())) => {
                    self.session.verdict(id, verdict);
                    Ok(())
                }
                Poll::Ready(Err(error)) => Err(Failed::Unrecorded(error)),
            },
        };
        if let Err(Failed::Unrecorded(error)) = done {
            self.abort(&unrecorded_report(error));
        }
        true
    }

    /// Lets go what is recorded.
    fn let_go(&mut self, cx: &mut Context<'_>, waits: bool) -> bool {
        let client = &mut self.client;
        match self.outbox.poll(cx, waits, |bytes| client.push(bytes)) {
            Ok(progress) => progress,
            Err(error) => {
                self.abort(&unrecorded_report(error));
                true
            }
        }
    }

    /// What cannot be recorded is not said, but for this.
    fn abort(&mut self, report: &Report) {
        if self.ended && self.outbox.is_empty() {
            return;
        }
        self.outbox.clear();
        self.session.end(report);
        while self.session.poll().is_some() {}
        if let Ok(message) = ToClient::own_report(report) {
            self.client.push(message.into_clean().into_bytes());
        }
        self.server.push(frontend::TERMINATE);
        (self.ended, self.pending) = (true, Pending::Nothing);
    }

    /// Somebody with this session's key wants what runs to end.
    fn cancelled(&mut self) -> Result<(), Broken> {
        match self.session.asks() {
            Some(id) => {
                self.withdraw();
                let report = error("57014", "canceling statement due to user request");
                self.session.verdict(id, Verdict::Deny(report));
            }
            None => drop(self.cancel_at_server()),
        }
        Ok(())
    }

    fn cancel_at_server(&self) -> Option<JoinHandle<()>> {
        let key = self.server_key.clone()?;
        let upstream = Arc::clone(&self.served.upstream);
        Some(tokio::spawn(async move { upstream.cancel(&key).await }))
    }

    /// Lets a session go that the gateway's end finds idle.
    fn drain(&mut self) {
        if self.draining
            && let Pending::People(holding) = &self.pending
        {
            let id = holding.id();
            self.withdraw();
            self.session.verdict(id, Verdict::Deny(ending()));
        }
        let idle = !self.outbox.owes() && self.session.asks().is_none();
        if self.draining && idle && !self.session.is_ended() {
            self.session.end(&fatal("57P01", "the gateway is ending"));
            self.act();
        }
    }

    /// Why the session may not go on.
    fn barred(&mut self) -> Option<Report> {
        let ended = || fatal("28000", "the session was ended by an operator");
        self.asking.barred().or_else(|| self.outbox.recording().is_ended().then(ended))
    }

    /// Whether the client has said nothing for too long where it has the word.
    fn silent(&self) -> Option<Report> {
        let copies = self.copy_in.is_some();
        // Who is not read cannot be heard: the server takes its time.
        let unread = self.server.waiting() >= MOST_WAITING;
        if self.session.asks().is_some() || unread || self.outbox.owes() && !copies {
            return None;
        }
        let (limit, report) = match (copies, self.session.status()) {
            (true, _) => (self.limits.idle_timeout, fatal("57P05", "the client copies nothing in any more")),
            (false, TransactionStatus::Idle) => {
                (self.limits.idle_session_timeout, fatal("57P05", "the session was idle for too long"))
            }
            (false, _) => (self.limits.idle_timeout, fatal("25P03", "the transaction was idle for too long")),
        };
        (!limit.is_zero() && self.heard.elapsed() > limit).then_some(report)
    }

    /// What time asks for.
    fn second(&mut self) -> Result<(), Broken> {
        if !self.outbox.owes() && self.session.asks().is_none() {
            (self.texts, self.statement_texts) = (None, None);
            self.asking.rest();
        }
        if self.stuck.is_some_and(|since| since.elapsed() > self.limits.idle_timeout) {
            // It reads nothing, so it cannot be told either.
            return Err(Broken);
        }
        if self.ended && self.stuck.is_some_and(|since| since.elapsed() > GOODBYE) {
            // It does not take its last words either.
            return Err(Broken);
        }
        if let Some(report) = self.barred().or_else(|| self.silent()) {
            self.session.end(&report);
        }
        let total = self.limits.total_timeout;
        if !total.is_zero() && self.busy.is_some_and(|since| since.elapsed() > total) {
            self.busy = None;
            drop(self.cancel_at_server());
        }
        Ok(())
    }
}

/// Why an action could not be done.
enum Failed {
    Unrecorded(RecordError),
    Row(NoRow),
}

/// A row that nobody granted. It cannot come: nothing goes up without a grant.
const UNGRANTED: Failed = Failed::Row(NoRow::Refusal(Refusal::Rule("an answer without a grant")));

impl From<RecordError> for Failed {
    fn from(error: RecordError) -> Self {
        Self::Unrecorded(error)
    }
}

impl From<NoRow> for Failed {
    fn from(error: NoRow) -> Self {
        Self::Row(error)
    }
}

impl From<Refusal> for Failed {
    fn from(error: Refusal) -> Self {
        Self::Row(NoRow::Refusal(error))
    }
}

fn ending() -> Report {
    error("57P01", "the gateway is ending: nothing new is begun")
}

fn unreadable(why: FrameError, message: &'static str) -> Report {
    if why.is_too_long() { fatal("54000", "a message is longer than the limit") } else { fatal("08P01", message) }
}

fn unshowable(why: Refusal) -> Report {
    let why = match why {
        Refusal::Rule(why) => why,
        Refusal::Malformed(_) => "a message that does not follow its grammar",
        Refusal::TooLong => "a message that is too long",
    };
    Report { detail: Some(why.into()), ..fatal("0A000", "an answer that can neither be shown nor redacted") }
}

/// How long the last bytes may take.
const GOODBYE: Duration = Duration::from_secs(2);
