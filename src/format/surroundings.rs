//! Where a sensor is: what the words of keys and texts say about that.
//!
//! A key (`kitchen`, `SoilTemp`) rules out what stands below it. A text (`"room": "Küche"`) rules out its
//! record. A text may be the name of a place, too, and places are called Bath, Pool and Salle: so words have
//! weights. Words are compared in lower case and without accents.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::findings::Ignored;
use super::text::squashed;

/// Indoor quantities whose names do not say so in full, without units. `tempinf` is Ecowitt's.
pub(super) const INDOOR: &[&str] =
    &["intemp", "intemperature", "tempin", "inhumidity", "humidityin", "humin"];

/// What a word is worth in a text. In a key, all count alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    /// Counts in no text: `Home`, `Raspberry Pi weather station`.
    Key,
    /// Counts in what describes a sensor if the other words say nothing: Bath and Spa are towns.
    Town,
    /// Counts if the other words say nothing: `Water temperature`, and not `White Water`.
    Faint,
    /// Counts in what describes a sensor, and in the name of a place like a faint one.
    Weak,
    /// Counts in every text.
    Strong,
}

/// A word that says that something is not the weather outdoors at this moment.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Word {
    why: Ignored,
    weight: Weight,
    /// Whether a text that says outdoors as well is about the outdoors: a garage has an outer wall, and a boiler
    /// a sensor on it. A pool in the garden stays a pool.
    yields: bool,
}

/// The words in the singular, in English, then in German, French, Spanish, Italian and Dutch.
const WORDS: &[(Ignored, Weight, bool, &str)] = &[
    (
        Ignored::NotCurrent,
        Weight::Key,
        false,
        "next today day night low high extreme record alltime avg min max mean median normal stat \
         statistic trend change previous prev past history historical archive almanac h week month year hour \
         weekly monthly yearly hourly daily peak yday minutely lowest highest minimum maximum average",
    ),
    (
        Ignored::NotCurrent,
        Weight::Weak,
        false,
        "forecast predicted prediction tomorrow yesterday vorhersage prognose gestern prevision \
         pronostico ayer previsione ieri verwachting gisteren",
    ),
    (
        Ignored::Machine,
        Weight::Key,
        false,
        "esp pi rpi raspi raspberry raspberrypi arduino board system sys host thermal hardware internal \
         modem wifi battery batt bat panel engine motor drive core charger",
    ),
    (
        Ignored::Machine,
        Weight::Strong,
        false,
        "cpu gpu soc mcu chip processor disk ssd nvme router inverter hwmon smartmon smartctl ipmi hdd ups psu \
         nvidia prozessor festplatte wechselrichter processeur onduleur procesador processore omvormer \
         extruder nozzle",
    ),
    (
        Ignored::Machine,
        Weight::Strong,
        true,
        "boiler heater heating hvac thermostat radiator heizung heizkorper heizkoerper heizkreis vorlauf \
         rucklauf ruecklauf chaudiere chauffage radiateur calefaccion calentador radiador termostato caldaia \
         riscaldamento radiatore termosifone verwarming thermostaat",
    ),
    (
        Ignored::Machine,
        Weight::Weak,
        true,
        "furnace kessel caldera ketel akku accu batterij batterie bateria",
    ),
    (Ignored::Indoor, Weight::Key, true, "in inner home house living floor"),
    (
        Ignored::Indoor,
        Weight::Strong,
        true,
        "indoor inside room humidifier dehumidifier purifier conditioner aircon luftbefeuchter luftentfeuchter \
         luftreiniger klimaanlage humidificateur deshumidificateur climatiseur humidificador deshumidificador \
         umidificatore deumidificatore condizionatore luchtbevochtiger luchtontvochtiger livingroom bedroom bathroom kitchen laundry hallway corridor nursery upstair \
         downstair basement garage garaje innen drinnen innenraum wohnzimmer kueche kuche treppenhaus dachboden buro buero \
         gartenhaus interieur interieure cuisine couloir grenier buanderie cocina dormitorio habitacion \
         comedor pasillo sotano atico desvan lavadero interno interna cucina cameretta soggiorno salotto \
         corridoio soffitta mansarda lavanderia binnen keuken overloop zolder bijkeuken",
    ),
    (
        Ignored::Indoor,
        Weight::Weak,
        true,
        "lounge office cellar closet cabinet wardrobe interior classroom stairwell stairway staircase \
         workshop pantry toilet restroom hall attic loft zimmer keller diele stube wohnung werkstatt schuppen \
         raum wintergarten chambre sejour cellier dedans atelier cuarto despacho oficina bodega dentro bagno \
         ufficio cantina stanza letto kamer kelder kantoor berging schuur",
    ),
    (Ignored::Indoor, Weight::Town, true, "bath"),
    (Ignored::Elsewhere, Weight::Town, false, "spa"),
    (
        Ignored::Indoor,
        Weight::Faint,
        true,
        // Other words elsewhere: a bad value, a hall of fame, the sun, a gang.
        "bad bain salle salon sala bano bureau cave flur studio hal gang camera ingresso entree veranda \
         library conservatory",
    ),
    (
        Ignored::Elsewhere,
        Weight::Faint,
        false,
        "water lake river sea ground car leaf sol kas wasser see fluss eau riviere agua rio acqua fiume meer grond terre tierra \
         terra erde aarde",
    ),
    (
        Ignored::Elsewhere,
        Weight::Strong,
        false,
        "fridge refrigerator freezer aquarium terrarium vivarium greenhouse beehive smoker dishwasher \
         kuhlschrank kuehlschrank gefrierschrank gefriertruhe gefrierfach tiefkuhler tiefkuehler \
         tiefkuhltruhe tiefkuehltruhe kuhltruhe kuehltruhe gewachshaus gewaechshaus treibhaus \
         schwimmbad trockner waschmaschine spulmaschine spuelmaschine warmwasser pufferspeicher frigo \
         refrigerateur congelateur piscine nevera frigorifico refrigerador congelador piscina invernadero \
         acuario lavadora secadora frigorifero congelatore acquario asciugatrice lavatrice lavastoviglie \
         koelkast vriezer diepvries diepvriezer zwembad broeikas droger wasdroger wasmachine vaatwasser \
         bodentemperatur bodenfeuchte bodemtemperatuur",
    ),
    (
        Ignored::Elsewhere,
        Weight::Weak,
        false,
        "pool pond tank sauna tub soil compost hive oven grill pipe duct dryer washer \
         kiln stove chimney printer incubator barbecue bbq smokehouse whirlpool jacuzzi teich boden ofen \
         backofen rohr leitung puffer bienenstock etang serre tuyau voiture ruche estanque suelo \
         horno parrilla tubo tuberia coche colmena stagno suolo terreno forno griglia vasca alveare vijver \
         bodem leiding buis bijenkast",
    ),
];

