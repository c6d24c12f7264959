//! The names of places, and the search for them in what people write.

use std::iter;

use unicode_normalization::char::compose;

/// How many bytes of a text are searched. A question has a few hundred. It may come with a whole
/// document, and searching that would cost a Pi too much time.
const MAX_SEARCHED: usize = 64 * 1024;

/// The form in which names are compared: blanks around the name are removed, a run of blanks inside is
/// one blank, the typographic apostrophe is the plain one, full-width letters are plain ones, an accent
/// and its letter are one character, invisible layout characters are removed, and case is folded also
/// beyond ASCII.
///
/// Each character goes to lower, upper and again lower case. So `ß`, `ẞ` and `SS` become the same, and so do
/// the two small sigmas, and the Turkish `ı` and `i`. The dot that `İ` leaves behind is removed.
pub fn fold(name: &str) -> String {
    let mut folded = String::with_capacity(name.len());
    for word in name.split_whitespace() {
        let mut letters = word.chars().filter(|&c| !is_layout(c)).map(plain_width).peekable();
        if !folded.is_empty() && letters.peek().is_some() {
            folded.push(' ');
        }
        while let Some(mut letter) = letters.next() {
            // A macOS file name has `u` and a combining diaeresis where a keyboard has typed `ü`.
            while let Some(whole) = letters.peek().and_then(|&mark| composed(letter, mark)) {
                letter = whole;
                letters.next();
            }
            folded.extend(fold_letter(letter));
        }
    }
    folded
}

/// The letter that a letter and a mark are together. Marks begin at U+0300.
fn composed(letter: char, mark: char) -> Option<char> {
    if mark < '\u{300}' { None } else { compose(letter, mark) }
}

/// A letter as it is, a full-width one (U+FF01 to U+FF5E) as the ASCII character that it shows.
fn plain_width(letter: char) -> char {
    let code = u32::from(letter);
    match code {
        0xff01..=0xff5e => char::from_u32(code - 0xfee0).unwrap_or(letter),
        _ => letter,
    }
}

/// Whether a character only directs how others are laid out: it is not seen, and a name that was copied
/// from a page may have it. Unicode's category Cf, without the signs of scripts, and the selectors of variants.
fn is_layout(c: char) -> bool {
    matches!(c,
        '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}')
}

/// The folded form of a character that is no blank: at most three characters.
pub fn fold_letter(letter: char) -> impl Iterator<Item = char> {
    let letter = if letter == '’' { '\'' } else { letter };
    // `ẞ` is upper case already. Only its lower-case form becomes two letters.
    let letters = letter.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    letters.filter(|&c| c != DOT_ABOVE)
}

/// The dot that `İ` leaves in lower case. [`fold`] removes it.
pub const DOT_ABOVE: char = '\u{307}';

/// The names of some places, ready for a search.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Names {
    /// Sorted by `folded`, without duplicates.
    sorted: Vec<Name>,
}

#[derive(Clone, Debug, PartialEq)]
struct Name {
    /// [`start`] of `folded`. It decides most comparisons without reading the text, which is elsewhere in
    /// memory.
    start: u64,
    folded: String,
    /// The place with this name.
    place: usize,
    /// The index in `sorted` of the longest other name with which this one begins.
    stem: Option<usize>,
}

