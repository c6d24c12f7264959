//! The real program, started for a test and ended with it.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

/// Both engines, where both were built.
pub(crate) const ENGINES: &[&str] =
    if cfg!(feature = "tiny_http") { &["event", "tiny_http"] } else { &["event"] };

/// The key of every test server.
pub(crate) const KEY: &str = "a-key-of-the-tests-0123456789";

/// Dify's documented endpoint, our default.
pub(crate) const PATH: &str = "/api/dify/receive";

/// The longest that anything may take that is not bounded by a deadline of its own. Machines that
/// run tests are slow at times; a test that passes never waits this long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A directory of a test's own, removed with the test.
///
/// In memory where that is possible, like the files of many a sensor: a busy disk has been seen to
/// keep the writer of a small file waiting for 20 s, and no deadline of a test is about disks.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Scratch {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("weatherhook-it-{}-{n}", std::process::id());
        let path = Path::new("/dev/shm").join(&name);
        if fs::create_dir(&path).is_ok() {
            return Scratch(path);
        }
        let path = env::temp_dir().join(name);
        fs::create_dir(&path).expect("a scratch directory");
        Scratch(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, contents).expect("a scratch file");
        path
    }

    /// Puts a whole new file in the place of the old one.
    pub(crate) fn replace(&self, name: &str, contents: impl AsRef<[u8]>) {
        let new = self.write(&format!("{name}.new"), contents);
        fs::rename(new, self.path(name)).expect("a rename");
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Holds the words that start another program than the one that cargo has built, with blanks between
/// them: so `scripts/arm-test` puts an emulator and the program of another CPU in its place, and the tests
/// themselves stay here.
const RUNNER: &str = "WEATHERHOOK_RUNNER";

/// The words that start the program, before its arguments.
pub(crate) fn program() -> Vec<String> {
    match env::var(RUNNER) {
        Ok(words) => {
            let mut words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
            words[0] = found(&words[0]);
            words
        }
        Err(_) => vec![env!("CARGO_BIN_EXE_weatherhook").to_owned()],
    }
}

/// The program of that name by its path, as a test may start it with another `PATH` than its own.
pub(crate) fn found(name: &str) -> String {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|directory| directory.join(name)).find(|path| path.is_file());
    found.map_or(name.to_owned(), |path| text(&path).to_owned())
}

/// The program with an environment of which the tests know everything. It finds no installed service's
/// configuration, as there may be one on a board.
pub(crate) fn weatherhook<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Command {
    let program = program();
    let mut command = Command::new(&program[0]);
    command.args(&program[1..]).args(arguments).env_clear().env("TZ", "UTC").stdin(Stdio::null());
    command.env("CONFIGURATION_DIRECTORY", "/nowhere");
    command
}

/// Runs the program to its end, which must not take long.
#[track_caller]
pub(crate) fn run<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Output {
    output(&mut weatherhook(arguments))
}

/// Runs a command to its end, which must not take long.
#[track_caller]
pub(crate) fn output(command: &mut Command) -> Output {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let id = child.id();
    let (done, finished) = mpsc::channel();
    thread::spawn(move || done.send(child.wait_with_output()));
    match finished.recv_timeout(PATIENCE) {
        Ok(output) => output.expect("the program's output"),
        Err(_) => {
            signal(id, "KILL");
            panic!("{command:?} does not end");
        }
    }
}

pub(crate) fn signal(process: u32, name: &str) {
    let status = Command::new("sh").arg("-c").arg(format!("kill -{name} {process}")).status();
    assert!(status.expect("a shell").success());
}

/// What a server is started with.
pub(crate) struct Setup {
    pub(crate) scratch: Scratch,
    command: Command,
}

impl Setup {
    /// `serve` on a free port, with the key, and with `sensor.json` sampled ten times a second: by a
    /// variable, so that a test may say otherwise by a flag.
    pub(crate) fn new(engine: &str) -> Setup {
        let scratch = Scratch::new();
        let key = scratch.write("key", KEY);
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("a mode");
        let mut command = weatherhook(["serve", "--listen", "127.0.0.1:0"]);
        command.env("WEATHERHOOK_EVERY", "100ms");
        command.arg("--engine").arg(engine);
        command.arg("--key-file").arg(key).arg("--sensor").arg(scratch.path("sensor.json"));
        Setup { scratch, command }
    }

    pub(crate) fn sensor(self, contents: impl AsRef<[u8]>) -> Setup {
        self.scratch.write("sensor.json", contents);
        self
    }