/// The words that say outdoors, in the same languages.
const OUTDOORS: &str = "out outdoor outside garden yard backyard frontyard patio balcony terrace porch exterior \
     draussen garten balkon terrasse hof innenhof aussen exterieur exterieure dehors jardin balcon cour fuera terraza \
     azotea esterno esterna fuori giardino balcone terrazza terrazzo cortile buiten tuin terras";
/// What only stands outdoors. In a text, it says so; in a key, it is a quantity.
const GAUGES: &str = "anemometer pluviometer rain wind regen pluie pluviometre anemometre vent lluvia viento \
     pluviometro anemometro pioggia vento";
/// How words begin that say outdoors: `Außenfühler`.
const OUTDOOR_BEGINNINGS: [&str; 5] = ["aussen", "buiten", "outdoor", "outside", "exterieur"];

/// How words end that are composed of two, in German and Dutch.
const ENDINGS: &[(&str, Word)] = {
    const fn strong(why: Ignored, yields: bool) -> Word {
        Word { why, weight: Weight::Strong, yields }
    }
    &[
        ("zimmer", strong(Ignored::Indoor, true)),
        ("kamer", strong(Ignored::Indoor, true)),
        ("kuche", strong(Ignored::Indoor, true)),
        ("kueche", strong(Ignored::Indoor, true)),
        ("keller", strong(Ignored::Indoor, true)),
        ("kelder", strong(Ignored::Indoor, true)),
        ("raum", strong(Ignored::Indoor, true)),
        ("schrank", strong(Ignored::Indoor, true)),
        ("truhe", strong(Ignored::Elsewhere, false)),
        ("wasser", Word { why: Ignored::Elsewhere, weight: Weight::Weak, yields: false }),
    ]
};

/// What is measured, and with what, at the end of a word that is composed of two: `Kellertemperatur`.
const MEASURED_ENDINGS: [&str; 10] = [
    "temperatur",
    "temperatuur",
    "temp",
    "feuchte",
    "feuchtigkeit",
    "vochtigheid",
    "fuhler",
    "fuehler",
    "sensor",
    "thermometer",
];

/// The temperatures of a Sense HAT's chips for humidity and pressure, which the board below warms.
const CHIPS: &str = "temph tempp temphum temphumidity temppress temppressure tempfromhumidity tempfrompressure \
     temperaturefromhumidity temperaturefrompressure temphumiditysensor temppressuresensor";

/// Words that say nothing about where.
const NEUTRAL: &str = "living bed dining hot swimming de di du da in im am der die das sensor thermometer hygrometer thermo hygro multisensor temperature temp humidity hum climate \
     probe device node module station weather data measurement value state status home my the of \
     and no nr number channel first second left right top bottom main st nd rd th eg og ug temperatur feuchte \
     feuchtigkeit luftfeuchte klima wetter links rechts oben unten temperatura humedad clima temperatuur \
     luchtvochtigheid klimaat humidite umidita capteur sonda sonde fuhler fuehler";

