//! The cases of `tests/field/`, broken: cut off, with lines swapped and doubled, with another case between
//! their lines. No panic, no value outside its bounds, and nothing current that the whole files do not have.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use weatherhook::testing::answer::{Options, answer};
use weatherhook::testing::config::{CommandLine, Config};
use weatherhook::testing::reading::Quantity;
use weatherhook::testing::sampler::{self, Sampler};
use weatherhook::testing::time::Timestamp;

use super::case::{self, Case};

/// 2025-03-02T22:30:00Z: when all files were written.
const WRITTEN: u64 = 1_740_954_600;

/// How a text is broken.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mutation {
    /// Only so many bytes.
    Cut(usize),
    /// Two lines in each other's place.
    Swapped(usize, usize),
    /// A line twice.
    Doubled(usize),
    /// The other text behind it.
    Followed,
    /// The lines of both in turn.
    Mixed,
}

impl Mutation {
    fn of(self, text: &[u8], other: &[u8]) -> Vec<u8> {
        let mut lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
        match self {
            Mutation::Cut(length) => return text[..length.min(text.len())].to_vec(),
            Mutation::Swapped(one, two) if one.max(two) < lines.len() => lines.swap(one, two),
            Mutation::Doubled(line) if line < lines.len() => lines.insert(line, lines[line]),
            Mutation::Swapped(..) | Mutation::Doubled(_) => {}
            Mutation::Followed => return [text, b"\n", other].concat(),
            Mutation::Mixed => {
                let others = other.split_inclusive(|byte| *byte == b'\n');
                let mut mixed = Vec::new();
                let mut others = others.fuse();
                for line in lines {
                    mixed.extend([line, others.next().unwrap_or_default()]);
                }
                mixed.extend(others);
                return mixed.concat();
            }
        }
        lines.concat()
    }

    /// A kind and two numbers.
    fn planned(bytes: &[u8]) -> Option<Mutation> {
        let number = |at: usize| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
        Some(match bytes[0] {
            0 => Mutation::Cut(number(1)),
            1 => Mutation::Swapped(number(1), number(3)),
            2 => Mutation::Doubled(number(1)),
            3 => Mutation::Followed,
            4 => Mutation::Mixed,
            _ => return None,
        })
    }

    /// All that are tried of a text.
    fn all(text: &[u8]) -> Vec<Mutation> {
        let lines = text.split_inclusive(|byte| *byte == b'\n').count();
        let mut all: Vec<Mutation> = (0..text.len()).step_by(10).map(Mutation::Cut).collect();
        all.extend((1..lines).map(|line| Mutation::Swapped(line - 1, line)));
        all.extend((2..lines).map(|line| Mutation::Swapped(0, line)));
        all.extend((0..lines).map(Mutation::Doubled));
        all.extend([Mutation::Followed, Mutation::Mixed]);
        all
    }
}

/// What was found with one case.
pub(crate) struct Found {
    pub(crate) id: String,
    pub(crate) tried: usize,
    pub(crate) wrong: Vec<String>,
}

/// Tries all mutations of all cases, each case with the next one.
pub(crate) fn all() -> Vec<Found> {
    let sites: Vec<Site> = case::all().into_iter().map(Site::new).collect();
    let pairs: Vec<(&Site, &Site)> = sites.iter().zip(sites.iter().cycle().skip(1)).collect();
    let queue = Mutex::new(pairs.into_iter());
    let found = Mutex::new(Vec::new());
    let next = || queue.lock().expect("a queue").next();
    let work = || {
        while let Some((site, other)) = next() {
            let of_case = site.try_all(other);
            found.lock().expect("a list").push(of_case);
        }
    };
    std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(work))));
    found.into_inner().expect("a list")
}

/// What a fuzzer tries: two bytes for the case, two for the other one, then five for each mutation, of which
/// all happen to the same text.
pub(crate) fn check(plan: &[u8]) {
    static CASES: LazyLock<Vec<Case>> = LazyLock::new(case::all);
    let mut numbers = plan.chunks_exact(2).map(|two| usize::from(u16::from_le_bytes([two[0], two[1]])));
    let mut site = || numbers.next().map(|number| Site::new(CASES[number % CASES.len()].clone()));
    let (Some(site), Some(other)) = (site(), site()) else { return };
    let mutations: Vec<Mutation> = plan[4..].chunks_exact(5).take(8).filter_map(Mutation::planned).collect();
    let faults = site.fault(&mutations, &other, &site.known_with(&other));
    assert_eq!(faults, None);
}

/// A case as files in a directory of its own, and how the program reads them.
struct Site {
    case: Case,
    directory: PathBuf,
    /// The file that is broken.
    path: PathBuf,
    text: Vec<u8>,
    options: sampler::Options,
    /// What whole files of it may say.
    known: BTreeSet<Said>,
}

/// A quantity and its value, to thousandths.
type Said = (Quantity, String);

