//! The event engine: a few threads, each a readiness loop over connections of its own.
//!
//! The first thread also accepts. It keeps a new connection unless another thread has fewer, so that
//! on a quiet board nothing is handed over, and under load the connections spread.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::io;
use std::mem;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZero;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use log::{error, warn};
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::event::{EventfdFlags, eventfd};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, Shutdown, SocketFlags, acceptfrom_with, recv, send, shutdown};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use slab::Slab;

use super::allowance::{self, Allowance};
use super::connection::{Connection, Step, Tick};
use super::{DRAIN, Meter, Service};
use crate::socket::{BACKLOG, Listener, Peer};
use crate::thread::{end_process, spawn_vital};

/// Memory for what clients sent and did not take yet, all connections together: the strangers' heads
/// and four bodies of the largest size at once, or one of these and its answer. With what the allocator adds, the
/// process grows by less than 16 MiB. Where strangers hold more, they give way to those with a key.
const MAX_HELD: usize = 12 << 20;

/// One read takes this much: a whole request with the largest head.
const READ: usize = 16 * 1024;

/// Steps of one connection before the others have their turn: four reads and their answers, which may
/// be a thousand pipelined requests.
const STEPS_A_TURN: usize = 8;

/// Connections without a key that get another turn in one round. So many cost less than a millisecond, and then
/// the others have their turn.
const STRANGERS_A_ROUND: usize = 32;

/// The time between two tries to accept when nothing is left to accept with.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// A shortage is over, and the next one worth a line in the log, when there was none for this long.
const SHORTAGE_OVER: Duration = Duration::from_secs(60);

/// The number of connections of a thread that was not started: too many to be given another.
const NEVER_STARTED: usize = usize::MAX / 2;

/// What an event is about. Below the listeners are the connections.
const WAKE: u64 = u64::MAX;
const TIMER: u64 = u64::MAX - 1;
const LISTENERS: u64 = 1 << 32;

/// Events that are taken at once.
const EVENTS: usize = 256;

/// Edge-triggered: epoll reports readiness once, when it begins. The listeners are level-triggered.
const READS: EventFlags = EventFlags::IN.union(EventFlags::RDHUP).union(EventFlags::ET);
const WRITES: EventFlags = EventFlags::OUT;
/// It is over in both directions.
const OVER: EventFlags = EventFlags::HUP.union(EventFlags::ERR);

/// The engine's threads.
pub struct Running {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    stopping: AtomicBool,
    /// The listeners are still there, so that connections may still be handed over.
    accepting: AtomicBool,
    meter: Arc<Meter>,
    /// For the answers to clients without a key.
    allowance: Allowance,
    workers: Vec<Mailbox>,
}

/// How the accepting thread reaches another one.
struct Mailbox {
    /// Connections that it has to take over.
    inbox: Mutex<Vec<(OwnedFd, Peer)>>,
    waker: OwnedFd,
    connections: AtomicUsize,
}

impl Mailbox {
    fn inbox(&self) -> MutexGuard<'_, Vec<(OwnedFd, Peer)>> {
        // A thread that panicked has ended the process.
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        // Only a counter that is full would refuse: the event is on its way then.
        let _ = rustix::io::write(&self.waker, &1u64.to_ne_bytes());
    }
}