impl Names {
    /// Makes the index from names and their places. Blank names are skipped. If places share a name, it
    /// means the first of them.
    pub fn new<'a>(names: impl IntoIterator<Item = (&'a str, usize)>) -> Names {
        let mut sorted: Vec<Name> = names
            .into_iter()
            .map(|(name, place)| (fold(name), place))
            .filter(|(folded, _)| !folded.is_empty())
            .map(|(folded, place)| Name { start: start(&folded), folded, place, stem: None })
            .collect();
        // The sort is stable and `dedup_by` keeps the first.
        sorted.sort_by(|a, b| a.folded.cmp(&b.folded));
        sorted.dedup_by(|a, b| a.folded == b.folded);
        // All names between a name and its stem begin with that stem too. So the stem is the name before
        // or one of that name's stems.
        for index in 1..sorted.len() {
            let mut stem = Some(index - 1);
            while let Some(candidate) = stem {
                if sorted[index].folded.starts_with(&sorted[candidate].folded) {
                    break;
                }
                stem = sorted[candidate].stem;
            }
            sorted[index].stem = stem;
        }
        Names { sorted }
    }

    /// The place called `text`. If there is none, the marks that end a sentence are dropped, then the part
    /// after the last comma or bracket, and so on: `Springfield, IL, USA` finds `Springfield, IL`
    /// or else `Springfield`.
    pub fn find(&self, text: &str) -> Option<usize> {
        let folded = fold(beginning(text));
        let mut text = &*folded;
        loop {
            if let Some(name) = self.last_up_to(text).filter(|name| name.folded == text) {
                return Some(name.place);
            }
            let sentence = text.trim_end_matches(['.', '?', '!', '。', '？', '！', ' ']);
            text = match text.rfind([',', '，', '،', '、', '(', '（']) {
                _ if sentence.len() < text.len() => sentence,
                comma => text[..comma?].trim_end(),
            };
        }
    }

    /// The place with the longest name that occurs in `text` as a separate word. If several are equally
    /// long, the first.
    ///
    /// The search uses only the folded text: folding changes lengths, so positions in the two texts differ.
    pub fn find_in(&self, text: &str) -> Option<usize> {
        let text = fold(beginning(text));
        let mut before = None;
        let mut longest: Option<(usize, usize)> = None;
        for (start, first) in text.char_indices() {
            if before.replace(first).is_some_and(|before| in_one_word(before, first)) {
                continue;
            }
            let Some(name) = self.longest_at_start(&text[start..]) else { continue };
            let length = name.folded.chars().count();
            if longest.is_none_or(|(longest, _)| longest < length) {
                longest = Some((length, name.place));
            }
        }
        longest.map(|(_, place)| place)
    }

    /// The longest name that `text` begins with and that ends where a word may end.
    ///
    /// In sorted order, all names between such a name and `text` begin with that name too. So each candidate
    /// is the last of them or a stem of it.
    fn longest_at_start(&self, text: &str) -> Option<&Name> {
        let last = self.last_up_to(text);
        iter::successors(last, |name| name.stem.map(|stem| &self.sorted[stem])).find(|name| {
            text.strip_prefix(&*name.folded)
                .is_some_and(|rest| may_end(name.folded.chars().next_back(), rest.chars().next()))
        })
    }

    /// The name that equals `text`, or else the name before it in sorted order.
    fn last_up_to(&self, text: &str) -> Option<&Name> {
        let start = start(text);
        let is_up_to = |name: &Name| name.start < start || (name.start == start && *name.folded <= *text);
        self.sorted[..self.sorted.partition_point(is_up_to)].last()
    }
}

/// The first eight bytes as a number. If two numbers differ, they are in the order of their texts.
fn start(text: &str) -> u64 {
    let mut start = [0; 8];
    start.iter_mut().zip(text.bytes()).for_each(|(slot, byte)| *slot = byte);
    u64::from_be_bytes(start)
}

/// The part of `text` that is searched.
fn beginning(text: &str) -> &str {
    let mut end = text.len().min(MAX_SEARCHED);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Whether a name may end between these two characters. In Korean it may also end inside a word,
/// because particles follow the name without a blank: `서울의`, `London에서`.
fn may_end(last: Option<char>, next: Option<char>) -> bool {
    match (last, next) {
        (Some(last), Some(next)) => is_hangul(next) || !in_one_word(last, next),
        _ => true,
    }
}

/// Whether these two neighbours are in the same word.
fn in_one_word(left: char, right: char) -> bool {
    in_spaced_word(left) && in_spaced_word(right)
}

/// Whether `c` is part of a word in a script with blanks between words. In other scripts a name can
/// begin and end anywhere.
pub fn in_spaced_word(c: char) -> bool {
    (c.is_alphanumeric() || joins_letters(c)) && !is_unspaced(c)
}

/// Characters inside words that are neither letters nor digits: combining accents, the signs of
/// the Indic scripts (without their full stops), the zero-width joiner and non-joiner.
fn joins_letters(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}'
        | '\u{900}'..='\u{963}'
        | '\u{966}'..='\u{dff}'
        | '\u{200c}'..='\u{200d}')
}