    /// A configuration file beside the flags.
    pub(crate) fn config(mut self, toml: &str) -> Setup {
        let path = self.scratch.write("weatherhook.toml", toml);
        self.command.arg("--config").arg(path);
        self
    }

    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Setup {
        self.command.arg(argument);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Setup {
        self.command.env(name, value);
        self
    }

    /// The interval of sampling that the program has by default.
    pub(crate) fn default_interval(mut self) -> Setup {
        self.command.env_remove("WEATHERHOOK_EVERY");
        self
    }

    #[track_caller]
    pub(crate) fn start(mut self) -> Server {
        Server::spawn(&mut self.command, self.scratch)
    }
}

/// A server that listens.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) scratch: Scratch,
    log: Receiver<String>,
    seen: Vec<String>,
}

/// A server with the weather of the documented example.
#[track_caller]
pub(crate) fn london(engine: &str) -> Server {
    Setup::new(engine).sensor(LONDON).start()
}

/// The documented example's weather, as a sensor writes it.
pub(crate) const LONDON: &str = r#"{"city": "London", "temperature_C": 10.2, "feels_like_C": 8.1, "wind_dir_deg": 70,
    "wind_avg_km_h": 8, "wind_max_km_h": 14, "pm2_5_ug_m3": 62, "rain_rate_mm_h": 0.8}"#;

impl Server {
    #[track_caller]
    pub(crate) fn spawn(command: &mut Command, scratch: Scratch) -> Server {
        let mut child = command.stderr(Stdio::piped()).spawn().expect("the program starts");
        let stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let (sender, log) = mpsc::channel();
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut server = Server { child, address, scratch, log, seen: Vec::new() };
        let line = server.wait_for_log("listening on http://");
        let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next());
        server.address = address.and_then(|text| text.parse().ok()).expect("an address in the log");
        server
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The pipe of its standard output, for a command that was given one.
    pub(crate) fn stdout(&mut self) -> impl BufRead + use<> {
        BufReader::new(self.child.stdout.take().expect("a pipe"))
    }