pub(super) fn start<S: Service>(
    listeners: Vec<Listener>,
    service: Arc<S>,
    threads: NonZero<usize>,
    connections: usize,
    meter: Arc<Meter>,
) -> io::Result<Running> {
    let mut mailboxes = Vec::new();
    let mut rims = Vec::new();
    for index in 0..threads.get() {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        // Neither counter is ever read: each write, each expiry is an event of its own.
        let waker = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        epoll::add(&epoll, &waker, EventData::new_u64(WAKE), READS)?;
        let timer =
            timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK)?;
        epoll::add(&epoll, &timer, EventData::new_u64(TIMER), READS)?;
        // The first counts for itself as soon as it accepts.
        let connections = AtomicUsize::new(if index == 0 { 0 } else { NEVER_STARTED });
        mailboxes.push(Mailbox { inbox: Mutex::default(), waker, connections });
        rims.push((epoll, timer));
    }
    let shared = Arc::new(Shared {
        stopping: AtomicBool::new(false),
        accepting: AtomicBool::new(true),
        meter,
        allowance: Allowance::new(Instant::now()),
        workers: mailboxes,
    });
    let mut listeners = listeners;
    let mut running = Running { shared: Arc::clone(&shared), threads: Vec::new() };
    for (index, (epoll, timer)) in rims.into_iter().enumerate() {
        for (i, listener) in (LISTENERS..).zip(&listeners) {
            listener.set_nonblocking(true)?;
            epoll::add(&epoll, listener, EventData::new_u64(i), EventFlags::IN)?;
        }
        let share = (connections / threads.get()).max(1);
        let mut worker = Worker::new(index, epoll, timer, share, Arc::clone(&service), Arc::clone(&shared));
        worker.listeners = mem::take(&mut listeners);
        let name = format!("http-{index}");
        let started = spawn_vital(&name.clone(), move || {
            if let Err(error) = worker.run() {
                end_process(&name, &error);
            }
        });
        match started {
            Ok(thread) => {
                running.threads.push(thread);
                if index > 0 {
                    shared.workers[index].connections.store(0, Ordering::Relaxed);
                }
            }
            Err(error) if index == 0 => return Err(error),
            Err(error) => {
                warn!("only {index} of {threads} threads could be started: {error}");
                break;
            }
        }
    }
    Ok(running)
}

impl Running {
    pub(super) fn stop(self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        self.shared.workers.iter().for_each(Mailbox::wake);
        for thread in self.threads {
            // A thread that panicked has ended the process.
            let _ = thread.join();
        }
    }
}

struct Worker<S: Service> {
    index: usize,
    epoll: OwnedFd,
    /// Wakes this thread for its deadlines: to give each wait a time-out of its own would cost a
    /// twentieth of a request.
    timer: OwnedFd,
    /// When the timer goes off: not later than the earliest deadline.
    timer_at: Option<Instant>,
    /// Only the first worker has them.
    listeners: Vec<Listener>,
    /// When to accept again. Until then the listeners report no event.
    accept_at: Option<Instant>,
    /// When a shortage last kept us from accepting. Only the first time is logged.
    starved_at: Option<Instant>,
    /// How many connections each thread may have.
    share: usize,
    /// Where all threads are full, the one that makes room next.
    next_full: usize,
    /// How many connections this thread has had.
    inserted: u64,
    connections: Slab<Slot<S::Route>>,
    /// Connections with a key whose turn ended before their work did. All of them go on in the next round.
    unfinished: Vec<usize>,
    /// The same of connections without a key. Only some go on in each round, so that however many there are, a
    /// client with a key does not wait for all of them.
    unfinished_strangers: VecDeque<usize>,
    /// At most one current entry for each connection, not later than its deadline.
    deadlines: BinaryHeap<Reverse<(Instant, usize)>>,
    buffers: Buffers,
    clock: Clock,
    /// When the stop no longer waits for requests in flight.
    stop_at: Option<Instant>,
    service: Arc<S>,
    shared: Arc<Shared>,
}

/// A connection and its socket.
struct Slot<R> {
    stream: OwnedFd,
    connection: Connection<R>,
    /// The events for which it is watched, from its first wait on: a client that asks once is mostly answered
    /// before.
    watched: Option<EventFlags>,
    /// The socket may have bytes for us: epoll reports readiness once, when it begins.
    readable: bool,
    /// The client's end was announced: after the bytes that may be there comes an end to be read.
    read_closed: bool,
    /// The socket took less than we had.
    blocked: bool,
    /// It stands in `Worker::unfinished` or `unfinished_strangers`, and has its turn from there.
    unfinished: bool,
    /// The running number of its connection: of two that came in one turn, the lower is the older.
    number: u64,
    /// The entry among the deadlines that counts.
    queued: Option<Instant>,
    /// What is counted in `Shared::held` for it.
    held: usize,
}

/// Buffers that serve all connections of a thread in turn.
struct Buffers {
    input: Box<[u8]>,
    spare_output: Vec<u8>,
}

#[derive(PartialEq)]
enum Turn {
    /// The socket has to become ready, or a deadline has to pass.
    Wait,
    /// There is more to do at once.
    Again,
    /// A large body is to be answered, if there is memory for that.
    Answer,
    /// It is over.
    Close,
}