/// Whether the script of `c` has no blanks between words, by the blocks of Unicode.
fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{e00}'..='\u{eff}'       // Thai, Lao
        | '\u{1000}'..='\u{109f}'   // Myanmar
        | '\u{1780}'..='\u{17ff}'   // Khmer
        | '\u{2e80}'..='\u{312f}'   // CJK radicals and marks, Kana, Bopomofo
        | '\u{31a0}'..='\u{31ff}'   // Bopomofo and Katakana, extended
        | '\u{3400}'..='\u{4dbf}'   // CJK extension A
        | '\u{4e00}'..='\u{9fff}'   // CJK
        | '\u{aa60}'..='\u{aa7f}'   // Myanmar, extended
        | '\u{f900}'..='\u{faff}'   // CJK compatibility
        | '\u{ff66}'..='\u{ff9f}'   // Katakana, half width
        | '\u{20000}'..='\u{3ffff}' // CJK, further extensions
    )
}

/// Whether `c` is Korean. A particle follows its word without a blank, so that a word may end before it.
pub fn is_hangul(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{11ff}' | '\u{3130}'..='\u{318f}' | '\u{ac00}'..='\u{d7ff}')
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    const NAMES: [&str; 23] = [
        "London",
        "London, Ontario",
        "Springfield",
        "Springfield, IL",
        "Bath",
        "York",
        "New York",
        "New York City",
        "Zürich",
        "Großenhain",
        "Αθήνας",
        "Київ",
        "東京",
        "東京タワー",
        "서울",
        "กรุงเทพ",
        "ភ្នំពេញ",
        "दिल",
        "دبي",
        "Łódź",
        "L'Aquila",
        "Ulan-Ude",
        "İstanbul",
    ];

    fn names() -> Names {
        Names::new(NAMES.into_iter().zip(0..))
    }

    #[test]
    fn found_by_name() {
        #[track_caller]
        fn check(text: &str, expected: impl Into<Option<&'static str>>) {
            assert_eq!(names().find(text).map(|place| NAMES[place]), expected.into());
        }
        check("London", "London");
        check(" \t lOnDoN\u{3000}\n", "London");
        check("ZÜRICH", "Zürich");
        // Accents beside their letters, as macOS writes names of files.
        check("Zu\u{308}rich", "Zürich");
        check("ZU\u{308}RICH", "Zürich");
        check("Ło\u{301}dz\u{301}", "Łódź");
        check("\u{1109}\u{1165}\u{110b}\u{116e}\u{11af}", "서울");
        check("I\u{307}stanbul", "İstanbul");
        check("Ｎｅｗ　Ｙｏｒｋ", "New York");
        check("Ｌｏｎｄｏｎ，ＵＫ", "London");
        // What a copied text brings along unseen.
        check("\u{feff}Lon\u{200b}don\u{200e}", "London");
        check("\u{2067}دبي\u{2069}", "دبي");
        check("\u{202a}\u{202c} Lon\u{ad}don \u{feff}", "London");
        check("GROSSENHAIN", "Großenhain");
        check("GROẞENHAIN", "Großenhain");
        check("ΑΘΉΝΑΣ", "Αθήνας");
        check("КИЇВ", "Київ");
        check("London, UK", "London");
        check("London , England, UK", "London");
        check("London, Ontario", "London, Ontario");
        check("london, ontario, CA", "London, Ontario");
        check("London,Ontario", "London");
        check("Springfield, IL, USA", "Springfield, IL");
        check("Springfield, MA, USA", "Springfield");
        check("東京，日本", "東京");
        check("東京、日本", "東京");
        check("دبي، الإمارات", "دبي");
        check("London,,", "London");
        check("London.", "London");
        check("London ?!", "London");
        check("東京。", "東京");
        check("London (UK)", "London");
        check("London, UK.", "London");
        check("New  York", "New York");
        check("New\nYork", "New York");
        check("L’Aquila", "L'Aquila");
        check("İSTANBUL", "İstanbul");
        check("istanbul", "İstanbul");
        check("ISTANBUL", "İstanbul");
        check("ıstanbul", "İstanbul");
        check("Londonderry", None);
        check("Greater London", None);
        check("UK, London", None);
        check(", London", None);
        check(",", None);
        check("", None);
    }

    #[test]
    fn found_in_a_sentence() {
        #[track_caller]
        fn check(text: &str, expected: impl Into<Option<&'static str>>) {
            assert_eq!(names().find_in(text).map(|place| NAMES[place]), expected.into());
        }
        check("How's the weather in London?", "London");
        check("London", "London");
        check("LONDON's weather", "London");
        check("London’s weather", "London");
        check("(london)", "London");
        check("from Bath to York", "Bath");
        check("from York to Bath", "York");
        check("York, I mean New York", "New York");
        check("New York Cityscape", "New York");
        check("new york city", "New York City");
        check("London, Ontario or London", "London, Ontario");
        check("is it wet in l'aquila", "L'Aquila");
        check("in Ulan-Ude", "Ulan-Ude");
        check("my bathroom", None);
        check("Yorkshire", None);
        check("7bath", None);
        check("bath7", None);
        check("a Yorker at birdbath", None);
        check("in grossenhain", "Großenhain");
        check("İİİİİİ ŁÓDŹ", "Łódź");
        check("東京の天気は？", "東京");
        check("今日の東京タワーの天気", "東京タワー");
        check("Londonの天気", "London");
        check("天気Londonは", "London");
        check("서울의 날씨", "서울");
        check("London은 어때", "London");
        check("남서울", None);
        check("วันนี้กรุงเทพฝนตกไหม", "กรุงเทพ");
        check("អាកាសធាតុភ្នំពេញថ្ងៃនេះ", "ភ្នំពេញ");
        // A vowel sign and a virama go on with the word; a danda ends it.
        check("दिल्ली", None);
        check("दिल।", "दिल");
        check("Yo\u{308}rk York\u{301}", None);
        check("", None);
        check("weather", None);
    }

    #[test]
    fn shared_and_blank_names() {
        let names = Names::new([("", 0), ("  ", 1), ("Rome", 2), (" ROME ", 3), ("Romeo", 4)]);
        assert_eq!(names.find("rome"), Some(2));
        assert_eq!(names.find_in("rome"), Some(2));
        assert_eq!(names.find_in("rome, romeo"), Some(4));
        assert_eq!(names.find(" "), None);
        assert_eq!(Names::default().find_in("rome"), None);
    }

    #[test]
    fn only_the_beginning_of_a_text_is_searched() {
        let near = format!("{} London {}", "é".repeat(MAX_SEARCHED / 2 - 4), "é".repeat(MAX_SEARCHED));
        let far = format!("{} London", "é".repeat(MAX_SEARCHED / 2));
        assert_eq!(names().find_in(&near), Some(0));
        assert_eq!(names().find_in(&far), None);
        // Cut inside of a character.
        assert_eq!(names().find_in(&format!("x{far}")), None);
    }

    /// Numbers that look random and are the same in every run (xorshift, Marsaglia 2003).
    pub(crate) struct Numbers(pub(crate) u64);

    impl Numbers {
        pub(crate) fn below(&mut self, end: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            usize::try_from(self.0 % end as u64).unwrap_or(0)
        }

        pub(crate) fn text(&mut self, alphabet: &[char], length: usize) -> String {
            (0..length).map(|_| alphabet[self.below(alphabet.len())]).collect()
        }
    }

    /// The index against the plain definition: every name tried at every character.
    #[test]
    fn the_longest_and_earliest_of_all_names_is_found() {
        fn plain(names: &[String], text: &str) -> Option<usize> {
            let text = fold(text);
            let mut best: Option<(usize, usize)> = None;
            for (start, first) in text.char_indices() {
                let before = text[..start].chars().next_back();
                for (place, name) in names.iter().map(|name| fold(name)).enumerate() {
                    let Some(rest) = text[start..].strip_prefix(&name) else { continue };
                    let starts = !before.is_some_and(|before| in_one_word(before, first));
                    let ends = may_end(name.chars().next_back(), rest.chars().next());
                    let length = name.chars().count();
                    if length > 0 && starts && ends && best.is_none_or(|(longest, _)| longest < length) {
                        best = Some((length, place));
                    }
                }
            }
            best.map(|(_, place)| place)
        }

        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
        let alphabet = ['a', 'A', 'b', ' ', ' ', '\'', 'ß', 'İ', 'ς', '\u{307}', '東', '京', '서', '의', 'ก'];
        for _ in 0..3_000 {
            let names: Vec<String> = (0..6)
                .map(|_| {
                    let length = numbers.below(5);
                    numbers.text(&alphabet, length)
                })
                .collect();
            let index = Names::new(names.iter().map(String::as_str).zip(0..));
            let length = numbers.below(30);
            let text = numbers.text(&alphabet, length);
            assert_eq!(index.find_in(&text), plain(&names, &text), "{names:?} in {text:?}");
            for name in names.iter().filter(|name| !fold(name).is_empty()) {
                let found = index.find(name).map(|place| fold(&names[place]));
                assert_eq!(found, Some(fold(name)));
                let sentence = format!("?! {name} ?!");
                assert!(index.find_in(&sentence).is_some(), "{name:?}");
            }
        }
    }
}
