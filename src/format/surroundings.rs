//! Where a sensor is: the words that say that it is not in the air outdoors, or that it is.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::findings::Ignored;

/// Indoor quantities whose names do not say so in full, without units. `tempinf` is Ecowitt's.
pub(super) const INDOOR: &[&str] =
    &["intemp", "intemperature", "tempin", "inhumidity", "humidityin", "humin"];

/// The words that rule a name out, in the singular: whatever is inside an object called so is not
/// the weather outdoors at this moment. An unknown name without any of them counts as a sensor's.
const REFUSED: [(Ignored, &str); 4] = [
    (
        Ignored::NotCurrent,
        "forecast predicted prediction next tomorrow today yesterday yday minutely hour hourly h \
         day daily night week weekly month monthly year yearly min minimum low lowest max maximum \
         high highest peak extreme record alltime avg average mean median normal stat statistic \
         trend change previous prev past history historical archive almanac",
    ),
    (
        Ignored::Machine,
        "cpu gpu soc mcu chip processor core esp pi rpi raspi raspberry raspberrypi arduino board \
         system sys host thermal hardware internal disk ssd nvme router modem wifi battery batt \
         bat inverter charger panel motor engine boiler heater heating hvac thermostat radiator \
         hwmon smartmon smartctl ipmi drive hdd ups psu nvidia",
    ),
    (
        Ignored::Indoor,
        "in inner indoor inside interior innen home house room livingroom bedroom bathroom \
         kitchen bath living lounge nursery office hall hallway corridor floor upstair downstair \
         attic loft basement cellar garage closet cabinet laundry zimmer wohnzimmer schlafzimmer \
         keller",
    ),
    (
        Ignored::Elsewhere,
        "water pool pond sea lake river tank aquarium terrarium spa sauna tub soil ground leaf \
         compost hive beehive greenhouse fridge refrigerator freezer oven grill smoker car",
    ),
];

/// The words of an object's name that say it is outdoors.
const OUTDOORS: [&str; 5] = ["out", "outdoor", "outdoors", "outside", "garden"];

/// Why an object called so, or a key that ends in a quantity, is not the weather outdoors now.
pub(super) fn refused(name: &str) -> Option<Ignored> {
    // A text may have hundreds of thousands of unknown keys.
    static BY_WORD: LazyLock<HashMap<&str, Ignored>> = LazyLock::new(|| {
        REFUSED.iter().flat_map(|(why, words)| words.split(' ').map(|word| (word, *why))).collect()
    });
    let words = spaced(name);
    // Together too, for `AllTime` and `SoC`.
    let together = words.replace(' ', "");
    words.split(' ').chain([&*together]).find_map(|word| {
        // `DS18B20` is no plural.
        let singular = word.strip_suffix('s').filter(|singular| singular.len() > 2).unwrap_or(word);
        BY_WORD.get(word).or_else(|| BY_WORD.get(singular)).copied()
    })
}

/// Whether a word of the name says that it is about the outdoors.
pub(super) fn has_outdoor_word(name: &str) -> bool {
    spaced(name).split(' ').any(|word| OUTDOORS.contains(&word))
}

/// The words of a name in lower case with blanks around: `daily_forecast`, `nextHour`, `ESP8266`,
/// `CPUTemp2`.
pub(super) fn spaced(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    let mut chars = name.chars().peekable();
    let mut before = ' ';
    while let Some(c) = chars.next() {
        let ends_capitals = chars.peek().is_some_and(|next| next.is_lowercase());
        if !c.is_alphabetic() || (c.is_uppercase() && (before.is_lowercase() || ends_capitals)) {
            words.push(' ');
        }
        if c.is_alphabetic() {
            words.extend(c.to_lowercase());
        }
        before = c;
    }
    words
}