/// Words that are no place: what a text is about or what wrote it.
const NO_PLACE: &str = "outdoor outside out outdoors inside indoor exterior interior exterieur exterieure interieur interieure exterior \
     esterno interno aussen innen buiten binnen draussen drinnen weather wetter wetterstation weatherstation meteo tiempo weer sensor sensors station device node \
     module thermometer hygrometer probe data measurement measurements readings environment environmental \
     climate telemetry mqtt consumer telegraf influx value state status default unknown none null undefined \
     test temperature temp humidity pressure air wind rain channel unnamed untitled local localhost current now \
     raspberry raspberrypi pi rpi esp arduino bme bmp dht sht aht htu hdc sds scd am ds wemos nodemcu tasmota \
     forecast daily hourly";

/// What a device is for, by its model as rtl_433 and others write it in their lists of devices.
const MODELS: &[(Ignored, &str)] = &[
    (
        Ignored::Elsewhere,
        // Fridges and freezers; pools and spas; soil; meat, grills and ovens; tanks.
        "acurite986 acurite515 tfamarbella rubicson48942 baldrhcs528arf goveeh5310 rosstechspa homeleadhg9901 \
         opusxt300 fineoffsetwh51 fineoffsetwh52 fineoffsetwn34 fineoffsetwn34d fineoffsetwn34l \
         fineoffsetwn34s fineoffsetwn38 bressergarden bressersoilmoisture basicsmeat burnhardbbq \
         acurite01185m mavericket73 mavericket73x maverickxr30 maverickxr50 tfa141504v2 gasmateba1008 \
         gttmbbq05 rft0912 rubicson48659 florabestfbth1 thermoprotp08 thermoprotp11 thermoprotp12 \
         thermoprotp20 thermoprotp28b thermoprotp828b thermoprotp829b thermoprotempspikexr \
         typhursyncgold oregonawr129 oilsonicsmart oilsonicadv oilsonicstd oilultrasonic watchmanplus \
         tsft002 goveeh5112 ibsp01r ibsp01b wn34 wh51 wh52 wn34bl wn34bs hhccjcy01 hhccjcy10 miflora",
    ),
    (
        Ignored::Indoor,
        // Consoles, monitors of the air in rooms, thermostats. Netatmo's base and its modules for rooms.
        "namain namodule4 nhc fineoffsetwh25 fineoffsetwh32b fineoffsetwh45 fineoffsetwh46 bresserco2 \
         bresserhchovoc oregonbthr918 oregonbhtr968 oregonbthgn129 danfosscfr deltadorex3d wattswfhtrf \
         wattswfhtlcdrf wattsvision hub2 hub3 hubmini2 vaillantvrt340f celsiaczc1 eberleinstat868r1 fht",
    ),
    (Ignored::Machine, "bm5v2"),
];

/// What the words of a text say.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Words {
    /// The heaviest word against the outdoors.
    against: Option<Word>,
    /// Whether all others are of this kind or say nothing.
    is_all: bool,
    /// A word says outdoors.
    outdoors: bool,
    /// The text is the model of a device that is not for the air outdoors.
    model: Option<Ignored>,
    /// The text may name a place.
    pub(super) is_place: bool,
}

/// What kind of text it is, by its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Telling {
    /// What sort of device it is.
    Model,
    /// What somebody calls a sensor, and where it is.
    Sensor,
    /// The name of a place, or a sensor's.
    Place,
    /// Of an unknown key.
    Other,
    /// Whether the sensor is indoors, or outdoors.
    Mark,
    /// Whether the values beside it are any.
    Valid,
    /// What has failed, or whether something has.
    Fault,
    /// What switches or meters currents, and measures its own temperature.
    Relay,
    /// What a thermostat is set to.
    Climate,
    /// The moisture of soil.
    Soil,
}

/// What is said about where a record was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Said {
    /// Nothing.
    #[default]
    Nothing,
    /// Outdoors.
    Outdoors,
    /// Not outdoors, but another text may say otherwise.
    Rather(Ignored),
    /// Not outdoors.
    Never(Ignored),
}

impl Said {
    /// What two texts of one record say together.
    pub(super) fn and(self, other: Said) -> Said {
        match (self, other) {
            (Said::Never(why), _) | (_, Said::Never(why)) => Said::Never(why),
            (Said::Outdoors, _) | (_, Said::Outdoors) => Said::Outdoors,
            (Said::Rather(why), _) | (_, Said::Rather(why)) => Said::Rather(why),
            (Said::Nothing, Said::Nothing) => Said::Nothing,
        }
    }

    /// What holds inside of something that says this.
    pub(super) fn within(self, outer: Said) -> Said {
        if self == Said::Nothing { outer } else { self }
    }

    /// Why it is not the weather outdoors.
    pub(super) fn against(self) -> Option<Ignored> {
        match self {
            Said::Rather(why) | Said::Never(why) => Some(why),
            Said::Nothing | Said::Outdoors => None,
        }
    }
}

