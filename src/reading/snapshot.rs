//! What is published: all stations at one moment, and how their names find them.

use std::iter;
use std::sync::Arc;

use super::Station;
use crate::place::Names;

/// Stations in slots, some of them empty. One can be replaced without touching the others: what was published before
/// shares them.
///
/// A tree of three levels: whatever the number of stations, a change copies three short lists of pointers.
#[derive(Clone, Debug, Default)]
pub struct Stations {
    branches: Node<Node<Node<Option<Arc<Station>>>>>,
    count: usize,
}

/// A list that copies share until one of them changes.
type Node<T> = Arc<[T]>;

/// The slots of a leaf, and the leaves of a branch.
const WIDTH: usize = 64;

impl Stations {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// All of them, in the order of their slots.
    pub fn iter(&self) -> impl Iterator<Item = &Station> {
        self.slots().filter_map(|(_, station)| station)
    }

    /// The first one.
    pub fn first(&self) -> Option<&Station> {
        self.iter().next()
    }

    /// The station in a slot.
    pub fn get(&self, slot: usize) -> Option<&Station> {
        let leaf = self.branches.get(slot / WIDTH / WIDTH)?.get(slot / WIDTH % WIDTH)?;
        leaf.get(slot % WIDTH)?.as_deref()
    }

    fn slots(&self) -> impl Iterator<Item = (usize, Option<&Station>)> {
        let leaves = (0..)
            .step_by(WIDTH * WIDTH)
            .zip(&*self.branches)
            .flat_map(|(first, branch)| (first..).step_by(WIDTH).zip(&**branch));
        leaves.flat_map(|(first, leaf)| (first..).zip(leaf.iter().map(Option::as_deref)))
    }

    fn set(&mut self, slot: usize, station: Option<Station>) {
        let branch = item(&mut self.branches, slot / WIDTH / WIDTH);
        let leaf = item(branch, slot / WIDTH % WIDTH);
        let known = item(leaf, slot % WIDTH);
        self.count -= usize::from(known.is_some());
        self.count += usize::from(station.is_some());
        *known = station.map(Arc::new);
    }
}

/// The item of that index, to be changed. The list grows if it is too short: by half, as this copies it.
fn item<T: Clone + Default>(node: &mut Node<T>, index: usize) -> &mut T {
    if node.len() <= index {
        let missing = (node.len() * 3 / 2).min(WIDTH).max(index + 1) - node.len();
        *node = node.iter().cloned().chain(iter::repeat_with(T::default).take(missing)).collect();
    }
    &mut Arc::make_mut(node)[index]
}

/// The state of all stations at one moment. What is published is never changed: a change makes another snapshot, which
/// shares with the one before what is the same.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    stations: Stations,
    /// The cities and aliases, each with its station's slot.
    names: Arc<Names>,
    /// The slot of the station that answers when no place is given.
    default: Option<usize>,
}

impl Snapshot {
    /// The stations in the order of the source. If two share a name, in any case, the name finds the first;
    /// a city is found before an alias of another station.
    pub fn new(stations: Vec<Station>) -> Snapshot {
        let mut snapshot = Snapshot::default();
        snapshot.change(stations.into_iter().map(Some).enumerate());
        snapshot
    }

    /// Puts other stations into some slots. Whether something differs now.
    ///
    /// The cost is that of the changed stations, unless a name comes or goes: then all names are sorted.
    pub fn change(&mut self, changes: impl IntoIterator<Item = (usize, Option<Station>)>) -> bool {
        let (mut is_changed, mut are_named) = (false, true);
        for (slot, mut new) in changes {
            let old = self.stations.get(slot);
            if old != new.as_ref() {
                is_changed = true;
                are_named &= is_found_alike(old, new.as_ref());
                if let (Some(old), Some(new)) = (old, &mut new) {
                    new.asked = old.asked.clone();
                }
                self.stations.set(slot, new);
            }
        }
        if !are_named {
            self.name();
        }
        is_changed
    }

    fn name(&mut self) {
        let stations = || self.stations.slots().filter_map(|(slot, station)| Some((slot, station?)));
        let cities = stations().filter_map(|(slot, station)| Some((station.city.as_deref()?, slot)));
        let aliases =
            stations().flat_map(|(slot, station)| station.aliases.iter().map(move |name| (&**name, slot)));
        let only = stations().next().filter(|_| self.stations.len() == 1);
        let default = stations().find(|(_, station)| station.default).or(only).map(|(slot, _)| slot);
        let names = Names::new(cities.chain(aliases));
        self.names = Arc::new(names);
        self.default = default;
    }

    /// The stations, in the order of the source.
    pub fn stations(&self) -> &Stations {
        &self.stations
    }

    /// The station that `place` names, with or without what follows its commas.
    pub fn named(&self, place: &str) -> Option<&Station> {
        self.stations.get(self.names.find(place)?)
    }