    /// The first line of the log, from its beginning on, that contains the text.
    #[track_caller]
    pub(crate) fn wait_for_log(&mut self, text: &str) -> String {
        if let Some(line) = self.seen.iter().find(|line| line.contains(text)) {
            return line.clone();
        }
        let until = Instant::now() + PATIENCE;
        loop {
            match self.log.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    self.seen.push(line);
                    let line = self.seen.last().expect("just pushed");
                    if line.contains(text) {
                        return line.clone();
                    }
                }
                Err(_) => panic!("the log never says {text:?}: {:#?}", self.seen),
            }
        }
    }

    /// Lets the next search of the log begin with what comes from here on.
    pub(crate) fn forget_log(&mut self) {
        self.seen.clear();
    }

    /// Asks it to stop and waits for its end. Gives also the whole log, line by line.
    #[track_caller]
    pub(crate) fn stop(mut self) -> (ExitStatus, Vec<String>) {
        signal(self.child.id(), "TERM");
        self.ended()
    }

    /// Waits for its end. Gives also the whole log, line by line.
    #[track_caller]
    pub(crate) fn ended(&mut self) -> (ExitStatus, Vec<String>) {
        let until = Instant::now() + PATIENCE;
        // Its end closes the pipe, which ends the log.
        loop {
            match self.log.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) => self.seen.push(line),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("it does not end: {:#?}", self.seen),
            }
        }
        (self.child.wait().expect("an end"), std::mem::take(&mut self.seen))
    }

    #[track_caller]
    pub(crate) fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    /// One request on a connection of its own.
    #[track_caller]
    pub(crate) fn exchange(&self, request: impl AsRef<[u8]>) -> Answer {
        let mut client = self.connect();
        client.send(request);
        client.answer()
    }

    /// A call with the key, as Dify makes it, on a connection of its own.
    #[track_caller]
    pub(crate) fn call(&self, body: &str) -> Answer {
        self.exchange(call(body))
    }

    /// The `result` of a query for a place.
    #[track_caller]
    pub(crate) fn ask(&self, place: &str) -> String {
        self.connect().ask(place)
    }

    /// The `result` of a query.
    #[track_caller]
    pub(crate) fn query(&self, params: &serde_json::Value) -> String {
        self.connect().query(params)
    }

    /// Asks for a place until the result is as wanted.
    #[track_caller]
    pub(crate) fn wait_for(&self, place: &str, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let result = self.ask(place);
            if wanted(&result) {
                return result;
            }
            assert!(Instant::now() < until, "{what} is never in the answer: {result}");
        }
    }

    /// Resident memory, in KiB.
    pub(crate) fn resident(&self) -> Option<u64> {
        self.status("VmRSS")
    }

    /// A number that the kernel reports for the process, such as `FDSize`. For an emulated program it
    /// includes the emulator's.
    pub(crate) fn status(&self, field: &str) -> Option<u64> {
        if env::var_os(RUNNER).is_some() {
            return None;
        }
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("its status");
        let named = |line: &str| Some(line.strip_prefix(field)?.strip_prefix(':')?.to_owned());
        let value = status.lines().find_map(named).expect("the field");
        Some(value.trim().trim_end_matches(" kB").parse().expect("a number"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A call with the key and the header fields of Dify's client.
pub(crate) fn call(body: &str) -> String {
    call_with(&format!("Authorization: Bearer {KEY}\r\n"), body)
}

/// A call with these fields beside those that every call of Dify has.
pub(crate) fn call_with(fields: &str, body: &str) -> String {
    format!(
        "POST {PATH} HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate\r\n\
         Connection: keep-alive\r\nUser-Agent: python-httpx/0.28.1\r\nContent-Type: application/json\r\n\
         {fields}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A client on one connection.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    input: Vec<u8>,
}

impl Client {
    #[track_caller]
    pub(crate) fn connect(address: SocketAddr) -> Client {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
        stream.set_nodelay(true).expect("an option");
        Client { stream, input: Vec::new() }
    }

    #[track_caller]
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).expect("the server takes what is sent");
    }

    /// The `result` of a query for a place, on this connection.
    #[track_caller]
    pub(crate) fn ask(&mut self, place: &str) -> String {
        let inputs = serde_json::json!({ "location": place });
        self.query(&serde_json::json!({ "inputs": inputs, "query": "" }))
    }

    /// The `result` of a query, on this connection.
    #[track_caller]
    pub(crate) fn query(&mut self, params: &serde_json::Value) -> String {
        let body = serde_json::json!({ "point": "app.external_data_tool.query", "params": params });
        self.send(call(&body.to_string()));
        let answer = self.answer();
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["result"].as_str().expect("a result").to_owned()
    }

    /// The next answer. Its body ends by its length.
    #[track_caller]
    pub(crate) fn answer(&mut self) -> Answer {
        self.answer_to("POST")
    }

    /// The next answer, to a request of this method: one to `HEAD` has no body.
    #[track_caller]
    pub(crate) fn answer_to(&mut self, method: &str) -> Answer {
        let end = loop {
            if let Some(end) = self.input.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            assert!(self.read() > 0, "closed before an answer: {:?}", String::from_utf8_lossy(&self.input));
        };
        let head = String::from_utf8(self.input.drain(..end).collect()).expect("a head of text");
        let mut answer = Answer::from_head(&head);
        let length = answer.field("Content-Length").map(|value| value.parse().expect("a length"));
        let length: usize = if method == "HEAD" { 0 } else { length.unwrap_or(0) };
        while self.input.len() < length {
            assert!(self.read() > 0, "closed in the middle of a body");
        }
        answer.body = self.input.drain(..length).collect();
        answer
    }

    /// Whether the server has closed, after at most the patience of the tests.
    #[track_caller]
    pub(crate) fn is_closed(&mut self) -> bool {
        assert!(self.input.is_empty(), "an answer too many: {:?}", String::from_utf8_lossy(&self.input));
        self.read() == 0
    }

    /// All that comes until the server closes.
    #[track_caller]
    pub(crate) fn stream_to_end(&mut self) -> String {
        while self.read() > 0 {}
        String::from_utf8(std::mem::take(&mut self.input)).expect("text")
    }

    #[track_caller]
    fn read(&mut self) -> usize {
        let mut bytes = [0; 16 * 1024];
        let n = loop {
            match self.stream.read(&mut bytes) {
                Ok(n) => break n,
                Err(error) if error.kind() == ErrorKind::ConnectionReset => break 0,
                // So ends a read with a time-out when the process was stopped and goes on (signal(7)).
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => panic!("no answer: {error}"),
            }
        };
        self.input.extend_from_slice(&bytes[..n]);
        n
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    fn from_head(head: &str) -> Answer {
        let mut lines = head.split("\r\n").take_while(|line| !line.is_empty());
        let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")).expect("a status line");
        let status = status[..3].parse().expect("a status");
        let fields = lines.map(|line| {
            let (name, value) = line.split_once(": ").expect("a field");
            (name.to_owned(), value.to_owned())
        });
        Answer { status, fields: fields.collect(), body: Vec::new() }
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let field = self.fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name));
        field.map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("a body of text")
    }

    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("a body of JSON")
    }
}

/// Waits until something holds.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < until, "never: {what}");
        thread::yield_now();
    }
}

/// Lines of the log as level and message. Each begins with a time, of which no test knows more.
#[track_caller]
pub(crate) fn said(log: &[String]) -> Vec<String> {
    let said = log.iter().map(|line| {
        let (time, rest) = line.split_once(' ').expect("a time");
        assert!(time.len() == 24 && time.ends_with('Z'), "{line}");
        let (level, message) = rest.split_at(6);
        format!("{} {message}", level.trim_end())
    });
    said.collect()
}

/// A path as an argument of a command or as a value in TOML.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("a path of text")
}