/// The two clocks, each read as seldom as it can be: on some boards that is a system call.
struct Clock {
    now: Instant,
    date: String,
    date_since: Instant,
}

impl Clock {
    fn new() -> Clock {
        let now = Instant::now();
        Clock { now, date: httpdate::fmt_http_date(SystemTime::now()), date_since: now }
    }

    fn tick<'t>(&'t self, stopping: bool, meter: &'t Meter) -> Tick<'t> {
        Tick { now: self.now, date: &self.date, stopping, meter }
    }

    fn advance(&mut self) {
        self.now = Instant::now();
        if self.now - self.date_since >= Duration::from_secs(1) {
            *self = Clock::new();
        }
    }
}

/// What an event's data says of a connection or a listener.
fn index(data: u64) -> usize {
    // They are put in by us, so that they fit; another would find nothing.
    usize::try_from(data).unwrap_or(usize::MAX)
}

impl<S: Service> Worker<S> {
    fn new(
        index: usize,
        epoll: OwnedFd,
        timer: OwnedFd,
        share: usize,
        service: Arc<S>,
        shared: Arc<Shared>,
    ) -> Worker<S> {
        Worker {
            index,
            epoll,
            timer,
            timer_at: None,
            listeners: Vec::new(),
            accept_at: None,
            starved_at: None,
            share,
            next_full: 0,
            inserted: 0,
            connections: Slab::new(),
            unfinished: Vec::new(),
            unfinished_strangers: VecDeque::new(),
            deadlines: BinaryHeap::new(),
            buffers: Buffers { input: vec![0; READ].into(), spare_output: Vec::new() },
            clock: Clock::new(),
            stop_at: None,
            service,
            shared,
        }
    }

    fn run(mut self) -> io::Result<()> {
        let mut events = Vec::with_capacity(EVENTS);
        loop {
            let timeout = self.prepare_to_wait()?;
            match epoll::wait(&self.epoll, spare_capacity(&mut events), timeout) {
                Err(error) if error != Errno::INTR => return Err(error.into()),
                _ => self.clock.advance(),
            }
            let mut woken = false;
            for event in events.drain(..) {
                match event.data.u64() {
                    WAKE => woken = true,
                    TIMER => self.timer_at = None,
                    i @ LISTENERS.. => drop(self.accept(index(i - LISTENERS))),
                    key => self.ready(index(key), event.flags),
                }
            }
            let most = if self.strangers_may_go() { STRANGERS_A_ROUND } else { 0 };
            let strangers = self.unfinished_strangers.len().min(most);
            let mut round = mem::take(&mut self.unfinished);
            round.extend(self.unfinished_strangers.drain(..strangers));
            for key in round {
                // It may have had to go in the meantime.
                if self.connections.get_mut(key).is_some_and(|slot| mem::take(&mut slot.unfinished)) {
                    self.drive(key);
                }
            }
            if self.accept_at.is_some_and(|at| at <= self.clock.now) {
                self.accept_at = None;
                self.listen(EventFlags::IN);
            }
            if woken {
                self.take_inbox();
                if self.stop_at.is_none() && self.shared.stopping.load(Ordering::SeqCst) {
                    self.begin_stop();
                }
            }
            self.expire();
            if self.is_done() {
                return Ok(());
            }
        }
    }