impl Site {
    fn new(case: Case) -> Site {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("weatherhook-broken-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let memory = PathBuf::from("/dev/shm");
        let root = if memory.is_dir() { memory } else { std::env::temp_dir() };
        let directory = root.join(name);
        let now = DateTime::<Utc>::from(SystemTime::UNIX_EPOCH + Duration::from_secs(WRITTEN));
        let mut written = case.written(now, 0);
        for file in &written {
            let path = directory.join(&file.name);
            fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
            fs::write(&path, &file.bytes).expect("a file");
        }
        let longest = written.iter().enumerate().max_by_key(|(_, file)| file.bytes.len()).expect("a file").0;
        let broken = written.swap_remove(longest);
        let config = directory.join("weatherhook.toml");
        fs::write(&config, config_of(&case)).expect("a file");
        let words = ["query".into(), "--config".into(), config.into_os_string()];
        let line = CommandLine::parse(words).expect("a command line");
        let options = Config::load(&line.flags, [], None).expect("a configuration").sampler;
        let path = directory.join(&broken.name);
        let mut site = Site { case, directory, path, text: broken.bytes, options, known: BTreeSet::new() };
        // A last line that does not end may be cut off: with its end it says more.
        site.known = site.whole(&[&site.text, b"\n".as_slice()].concat());
        site.known.extend(site.read(&site.text));
        site
    }

    /// What is current while the file grows to this text, a line at a time.
    fn whole(&self, text: &[u8]) -> BTreeSet<Said> {
        let ends = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
        ends.chain([text.len()]).flat_map(|end| self.read(&text[..end])).collect()
    }

    /// What is current when the file has this text.
    fn read(&self, text: &[u8]) -> BTreeSet<Said> {
        fs::write(&self.path, text).expect("a file");
        let written = SystemTime::UNIX_EPOCH + Duration::from_secs(WRITTEN);
        File::options()
            .append(true)
            .open(&self.path)
            .and_then(|file| file.set_modified(written))
            .expect("a time");
        let now = Timestamp::from(written);
        let mut sampler = Sampler::new(self.options.clone());
        sampler.sample(now);
        let snapshot = sampler.snapshot(now);
        let options = Options::default();
        let answer = answer(&snapshot, None, None, now, &options);
        assert!(!answer.is_empty() && answer.lines().all(|line| !line.is_empty()), "{answer:?}");
        assert!(!answer.contains(|c: char| c.is_control() && c != '\n'), "{answer:?}");
        let mut said = BTreeSet::new();
        for station in snapshot.stations().iter() {
            for quantity in Quantity::ALL {
                let Some(reading) = station.reading(quantity) else { continue };
                assert!(quantity.bounds().contains(&reading.value), "{quantity:?}: {}", reading.value);
                if reading.at.age(now) <= options.stale_after {
                    said.insert((quantity, format!("{:.3}", reading.value)));
                }
            }
        }
        said
    }

    fn try_all(&self, other: &Site) -> Found {
        let mutations = Mutation::all(&self.text);
        let known = self.known_with(other);
        let wrong = mutations.iter().filter_map(|mutation| self.fault(&[*mutation], other, &known)).collect();
        Found { id: self.case.id.clone(), tried: mutations.len(), wrong }
    }

    /// What may be current where the lines of the other stand between those of this one.
    fn known_with(&self, other: &Site) -> BTreeSet<Said> {
        let mut known = self.whole(&other.text);
        known.extend(self.known.iter().cloned());
        known.extend(other.known.iter().cloned());
        known
    }

    /// What is wrong with what is read of the broken text.
    fn fault(&self, mutations: &[Mutation], other: &Site, known: &BTreeSet<Said>) -> Option<String> {
        let text = mutations.iter().fold(self.text.clone(), |text, mutation| mutation.of(&text, &other.text));
        let read = catch_unwind(AssertUnwindSafe(|| self.read(&text)));
        let of = format!("{} {mutations:?} (other: {})", self.case.id, other.case.id);
        let Ok(said) = read else {
            return Some(format!("{of}: panic with {:?}", String::from_utf8_lossy(&text)));
        };
        let new =
            said.difference(known).filter(|said| !is_of_several(said, known) && !is_reduced(said, known));
        let new: Vec<_> = new.collect();
        (!new.is_empty()).then(|| format!("{of}: {new:?}"))
    }
}

/// Whether it is a wind or a rain of several messages: of winds the answer gives the mean, and a message that
/// comes too late may be missing in a rain.
fn is_of_several((quantity, value): &Said, known: &BTreeSet<Said>) -> bool {
    let number = |value: &String| value.parse::<f64>().expect("a number");
    let same = || known.iter().filter(|(is, _)| is == quantity).map(|(_, value)| number(value));
    // The mean of two is near to each; another unit is further away.
    let (least, more) = match quantity {
        Quantity::WindSpeed => (same().fold(f64::MAX, f64::min), 1.05),
        Quantity::RainRate => (0.0, 1.0),
        _ => return false,
    };
    (least / more..=same().fold(f64::MIN, f64::max) * more).contains(&number(value))
}

/// Whether it is the pressure at the sensor, reduced because that at sea level was cut off. Reduced by another
/// program it is up to some hPa away.
fn is_reduced((quantity, value): &Said, known: &BTreeSet<Said>) -> bool {
    let number = |value: &String| value.parse::<f64>().expect("a number");
    let is_near = |(known, other): &Said| known == quantity && (number(other) - number(value)).abs() < 3.0;
    *quantity == Quantity::SeaLevelPressure
        && known.iter().any(|(known, _)| *known == Quantity::StationPressure)
        && known.iter().any(is_near)
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// The configuration of a case, which does not depend on the zone of this machine.
fn config_of(case: &Case) -> String {
    let config = case.config();
    let usual = || format!("[[station]]\ncity = \"Brno\"\n\n[[station.source]]\nfile = {:?}\n", case.file());
    let config = config.unwrap_or_else(usual);
    if config.contains("zone = ") { config } else { config + "zone = \"utc\"\n" }
}