impl Words {
    /// The words of a text, which may be a path.
    pub(super) fn of(text: &str) -> Words {
        let text = text.get(..TEXT_BYTES).unwrap_or(text);
        let parts = text.split('/').map(Words::of_part).reduce(Words::joined).unwrap_or_default();
        Words { model: model(text), is_place: parts.is_place && !is_number_of_device(text), ..parts }
    }

    /// The words of two parts of a path.
    fn joined(self, other: Words) -> Words {
        let weight = |words: &Words| words.against.map(|word| (word.weight, words.is_all));
        let heavier = if weight(&self) >= weight(&other) { self } else { other };
        let (outdoors, is_place) = (self.outdoors || other.outdoors, self.is_place || other.is_place);
        Words { outdoors, is_place, ..heavier }
    }

    fn of_part(text: &str) -> Words {
        let spaced = spaced(text);
        let mut words = Words { is_all: true, ..Words::default() };
        let has_digits = text.contains(|c: char| c.is_ascii_digit());
        let mut before = "";
        for word in spaced.split(' ').filter(|word| !word.is_empty()) {
            let together = [before, word].concat();
            let is_office = is_in("metoffice weatheroffice postoffice", &together);
            before = word;
            words.is_place |= may_be_place(word) && (word.len() > 1 || !has_digits);
            if says_out(word) || is_in(GAUGES, word) {
                words.outdoors = true;
                continue;
            }
            match in_text(&together).or_else(|| in_text(word)).filter(|_| !is_office) {
                Some(found) => {
                    let heavier =
                        |known: &Word| (known.weight, !known.yields) >= (found.weight, !found.yields);
                    words.against = words.against.filter(heavier).or(Some(found));
                }
                None => words.is_all &= word.len() == 1 || is_in(NEUTRAL, word),
            }
        }
        if says_own_temperature(&spaced) {
            words.against = Some(Word { why: Ignored::Machine, weight: Weight::Strong, yields: false });
        }
        words
    }

    /// What a text of this kind says with these words.
    pub(super) fn said(self, telling: Telling) -> Said {
        if let (Some(why), true) = (self.model, matches!(telling, Telling::Model | Telling::Sensor)) {
            return Said::Never(why);
        }
        let counts = |word: &Word| match (telling, word.weight) {
            (_, Weight::Key) => false,
            (Telling::Other, Weight::Strong | Weight::Weak) => {
                self.is_all && matches!(word.why, Ignored::Indoor | Ignored::Elsewhere)
            }
            (Telling::Model | Telling::Sensor | Telling::Place, Weight::Strong)
            | (Telling::Model | Telling::Sensor, Weight::Weak) => true,
            (Telling::Model | Telling::Sensor, Weight::Town | Weight::Faint) => self.is_all,
            (Telling::Place, Weight::Weak | Weight::Faint) => self.is_all,
            _ => false,
        };
        match self.against.filter(counts) {
            Some(Word { why, yields: false, .. }) => Said::Never(why),
            // What is sold for outdoors may stand in a room.
            _ if self.outdoors && matches!(telling, Telling::Sensor | Telling::Place) => Said::Outdoors,
            _ if self.outdoors => Said::Nothing,
            Some(Word { why, .. }) => Said::Rather(why),
            None => Said::Nothing,
        }
    }
}

/// As much of a text as is looked at.
const TEXT_BYTES: usize = 200;

/// The keys of each kind as `squashed`, in the languages of [`WORDS`].
const TELLING: &[(Option<Telling>, &str)] = &[
    (
        Some(Telling::Model),
        "model type product producttype devicetype modeltype moduletype sensortype category kind productname modelid",
    ),
    (
        Some(Telling::Sensor),
        "modulename plottitle loggername sensorlocation measurement room roomname friendlyname entityid entity objectid topic device devicename sensor \
         sensorname sensorid area areaname zone zonename placement position label title id src group nodename \
         node channelname probe probename uniqueid alias where deviceid displayname thingname item itemname \
         raum zimmer piece pièce habitacion habitación stanza kamer ruimte bereich gerät geraet bezeichnung \
         sensornaam dispositivo capteur",
    ),
    (
        Some(Telling::Place),
        "name location place site station stationname nickname locationname ort standort messort emplacement \
         lieu ubicacion ubicación lugar posizione luogo locatie plaats nom nombre nome naam",
    ),
    (Some(Telling::Mark), "indoor indoors isindoor inside locationtype outdoor outdoors isoutdoor outside"),
    (
        Some(Telling::Valid),
        "valid isvalid datavalid sensorok ok success reachable available isavailable online",
    ),
    (Some(Telling::Fault), "status error err errormessage sensorstatus sensorerror"),
    (Some(Telling::Relay), "overtemperature relays rollers emeters apower ison"),
    (
        Some(Telling::Climate),
        "hvacmode hvacmodes hvacaction systemmode currentheatingsetpoint occupiedheatingsetpoint \
         heatingsetpoint coolingsetpoint targettemperature targettemp settemperature",
    ),
    (Some(Telling::Soil), "moisture soilmoisture"),
    // Names of networks are no places, and cities may be called anything.
    (None, "city ssid wifi network hostname host country region state timezone tz unit units"),
];