    /// Sees to it that the wait ends when something has to be done. Gives its time-out, `None` for
    /// ever: on an idle board nothing has to be done.
    fn prepare_to_wait(&mut self) -> io::Result<Option<&'static Timespec>> {
        let strangers_wait = !self.unfinished_strangers.is_empty();
        if !self.unfinished.is_empty() || (strangers_wait && self.strangers_may_go()) {
            return Ok(Some(&Timespec { tv_sec: 0, tv_nsec: 0 }));
        }
        // A deadline of a connection that is gone needs no wake-up.
        let counts = |&Reverse((at, key)): &Reverse<(Instant, usize)>| {
            self.connections.get(key).is_some_and(|slot| slot.queued == Some(at))
        };
        while self.deadlines.peek().is_some_and(|entry| !counts(entry)) {
            self.deadlines.pop();
        }
        let deadline = self.deadlines.peek().map(|Reverse((at, _))| *at);
        let strangers_at = strangers_wait.then(|| self.clock.now + allowance::PAUSE);
        let next = [deadline, strangers_at, self.accept_at, self.stop_at].into_iter().flatten().min();
        // A deadline that has moved away is looked at when the timer goes off: most connections are
        // answered and closed before, and the timer stays where it is.
        if let Some(next) = next.filter(|next| self.timer_at.is_none_or(|at| *next < at)) {
            // Zero would stop the timer.
            let wait = next.saturating_duration_since(self.clock.now).max(Duration::from_nanos(1));
            let once = Itimerspec {
                it_interval: Timespec::default(),
                it_value: wait.try_into().map_err(io::Error::other)?,
            };
            timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &once)?;
            self.timer_at = Some(next);
        }
        Ok(None)
    }

    /// Whether there is something left for clients without a key. A stop does not wait for that.
    fn strangers_may_go(&self) -> bool {
        self.stop_at.is_some() || self.shared.allowance.is_left(self.clock.now)
    }

    fn is_done(&mut self) -> bool {
        let Some(stop_at) = self.stop_at else { return false };
        let in_flight = self.connections.len();
        if in_flight > 0 && self.clock.now >= stop_at {
            warn!("{in_flight} connections were still busy when the time for the stop was over");
            return true;
        }
        if in_flight > 0 || self.shared.accepting.load(Ordering::SeqCst) {
            return false;
        }
        // What was handed over before the accepting ended is there by now.
        self.take_inbox();
        self.connections.is_empty()
    }

    fn take_inbox(&mut self) {
        let inbox = mem::take(&mut *self.shared.workers[self.index].inbox());
        for (stream, peer) in inbox {
            self.insert(stream, peer);
        }
    }

    fn begin_stop(&mut self) {
        self.stop_at = Some(self.clock.now + DRAIN);
        if self.index == 0 {
            // Clients in the kernel's queue connected before the stop: a request that came with the
            // connection is still answered.
            for listener in 0..self.listeners.len() {
                for _ in 0..BACKLOG {
                    if !self.accept(listener) {
                        break;
                    }
                }
            }
            self.accept_at = None;
            self.listeners.clear();
            self.shared.accepting.store(false, Ordering::SeqCst);
            self.shared.workers.iter().for_each(Mailbox::wake);
        }
        let keys: Vec<usize> = self.connections.iter().map(|(key, _)| key).collect();
        for key in keys {
            self.stop_connection(key);
        }
    }

    fn stop_connection(&mut self, key: usize) {
        // A request may have come whose event was not read yet.
        if let Some(slot) = self.connections.get_mut(key) {
            slot.readable = true;
            self.drive(key);
        }
        if let Some(slot) = self.connections.get_mut(key) {
            slot.connection.stop(self.clock.now);
            self.drive(key);
        }
    }

    /// Accepts a connection that waits at a listener. The next one has an event of its own. `false` if there
    /// is none, or no memory or descriptor for it.
    fn accept(&mut self, listener: usize) -> bool {
        let Some(socket) = self.listeners.get(listener) else { return false };
        match acceptfrom_with(socket, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC) {
            Ok((stream, peer)) => {
                let peer = match socket {
                    Listener::Unix(_) => Peer::Unix,
                    Listener::Tcp(_) => {
                        let address = peer.and_then(|peer| SocketAddr::try_from(peer).ok());
                        Peer::Tcp(address.unwrap_or(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0))))
                    }
                };
                self.assign(stream, peer);
                true
            }
            Err(Errno::AGAIN) => false,
            // What ended one connection before it began says nothing about the next.
            Err(Errno::CONNABORTED | Errno::PROTO | Errno::PERM | Errno::INTR) => true,
            Err(error) => {
                self.report_shortage(error);
                // Ours to mend: one of our connections gives its descriptor back.
                if error == Errno::MFILE && self.make_room() {
                    return true;
                }
                // The whole machine's shortage, or a fault that trying at once does not mend.
                self.listen(EventFlags::empty());
                self.accept_at = Some(self.clock.now + ACCEPT_RETRY);
                false
            }
        }
    }

    /// Sets which events the listeners report.
    fn listen(&self, events: EventFlags) {
        for (i, listener) in (LISTENERS..).zip(&self.listeners) {
            if let Err(error) = epoll::modify(&self.epoll, listener, EventData::new_u64(i), events) {
                error!("a listener cannot be watched: {error}");
            }
        }
    }

    fn report_shortage(&mut self, error: Errno) {
        let before = self.starved_at.replace(self.clock.now);
        if before.is_none_or(|at| self.clock.now - at >= SHORTAGE_OVER) {
            warn!("cannot accept all connections: {error}");
        }
    }

    /// Gives a connection to the thread with the fewest, this one if it is among them. Where all are
    /// full, each makes room in turn.
    fn assign(&mut self, stream: OwnedFd, peer: Peer) {
        let workers = &self.shared.workers;
        let load = |n: usize| workers[n].connections.load(Ordering::Relaxed);
        let fewest = (0..workers.len()).min_by_key(|&n| load(n)).unwrap_or(self.index);
        let chosen = if load(fewest) >= self.share {
            self.next_full = (self.next_full + 1) % workers.len();
            self.next_full
        } else if load(fewest) < self.connections.len() {
            fewest
        } else {
            self.index
        };
        match &workers[chosen] {
            other if chosen != self.index && self.stop_at.is_none() && load(chosen) < NEVER_STARTED => {
                // Counted at once, or a burst would all go to the same thread.
                other.connections.fetch_add(1, Ordering::Relaxed);
                other.inbox().push((stream, peer));
                other.wake();
            }
            _ => self.insert_counted(stream, peer),
        }
    }

    fn insert_counted(&mut self, stream: OwnedFd, peer: Peer) {
        self.shared.workers[self.index].connections.fetch_add(1, Ordering::Relaxed);
        self.insert(stream, peer);
    }

    fn insert(&mut self, stream: OwnedFd, peer: Peer) {
        while self.connections.len() >= self.share && self.make_room() {}
        self.inserted += 1;
        self.shared.meter.accepted.fetch_add(1, Ordering::Relaxed);
        self.shared.meter.connections.fetch_add(1, Ordering::Relaxed);
        let key = self.connections.insert(Slot {
            stream,
            connection: Connection::new(peer, self.clock.now),
            watched: None,
            // The request may have come with the connection.
            readable: true,
            read_closed: false,
            blocked: false,
            unfinished: false,
            number: self.inserted,
            queued: None,
            held: 0,
        });
        if self.stop_at.is_some() {
            self.stop_connection(key);
        } else {
            self.drive(key);
        }
    }

    /// Closes the connection that waits for its client the longest.
    fn make_room(&mut self) -> bool {
        let worst = self.connections.iter().min_by_key(|(_, slot)| (slot.connection.rank(), slot.number));
        let Some(key) = worst.map(|(key, _)| key) else { return false };
        self.close(key);
        true
    }

    /// Frees memory until there is enough: closes connections of this thread that hold some and never showed a
    /// key, the longest-waiting first. `false` if that is not enough.
    fn free_memory(&mut self) -> bool {
        while self.shared.meter.held.load(Ordering::Relaxed) > MAX_HELD {
            let holders = self.connections.iter().filter(|(_, slot)| slot.held > 0);
            let strangers = holders.filter(|(_, slot)| !slot.connection.is_admitted());
            let longest = strangers.min_by_key(|(_, slot)| (slot.connection.rank(), slot.number));
            let Some((key, _)) = longest else { return false };
            self.close(key);
        }
        true
    }

    fn close(&mut self, key: usize) {
        let slot = self.connections.remove(key);
        if slot.unfinished {
            // The next connection may get the key, and one turn is enough for it.
            self.unfinished.retain(|unfinished| *unfinished != key);
            self.unfinished_strangers.retain(|unfinished| *unfinished != key);
        }
        self.shared.meter.held.fetch_sub(slot.held, Ordering::Relaxed);
        self.shared.meter.connections.fetch_sub(1, Ordering::Relaxed);
        self.shared.workers[self.index].connections.fetch_sub(1, Ordering::Relaxed);
        // Its entry among the deadlines would stay until it is due, for up to two minutes.
        if self.deadlines.len() > 2 * self.connections.len() + 64 {
            let queued = |(key, slot): (usize, &Slot<_>)| Some(Reverse((slot.queued?, key)));
            self.deadlines = self.connections.iter().filter_map(queued).collect();
        }
    }

    fn ready(&mut self, key: usize, events: EventFlags) {
        if let Some(slot) = self.connections.get_mut(key) {
            slot.readable |= events.intersects(READS | OVER);
            slot.read_closed |= events.intersects(EventFlags::RDHUP | OVER);
            slot.blocked &= !events.intersects(WRITES | OVER);
            // Or else its turn comes in this loop anyway, and another one would add up with each loop.
            if !slot.unfinished {
                self.drive(key);
            }
        }
    }

    /// Does for a connection what can be done now.
    fn drive(&mut self, key: usize) {
        let Some(slot) = self.connections.get_mut(key) else { return };
        let tick = self.clock.tick(self.stop_at.is_some(), &self.shared.meter);
        slot.connection.lend_output(&mut self.buffers.spare_output);
        let mut turn = slot.turn(&mut self.buffers.input, &*self.service, &tick, &self.shared.allowance);
        slot.connection.reclaim_output(&mut self.buffers.spare_output);

        let before = slot.held;
        let total = slot.count_held(&self.shared.meter.held);
        let is_short = total > MAX_HELD && (slot.held > before || turn == Turn::Answer);
        let has_room = !is_short || (slot.connection.is_admitted() && self.free_memory());
        if !has_room || turn == Turn::Answer {
            let Some(slot) = self.connections.get_mut(key) else { return };
            let tick = self.clock.tick(self.stop_at.is_some(), &self.shared.meter);
            if has_room {
                slot.connection.answer_large(&*self.service, &tick);
            } else {
                slot.connection.overload(&tick);
            }
            turn = slot.turn(&mut self.buffers.input, &*self.service, &tick, &self.shared.allowance);
            slot.count_held(&self.shared.meter.held);
        }
        let Some(slot) = self.connections.get_mut(key) else { return };

        match turn {
            Turn::Close => return self.close(key),
            Turn::Again | Turn::Answer if slot.unfinished => {}
            Turn::Again | Turn::Answer => {
                slot.unfinished = true;
                if slot.connection.is_admitted() {
                    self.unfinished.push(key);
                } else {
                    self.unfinished_strangers.push_back(key);
                }
            }
            Turn::Wait => {
                if let Err(error) = slot.watch(&self.epoll, key) {
                    warn!("a connection cannot be watched: {error}");
                    return self.close(key);
                }
            }
        }
        let deadline = slot.connection.deadline();
        if slot.queued.is_none_or(|queued| deadline < queued) {
            slot.queued = Some(deadline);
            self.deadlines.push(Reverse((deadline, key)));
        }
    }

    /// Ends what took too long.
    fn expire(&mut self) {
        while let Some(&Reverse((at, key))) = self.deadlines.peek() {
            if at > self.clock.now {
                break;
            }
            self.deadlines.pop();
            let slot = self.connections.get_mut(key).filter(|slot| slot.queued == Some(at));
            let Some(slot) = slot else { continue };
            slot.queued = None;
            if slot.connection.deadline() <= self.clock.now {
                slot.connection.expire(&self.clock.tick(self.stop_at.is_some(), &self.shared.meter));
            }
            // Also queues the deadline that counts now.
            self.drive(key);
        }
    }
}