    /// The station whose name occurs in `sentence`; of several, the one with the longest name.
    pub fn named_in(&self, sentence: &str) -> Option<&Station> {
        self.stations.get(self.names.find_in(sentence)?)
    }

    /// The station that answers when no place is given: the one that is marked as the default, else the only one.
    pub fn default_station(&self) -> Option<&Station> {
        self.stations.get(self.default?)
    }
}

/// Whether the same names, and the lack of one, lead to both.
fn is_found_alike(old: Option<&Station>, new: Option<&Station>) -> bool {
    let (Some(old), Some(new)) = (old, new) else { return old.is_none() && new.is_none() };
    (&old.city, &old.aliases, old.default) == (&new.city, &new.aliases, new.default)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::{Quantity, Reading};
    use crate::time::Timestamp;

    fn station(city: &str, aliases: &[&str]) -> Station {
        let aliases = aliases.iter().map(|&alias| alias.to_owned()).collect();
        Station { city: Some(city.to_owned()), aliases, ..Station::default() }
    }

    fn city(station: Option<&Station>) -> Option<&str> {
        station.and_then(|station| station.city.as_deref())
    }

    #[test]
    fn cities_and_aliases_are_found() {
        let snapshot = Snapshot::new(vec![
            Station::default(),
            station("Kyiv", &["Київ", "Kiev"]),
            station("Lviv", &["KIEV", "Lemberg"]),
            station("Lemberg", &[]),
        ]);
        assert_eq!(city(snapshot.named("київ")), Some("Kyiv"));
        assert_eq!(city(snapshot.named("Kiev")), Some("Kyiv"));
        assert_eq!(city(snapshot.named("Lemberg, Galicia")), Some("Lemberg"));
        assert_eq!(city(snapshot.named_in("from lemberg?")), Some("Lemberg"));
        assert_eq!(city(snapshot.named_in("from lviv or lemberg?")), Some("Lemberg"));
        assert_eq!(snapshot.named(""), None);
        assert_eq!(snapshot.named_in("from here?"), None);
    }

    #[test]
    fn the_default_is_the_marked_or_the_only_station() {
        let (near, far) = (station("Near", &[]), station("Far", &[]));
        let marked = Station { default: true, ..far.clone() };
        assert_eq!(Snapshot::default().default_station(), None);
        assert_eq!(city(Snapshot::new(vec![near.clone()]).default_station()), Some("Near"));
        assert_eq!(Snapshot::new(vec![near.clone(), far]).default_station(), None);
        assert_eq!(city(Snapshot::new(vec![near, marked]).default_station()), Some("Far"));
    }

    #[test]
    fn a_change_leaves_what_was_published() {
        let mut snapshot = Snapshot::new((0..5000).map(|n| station(&format!("P{n}"), &[])).collect());
        let published = snapshot.clone();
        let other = |name: &str| Some(station(name, &[]));
        assert!(!snapshot.change([(7, other("P7"))]), "the same again");
        assert!(snapshot.change([(7, other("Seven")), (4999, None), (9000, other("Far"))]));
        assert_eq!((snapshot.stations().len(), published.stations().len()), (5000, 5000));
        let found = |snapshot: &Snapshot, name| city(snapshot.named(name)).map(str::to_owned);
        for (name, then, now) in
            [("P7", true, false), ("Seven", false, true), ("P4999", true, false), ("Far", false, true)]
        {
            assert_eq!(
                (found(&published, name).is_some(), found(&snapshot, name).is_some()),
                (then, now),
                "{name}"
            );
        }
        let cities = |snapshot: &Snapshot| {
            snapshot
                .stations()
                .iter()
                .map(|station| city(Some(station)).map(str::to_owned))
                .collect::<Vec<_>>()
        };
        let mut expected = cities(&published);
        expected[7] = Some("Seven".to_owned());
        expected[4999] = Some("Far".to_owned());
        assert_eq!(cities(&snapshot), expected);
    }

    #[test]
    fn readings_change_without_another_sort() {
        let mut snapshot = Snapshot::new((0..300).map(|n| station(&format!("P{n}"), &[])).collect());
        let before = snapshot.clone();
        let mut warm = station("P299", &[]);
        warm.update(Quantity::Temperature, Reading { value: 20.0, at: Timestamp::EPOCH });
        assert!(snapshot.change([(299, Some(warm))]));
        assert!(Arc::ptr_eq(&snapshot.names, &before.names));
        let temperature = |snapshot: &Snapshot| {
            snapshot.named("p299").and_then(|found| found.reading(Quantity::Temperature))
        };
        assert_eq!(
            (temperature(&before), temperature(&snapshot).map(|known| known.value)),
            (None, Some(20.0))
        );
        // The untouched leaves are the same.
        let leaf = |snapshot: &Snapshot| Arc::as_ptr(&snapshot.stations.branches[0][0]).cast::<u8>();
        assert_eq!(leaf(&snapshot), leaf(&before));
    }
}