/// What kind of text or mark a key has.
pub(super) fn telling(key: &str) -> Option<Telling> {
    static BY_KEY: LazyLock<HashMap<&str, Option<Telling>>> = LazyLock::new(|| {
        let keys = |(telling, keys): &'static (Option<Telling>, &str)| {
            keys.split_ascii_whitespace().map(|key| (key, *telling))
        };
        TELLING.iter().flat_map(keys).collect()
    });
    BY_KEY.get(&*squashed(key)).copied().unwrap_or(Some(Telling::Other))
}

/// What a mark says: `"indoor": true`, and PurpleAir's `"location_type": 1`.
pub(super) fn marked(key: &str, is_set: bool) -> Said {
    match (squashed(key).contains("out"), is_set) {
        (true, true) => Said::Outdoors,
        (true, false) | (false, true) => Said::Rather(Ignored::Indoor),
        (false, false) => Said::Nothing,
    }
}

/// Whether a text under a key of [`Telling::Fault`] says that something has failed.
pub(super) fn is_fault(key: &str, text: &str) -> bool {
    const FINE: &str = "ok okay none no noerror false 0 success good normal online connected nominal";
    const FAILED: &str = "error fail failed failure fault faulty invalid timeout timedout offline nok notok \
         disconnected unavailable lost fehler defekt erreur fallo errore guasto fout storing";
    let is_number = text.trim().parse::<f64>().is_ok();
    let text = squashed(text);
    match squashed(key).contains("err") {
        true => !text.is_empty() && !is_number && !is_in(FINE, &text),
        false => is_in(FAILED, &text),
    }
}

/// What the name of a file says that a pattern or a directory brings.
pub fn ruled_out_by_name(file: &str) -> Option<Ignored> {
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    Words::of(stem).said(Telling::Sensor).against()
}

/// Whether one of the words of a list is this one.
fn is_in(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|known| known == word)
}

/// Whether this word, or what it begins with, says outdoors.
fn says_out(word: &str) -> bool {
    static OUT: LazyLock<Vec<&str>> = LazyLock::new(|| OUTDOORS.split_ascii_whitespace().collect());
    let is_out = |word: &str| OUT.contains(&word);
    is_out(word)
        || word.strip_suffix('s').is_some_and(is_out)
        || OUTDOOR_BEGINNINGS.iter().any(|beginning| word.starts_with(beginning))
}

/// Whether a word may be of the name of a place.
fn may_be_place(word: &str) -> bool {
    let says_something = !is_in(NEUTRAL, word) || word == "home";
    says_something && !is_in(NO_PLACE, word)
}

/// Whether a text is an address or a number of a device: `0xa4c138d6e2f1`, `a4:c1:38:d6:e2:f1`.
fn is_number_of_device(text: &str) -> bool {
    let digits = text.trim().trim_start_matches("0x");
    let is_digit = |c: char| c.is_ascii_hexdigit() || matches!(c, ':' | '-' | '.' | '_');
    digits.len() >= 6 && digits.chars().all(is_digit) && digits.contains(|c: char| c.is_ascii_digit())
}

/// The device that a text is the model of, if that is not for the air outdoors.
fn model(text: &str) -> Option<Ignored> {
    let name = squashed(text);
    MODELS.iter().find(|(_, models)| is_in(models, &name)).map(|(why, _)| *why)
}

/// Whether the words of a text are of the temperature of a device: `plug device temperature`.
fn says_own_temperature(words: &str) -> bool {
    const OWN: [&str; 5] = ["device", "internal", "core", "board", "module"];
    words.match_indices(" temp").any(|(at, _)| OWN.iter().any(|own| words[..at].trim_end().ends_with(own)))
}

/// What is known of a word, by the heaviest that it has in a text.
fn in_text(word: &str) -> Option<Word> {
    known(word).filter(|word| word.weight > Weight::Key)
}

/// What is known of a word.
fn known(word: &str) -> Option<Word> {
    // A text may have hundreds of thousands of unknown keys.
    static BY_WORD: LazyLock<HashMap<&str, Word>> = LazyLock::new(|| {
        let mut by_word = HashMap::new();
        for (why, weight, yields, words) in WORDS {
            for word in words.split_ascii_whitespace() {
                by_word.insert(word, Word { why: *why, weight: *weight, yields: *yields });
            }
        }
        by_word
    });
    let simple = |word: &str| {
        // `DS18B20` is no plural.
        let singular = word.strip_suffix('s').filter(|singular| singular.len() > 2).unwrap_or(word);
        BY_WORD.get(word).or_else(|| BY_WORD.get(singular)).copied()
    };
    let composed = |word: &str| {
        let ending = |(ending, _): &&(&str, Word)| word.len() > ending.len() + 1 && word.ends_with(ending);
        ENDINGS.iter().find(ending).map(|(_, found)| *found).filter(|_| word != "zeitraum")
    };
    let found = |word: &str| simple(word).or_else(|| composed(word));
    found(word).or_else(|| {
        let part = MEASURED_ENDINGS.iter().find_map(|ending| word.strip_suffix(ending))?;
        found(part).or_else(|| found(part.strip_suffix('s')?)).filter(|_| part.len() > 2)
    })
}