impl<R> Slot<R> {
    /// Watches the socket: epoll reports what it is ready for now and from now on. Readiness to write is watched
    /// only if this socket was once not ready to.
    fn watch(&mut self, epoll: &OwnedFd, key: usize) -> rustix::io::Result<()> {
        let events = if self.blocked { READS | WRITES } else { READS };
        let data = EventData::new_u64(key as u64);
        match self.watched {
            Some(watched) if watched.contains(events) => return Ok(()),
            Some(_) => epoll::modify(epoll, &self.stream, data, events)?,
            None => epoll::add(epoll, &self.stream, data, events)?,
        }
        self.watched = Some(events);
        Ok(())
    }

    /// Brings up to date what is counted for it. Gives the sum of all.
    fn count_held(&mut self, all: &AtomicUsize) -> usize {
        let before = mem::replace(&mut self.held, self.connection.held());
        all.fetch_add(self.held, Ordering::Relaxed);
        all.fetch_sub(before, Ordering::Relaxed) - before
    }

    fn turn<S: Service<Route = R>>(
        &mut self,
        input: &mut [u8],
        service: &S,
        tick: &Tick<'_>,
        allowance: &Allowance,
    ) -> Turn {
        for _ in 0..STEPS_A_TURN {
            match self.connection.step() {
                Step::Write => {
                    if self.blocked {
                        return Turn::Wait;
                    }
                    let is_stranger = !self.connection.is_admitted();
                    if is_stranger && !tick.stopping && !allowance.is_left(tick.now) {
                        return Turn::Again;
                    }
                    match send(&self.stream, self.connection.output(), SendFlags::NOSIGNAL) {
                        Ok(n) => {
                            if is_stranger {
                                allowance.spend(n, tick.now);
                            }
                            self.connection.sent(n, service, tick);
                            let has_more = self.readable || self.connection.step() == Step::Write;
                            if has_more && !self.connection.is_admitted() {
                                // Without a key there is one answer a turn.
                                return Turn::Again;
                            }
                        }
                        Err(Errno::AGAIN) => self.blocked = true,
                        Err(Errno::INTR) => {}
                        Err(_) => return Turn::Close,
                    }
                }
                Step::Read => {
                    if !self.readable {
                        return Turn::Wait;
                    }
                    match recv(&self.stream, &mut *input, RecvFlags::empty()).map(|(n, _)| n) {
                        Ok(0) => {
                            self.readable = false;
                            self.connection.end(service, tick);
                        }
                        Ok(n) => {
                            // A read that did not fill the buffer has emptied the socket (epoll(7)), and
                            // epoll reports what comes next, unless it has reported the end already.
                            self.readable = n == input.len() || self.read_closed;
                            self.connection.receive(&input[..n], service, tick);
                        }
                        Err(Errno::AGAIN) => self.readable = false,
                        Err(Errno::INTR) => {}
                        Err(_) => return Turn::Close,
                    }
                }
                Step::Shut => {
                    // If it fails, the client is gone, and the next read shows that.
                    let _ = shutdown(&self.stream, Shutdown::Write);
                    self.connection.shut(tick.now);
                }
                Step::Answer => return Turn::Answer,
                Step::Close => return Turn::Close,
            }
        }
        Turn::Again
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::net::UnixStream;

    use super::*;
    use crate::http::{Admission, Head, Response};

    /// Answers everybody from the head alone.
    struct Open;

    impl Service for Open {
        type Route = ();

        fn admit(&self, _: &Head<'_>) -> Admission<()> {
            Admission::Answer(Response::json("x".repeat(1_000).into_bytes()))
        }

        fn respond(&self, (): (), _: &[u8]) -> Response {
            Response::json(&b"{}"[..])
        }
    }

    fn worker(share: usize) -> Worker<Open> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).expect("an epoll");
        let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC).expect("a timer");
        let waker = eventfd(0, EventfdFlags::CLOEXEC).expect("a waker");
        let mailbox = Mailbox { inbox: Mutex::default(), waker, connections: AtomicUsize::new(0) };
        let shared = Shared {
            stopping: AtomicBool::new(false),
            accepting: AtomicBool::new(true),
            meter: Arc::default(),
            allowance: Allowance::new(Instant::now()),
            workers: vec![mailbox],
        };
        Worker::new(0, epoll, timer, share, Arc::new(Open), Arc::new(shared))
    }

    #[test]
    fn who_is_gone_has_no_turn_to_come() {
        let mut worker = worker(4);
        let mut clients = Vec::new();
        for _ in 0..100 {
            let (mut client, server) = UnixStream::pair().expect("a connection");
            server.set_nonblocking(true).expect("nonblocking");
            client.write_all(&b"GET / HTTP/1.1\r\nHost: h\r\n\r\n".repeat(100)).expect("requests");
            clients.push(client);
            // The new connection has the slab's key of one that had to make room.
            worker.insert_counted(server.into(), Peer::Unix);
            assert_eq!(worker.unfinished_strangers.len(), worker.connections.len());
        }
        assert_eq!(worker.connections.len(), 4);
    }
}
