//! The tiny_http engine: the plain loop, for a server behind a proxy of its own.
//!
//! tiny_http 0.12 has no time-outs and no bounds, one declared length can abort the process, and one
//! shortage of descriptors ends its accepting, as the README says. What can be done about that from outside is
//! done here.

use std::io::{self, Read};
use std::mem;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Instant;

use log::{debug, warn};
use tiny_http::{Header, Request, Server};

use super::head::{Field, Malformed};
use super::{Admission, DRAIN, Head, LogLine, MAX_BODY, Meter, Response, Service, admit, respond};
use crate::socket::{Listener, Peer};
use crate::thread::{end_process, spawn_vital};

/// The engine's threads.
pub struct Running {
    servers: Vec<Arc<Server>>,
    stopping: Arc<AtomicBool>,
    threads: usize,
    /// Each thread says here that it has ended.
    ended: Receiver<()>,
}

pub(super) fn start<S: Service>(
    listeners: Vec<Listener>,
    service: &Arc<S>,
    threads: NonZero<usize>,
    meter: &Arc<Meter>,
) -> io::Result<Running> {
    let (end, ended) = mpsc::channel();
    let mut running =
        Running { servers: Vec::new(), stopping: Arc::new(AtomicBool::new(false)), threads: 0, ended };
    for listener in listeners {
        listener.set_nonblocking(false)?;
        let listener = match listener {
            Listener::Tcp(listener) => tiny_http::Listener::from(listener),
            Listener::Unix(listener) => tiny_http::Listener::from(listener),
        };
        let server = Arc::new(Server::from_listener(listener, None).map_err(io::Error::other)?);
        running.servers.push(Arc::clone(&server));
        for n in 0..threads.get() {
            let name = format!("tiny-{n}");
            let worker = Worker {
                server: Arc::clone(&server),
                service: Arc::clone(service),
                meter: Arc::clone(meter),
                stopping: Arc::clone(&running.stopping),
                end: end.clone(),
            };
            spawn_vital(&name.clone(), move || worker.run(&name))?;
            running.threads += 1;
        }
    }
    Ok(running)
}

impl Running {
    pub(super) fn stop(self) {
        // Dropped, one would remove its socket from the file system, which may be systemd's.
        mem::forget(self.servers.clone());
        self.stopping.store(true, Ordering::SeqCst);
        let until = Instant::now() + DRAIN;
        for _ in 0..self.threads {
            self.servers.iter().for_each(|server| server.unblock());
        }
        for n in 0..self.threads {
            if self.ended.recv_timeout(until.saturating_duration_since(Instant::now())).is_err() {
                warn!("{} threads were still busy when the time for the stop was over", self.threads - n);
                return;
            }
        }
    }
}

struct Worker<S> {
    server: Arc<Server>,
    service: Arc<S>,
    meter: Arc<Meter>,
    stopping: Arc<AtomicBool>,
    end: Sender<()>,
}

impl<S: Service> Worker<S> {
    fn run(self, name: &str) {
        loop {
            match self.server.recv() {
                Ok(request) => self.answer(request),
                Err(_) if self.stopping.load(Ordering::SeqCst) => break,
                // tiny_http accepts nothing more after this.
                Err(error) => end_process(name, error),
            }
        }
        // The receiver is gone if the time for the stop was over.
        let _ = self.end.send(());
    }

    fn answer(&self, mut request: Request) {
        let (response, log) = self.response(&mut request);
        log.finish(&response);
        let length = response.body.len();
        let content_type =
            Some(("Content-Type", response.content_type)).filter(|(_, value)| !value.is_empty());
        let fields = response.fields.iter().map(|(name, value)| (*name, &**value));
        let headers = [("Cache-Control", "no-store")].into_iter().chain(content_type).chain(fields);
        let headers = headers.filter_map(|(name, value)| Header::from_bytes(name, value).ok()).collect();
        let status = response.status.code().into();
        let response = tiny_http::Response::new(status, headers, &*response.body, Some(length), None)
            .with_chunked_threshold(usize::MAX);
        if let Err(error) = request.respond(response) {
            debug!("an answer was not taken: {error}");
        }
    }

    fn response(&self, request: &mut Request) -> (Response, LogLine) {
        let peer = request.remote_addr().copied().map_or(Peer::Unix, Peer::Tcp);
        let fields = request.headers().iter();
        let fields: Vec<Field<'_>> = fields
            .map(|field| Field { name: field.field.as_str().as_str(), value: field.value.as_bytes() })
            .collect();
        let head = Head::new(request.method().as_str(), request.url(), &fields, peer);
        let log = LogLine::start(&head);
        let route = match admit(&*self.service, &head, &self.meter) {
            Admission::Body(route) => route,
            Admission::Answer(response) => return (response, log),
        };
        let response = match Self::body(request) {
            Ok(body) => respond(&*self.service, route, &body, &self.meter),
            Err(Malformed { status, detail }) => {
                self.meter.refuse(status);
                Response::refusal(status, detail)
            }
        };
        (response, log)
    }

    fn body(request: &mut Request) -> Result<Vec<u8>, Malformed> {
        if request.body_length().is_some_and(|length| length > MAX_BODY) {
            return Err(Malformed::body_too_large());
        }
        let mut body = Vec::new();
        let mut reader = request.as_reader().take(MAX_BODY as u64 + 1);
        match reader.read_to_end(&mut body) {
            Err(_) => Err(Malformed::incomplete()),
            Ok(_) if body.len() > MAX_BODY => Err(Malformed::body_too_large()),
            Ok(_) => Ok(body),
        }
    }
}