/// Why an object called so, or a key that ends in a quantity, is not the weather outdoors now.
pub(super) fn refused(name: &str) -> Option<Ignored> {
    if is_in(CHIPS, &squashed(name)) {
        return Some(Ignored::OtherChip);
    }
    // `hPa` is no hour and `inHg` no room.
    let words = spaced(name).replace("h pa", "").replace("in hg", "");
    // Together too, for `AllTime` and `SoC`.
    let together = words.replace(' ', "");
    words.split(' ').chain([&*together]).find_map(known).map(|word| word.why)
}

/// Whether a word of the name says that it is about the outdoors.
pub(super) fn has_outdoor_word(name: &str) -> bool {
    spaced(name).split(' ').any(says_out)
}

/// The words of a name in lower case, without accents, with blanks around: `daily_forecast`, `nextHour`,
/// `ESP8266`, `CPUTemp2`.
pub(super) fn spaced(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    let mut chars = name.chars().filter(|c| !is_accent(*c)).peekable();
    let mut before = ' ';
    while let Some(c) = chars.next() {
        let ends_capitals = chars.peek().is_some_and(|next| next.is_lowercase());
        if !c.is_alphabetic() || (c.is_uppercase() && (before.is_lowercase() || ends_capitals)) {
            words.push(' ');
        }
        if c.is_alphabetic() {
            c.to_lowercase().for_each(|c| push_plain(&mut words, c));
        }
        before = c;
    }
    words
}

/// A mark that stands behind its letter.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

/// The letter of the alphabet that a letter with an accent is.
fn push_plain(words: &mut String, letter: char) {
    match letter {
        'à'..='å' => words.push('a'),
        'ç' => words.push('c'),
        'è'..='ë' => words.push('e'),
        'ì'..='ï' => words.push('i'),
        'ñ' => words.push('n'),
        'ò'..='ö' | 'ø' => words.push('o'),
        'ù'..='ü' => words.push('u'),
        'ß' => words.push_str("ss"),
        'œ' => words.push_str("oe"),
        letter => words.push(letter),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a text says under this key.
    #[track_caller]
    fn check(key: &str, text: &str, expected: Option<Ignored>) {
        let said = telling(key).map(|telling| Words::of(text).said(telling)).unwrap_or_default();
        assert_eq!(said.against(), expected, "{key}: {text}");
    }

    #[test]
    fn rooms_are_known_in_six_languages() {
        for text in [
            // English.
            "Bedroom",
            "Living Room",
            "living_room",
            "kitchen window",
            "Master bedroom",
            "Garage",
            "Basement",
            "Inside",
            "indoor",
            "Laundry",
            "sensor.living_room_temperature",
            "zigbee2mqtt/Bedroom",
            "home/office/temp",
            "Hallway 2",
            "upstairs",
            "Attic",
            "bath",
            "my closet",
            "Bed room",
            // German.
            "Wohnzimmer",
            "Schlafzimmer links",
            "Küche",
            "Kueche",
            "Bad",
            "Heizungskeller",
            "Gästezimmer",
            "Kellertemperatur",
            "Wohnzimmersensor",
            "Innentemperatur",
            "innen",
            "Dachboden",
            "Büro",
            "Flur",
            "Serverraum",
            "Kleiderschrank",
            "Waschküche",
            "Gartenhaus",
            "Wintergarten",
            // French.
            "Intérieur",
            "cuisine",
            "Chambre d'enfants",
            "Salle de bain",
            "Salon",
            "Séjour",
            "Grenier",
            "Bureau",
            "Couloir",
            "Buanderie",
            "Cave",
            "zigbee2mqtt/salle de bain",
            // Spanish.
            "Interior",
            "Cocina",
            "Dormitorio",
            "Habitación",
            "Salón",
            "Baño",
            "Comedor",
            "Pasillo",
            "Sótano",
            "Ático",
            "Oficina",
            // Italian.
            "Interno",
            "Cucina",
            "Camera",
            "Cameretta",
            "Soggiorno",
            "Salotto",
            "Bagno",
            "Corridoio",
            "Soffitta",
            "Ufficio",
            "Cantina",
            "temperatura interna",
            // Dutch.
            "Binnen",
            "Woonkamer",
            "Slaapkamer",
            "Keuken",
            "Badkamer",
            "Zolder",
            "Kelder",
            "Overloop",
            "Kantoor",
            "Kamertemperatuur",
            "Bijkeuken",
        ] {
            check("friendly_name", text, Some(Ignored::Indoor));
            check("room", text, Some(Ignored::Indoor));
        }
    }

    #[test]
    fn what_is_not_air_is_known_in_six_languages() {
        for text in [
            "Freezer",
            "Fridge 2",
            "garage freezer",
            "Outdoor pool",
            "Pool",
            "Swimming pool",
            "pond",
            "Water temperature",
            "soil",
            "Soil Sensor",
            "aquarium",
            "greenhouse",
            "Hot tub",
            "sauna",
            "BBQ probe",
            "dryer pipe",
            "sensor.garden_pool_temperature",
            "Kühlschrank",
            "Gefriertruhe",
            "Tiefkühltruhe",
            "Teich",
            "Poolwasser",
            "Wassertemperatur",
            "Bodentemperatur",
            "Bodenfeuchte",
            "Gewächshaus",
            "Warmwasser",
            "Backofen",
            "Waschmaschine",
            "Trockner",
            "Congélateur",
            "Réfrigérateur",
            "frigo",
            "Piscine",
            "Température eau",
            "Serre",
            "Étang",
            "Congelador",
            "Nevera",
            "Frigorífico",
            "Piscina",
            "Agua",
            "Suelo",
            "Invernadero",
            "Frigorifero",
            "Congelatore",
            "Acqua",
            "Suolo",
            "Forno",
            "Acquario",
            "Koelkast",
            "Vriezer",
            "Diepvries",
            "Zwembad",
            "Vijver",
            "Bodem",
            "Broeikas",
            "Zwembadtemperatuur",
        ] {
            check("friendly_name", text, Some(Ignored::Elsewhere));
        }
        for text in [
            "CPU",
            "cpu_thermal",
            "GPU temperature",
            "Boiler",
            "Heating flow",
            "Router",
            "plug device temperature",
            "Heizung",
            "Vorlauf",
            "Vorlauftemperatur",
            "Wechselrichter",
            "Chaudière",
            "radiateur",
            "Calefacción",
            "Caldaia",
            "Riscaldamento",
            "Verwarming",
            "Ketel",
            "thermostaat",
            "SoC",
            "Nozzle",
        ] {
            check("friendly_name", text, Some(Ignored::Machine));
        }
    }

    #[test]
    fn outdoors_wins_over_a_room_and_not_over_a_pool() {
        let said = |text: &str| Words::of(text).said(Telling::Sensor);
        for text in [
            "Outdoor",
            "Outdoor kitchen",
            "outside",
            "Garage outside",
            "Garden",
            "home/garden/temp",
            "Backyard",
            "Balcony",
            "Außen",
            "Außenfühler Heizung",
            "Aussentemperatur",
            "Küche außen",
            "Garten",
            "Balkon",
            "Terrasse",
            "draußen",
            "Innenhof",
            "Extérieur",
            "Jardin",
            "dehors",
            "Sonde extérieure",
            "Exterior",
            "Jardín",
            "Terraza",
            "fuera",
            "Esterno",
            "Giardino",
            "Balcone",
            "esterna",
            "Buiten",
            "Tuin",
            "buitentemperatuur",
            "Anemometer",
            "Rain gauge",
            "Boiler outside temperature",
        ] {
            assert_eq!(said(text), Said::Outdoors, "{text}");
        }
        for text in ["Garden pool", "outdoor freezer", "Outdoor CPU", "Außenpool", "Buitenzwembad"] {
            assert!(said(text) == Said::Outdoors || said(text).against().is_some(), "{text}");
        }
        assert_eq!(said("Garden pool"), Said::Never(Ignored::Elsewhere));
        assert_eq!(said("outdoor freezer"), Said::Never(Ignored::Elsewhere));
        let (indoor, outdoors) = (Said::Rather(Ignored::Indoor), Said::Outdoors);
        assert_eq!(indoor.and(outdoors), outdoors);
        assert_eq!(outdoors.and(Said::Never(Ignored::Elsewhere)), Said::Never(Ignored::Elsewhere));
        assert_eq!(outdoors.within(indoor), outdoors);
        assert_eq!(Said::Nothing.within(indoor), indoor);
    }

    #[test]
    fn what_says_nothing_of_rooms_rules_nothing_out() {
        for text in [
            "BME280",
            "Acurite-Tower",
            "Home",
            "home/weather/temp",
            "Raspberry Pi weather station",
            "ESP32",
            "weather station",
            "sensor.temperature",
            "Met Office",
            "zigbee2mqtt/0x00158d0001",
            "Shed",
            "North wall",
            "Lake House",
            "White Water",
            "my sensor",
            "Fineoffset-WS90",
            "AmbientWeather-WH31E",
            "Hofheim",
            "Nexus-TH",
            "Bresser-5in1",
            "DS18B20",
            "Temperature",
            "",
            "7",
        ] {
            check("friendly_name", text, None);
            check("model", text, None);
        }
        // Places are called so.
        for text in [
            "Bath",
            "Reading",
            "Spa",
            "Bad Homburg",
            "Salon-de-Provence",
            "La Salle",
            "Cave Creek",
            "Bodensee",
            "Sea Point",
            "Keller Texas",
            "Pool Meadow",
            "Battery Park",
            "Lake Tahoe",
            "Oven Hill",
            "Kesselstadt",
            "Bodega Bay",
        ] {
            check("name", text, None);
            check("station", text, None);
            check("city", text, None);
        }
        for text in ["Kitchen", "pool", "Küche links", "Freezer in garage"] {
            check("city", text, None);
            check("ssid", text, None);
        }
        // An unknown key may have any word.
        for text in
            ["bad", "auto", "battery", "heating", "low", "Poor", "Light rain", "water", "hall of fame", "CRC"]
        {
            check("quality", text, None);
        }
        for text in ["Kitchen", "Living Room", "Pool", "Schlafzimmer"] {
            assert!(Words::of(text).said(Telling::Other).against().is_some(), "{text}");
        }
    }

    #[test]
    fn models_say_what_they_are_for() {
        for (model, why) in [
            ("Acurite-986", Ignored::Elsewhere),
            ("Fineoffset-WH51", Ignored::Elsewhere),
            ("Fineoffset-WN34", Ignored::Elsewhere),
            ("Thermopro-TP12", Ignored::Elsewhere),
            ("TFA-Pool", Ignored::Elsewhere),
            ("WT0124-Pool", Ignored::Elsewhere),
            ("Springfield-Soil", Ignored::Elsewhere),
            ("Nexus-Sauna", Ignored::Elsewhere),
            ("Rosstech-Spa", Ignored::Elsewhere),
            ("Bresser-Garden", Ignored::Elsewhere),
            ("GT-TMBBQ05", Ignored::Elsewhere),
            ("Fineoffset-WH32B", Ignored::Indoor),
            ("Danfoss-CFR", Ignored::Indoor),
            ("NAMain", Ignored::Indoor),
            ("NAModule4", Ignored::Indoor),
        ] {
            check("model", model, Some(why));
            check("type", model, Some(why));
        }
        for model in
            ["Acurite-Tower", "Acurite-5n1", "Fineoffset-WH2", "NAModule1", "Thermopro-TX2", "Inkbird-ITH20R"]
        {
            check("model", model, None);
        }
    }

    #[test]
    fn names_of_places_are_told_from_words() {
        for text in [
            "London",
            "Köln",
            "Bath",
            "Reading",
            "Garden",
            "shed",
            "Home",
            "Bad Homburg",
            "A",
            "東京",
            "Station Road",
        ] {
            assert!(Words::of(text).is_place, "{text}");
        }
        for text in [
            "4711",
            "12",
            "0",
            "",
            "?!",
            "inside",
            "Outdoor",
            "weather",
            "Weather Station",
            "sensor",
            "sensor_1",
            "T1",
            "outdoor sensor",
            "BME280",
            "DHT22",
            "ESP32",
            "0x00158d0001a2b3c4",
            "a4:c1:38:d6:e2:f1",
            "mqtt_consumer",
            "temperature",
            "außen",
            "Wetter",
            "extérieur",
            "Wetterstation 1",
        ] {
            assert!(!Words::of(text).is_place, "{text}");
        }
    }

    #[test]
    fn files_are_judged_by_their_names() {
        for file in [
            "kitchen.json",
            "bedroom.csv",
            "pool.txt",
            "indoor-2026-11-28.csv",
            "Küche.json",
            "rpi_cpu_temp.json",
        ] {
            assert!(ruled_out_by_name(file).is_some(), "{file}");
        }
        for file in [
            "garden.json",
            "weather.csv",
            "2026-11-28.csv",
            "outdoor_kitchen.json",
            "log",
            "shed.json",
            ".json",
        ] {
            assert_eq!(ruled_out_by_name(file), None, "{file}");
        }
    }

    #[test]
    fn failures_are_told_from_states() {
        for (key, text) in [
            ("status", "error"),
            ("status", "FAILED"),
            ("error", "DHT read failed"),
            ("err", "timeout"),
            ("status", "Offline"),
        ] {
            assert!(is_fault(key, text), "{key}: {text}");
        }
        for (key, text) in [
            ("status", "ok"),
            ("status", "running"),
            ("error", "none"),
            ("error", ""),
            ("err", "0"),
            ("error", "0.3"),
        ] {
            assert!(!is_fault(key, text), "{key}: {text}");
        }
    }

    #[test]
    fn each_word_stands_once_with_a_weight() {
        for (why, weight, _, words) in WORDS {
            for word in words.split_ascii_whitespace() {
                let twice = WORDS.iter().filter(|(_, other, ..)| other == weight);
                let count = twice.filter(|(.., words)| is_in(words, word)).count();
                assert_eq!(count, 1, "{why:?} {word}");
                assert!(word.chars().all(|c| c.is_ascii_lowercase()), "{word}");
            }
        }
    }
}
