//! Words that a text must not contain: the list of them, the search for them, and how they are masked.
//!
//! The list and each text go through the same reader, `symbols`. It folds case and blanks and marks
//! the edges of words. Two texts are the same word if their symbols are the same, so matching compares
//! bytes, and one search finds all words. Folding changes lengths, so each symbol has its position in
//! the text.

use std::fmt;
use std::io;
use std::ops::{ControlFlow, Range};
use std::path::PathBuf;

use aho_corasick::Anchored;
use aho_corasick::automaton::{Automaton as _, StateID};
use aho_corasick::nfa::contiguous::NFA;

use crate::file;
use crate::place::{DOT_ABOVE, fold_letter, in_spaced_word, is_hangul};

/// Published lists have from some hundred to ten thousand words, of some ten bytes each. A larger file
/// would fill the memory of a small board.
const FILE_MAX: usize = 256 * 1024;

/// What fits into the largest file at some twelve bytes a line.
const WORDS_MAX: usize = 20_000;

/// Characters of one word or phrase. A sentence of this length is hardly ever repeated word by word, and
/// each search holds memory for one word.
const WORD_MAX: usize = 100;

/// The settings of moderation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// A word or phrase a line. Blank lines and lines that begin with `#` are ignored.
    pub words_file: PathBuf,
    /// Where in a text a word matches.
    pub matching: Matching,
    /// What happens to a text with such a word.
    pub action: Action,
}

/// Where in a text a word matches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Matching {
    /// As a separate word. In scripts that have no blanks between words, anywhere.
    #[default]
    Words,
    /// Anywhere.
    Substrings,
}

/// What happens to a text with such a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Dify answers with a fixed text instead.
    DirectOutput {
        /// The fixed text.
        preset_response: String,
    },
    /// Dify continues with the text, in which the words are masked.
    Overridden {
        /// Replaces each character of a word.
        mask: char,
    },
}

/// Why there is no list. Names the file and the line, never a word.
#[derive(Debug)]
pub enum Error {
    /// The file cannot be read.
    Unreadable(PathBuf, io::Error),
    /// The file has no word.
    Empty(PathBuf),
    /// A line is no valid word or phrase, or the list is too long.
    Line(PathBuf, usize, String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Unreadable(file, error) => write!(f, "{}: {error}", file.display()),
            Error::Empty(file) => {
                write!(f, "{}: expected a word or phrase a line, found nothing", file.display())
            }
            Error::Line(file, line, fault) => write!(f, "{}: line {line}: {fault}", file.display()),
        }
    }
}

impl std::error::Error for Error {}

/// The words, ready for a search, and what happens to a text with one of them.
pub struct Moderation {
    automaton: NFA,
    start: StateID,
    /// The number of words. A word that is in the list twice counts twice.
    count: usize,
    /// The number of symbols of the longest word.
    longest: usize,
    matching: Matching,
    action: Action,
}

impl Moderation {
    /// Reads the list.
    pub fn load(options: &Options) -> Result<Moderation, Error> {
        let contents = file::read_small(&options.words_file, FILE_MAX)
            .map_err(|error| Error::Unreadable(options.words_file.clone(), error))?;
        Moderation::new(&contents.bytes, options)
    }

    /// Parses a list that was read. Errors name the file of the options.
    pub fn new(list: &[u8], options: &Options) -> Result<Moderation, Error> {
        let file = &options.words_file;
        // Some editors write a byte order mark before the first word.
        let list = list.strip_prefix(b"\xef\xbb\xbf").unwrap_or(list);
        let mut words = Vec::new();
        for (number, line) in (1..).zip(list.split(|&byte| byte == b'\n')) {
            let faulty = |fault: String| Error::Line(file.clone(), number, fault);
            let line = std::str::from_utf8(line).map_err(|_| faulty("expected UTF-8".to_owned()))?.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let word = read(line, options.matching).map_err(faulty)?;
            if words.len() == WORDS_MAX {
                return Err(faulty(format!("expected at most {WORDS_MAX} words")));
            }
            words.push(word);
        }
        let longest = words.iter().map(Vec::len).max().ok_or_else(|| Error::Empty(file.clone()))?;
        let automaton = NFA::builder().prefilter(false).build(&words);
        // The limits above are far below those of the automaton, so this does not fail.
        let too_large = || Error::Line(file.clone(), words.len(), "the list is too large".to_owned());
        let automaton = automaton.map_err(|_| too_large())?;
        let start = automaton.start_state(Anchored::No).map_err(|_| too_large())?;
        Ok(Moderation {
            automaton,
            start,
            count: words.len(),
            longest,
            matching: options.matching,
            action: options.action.clone(),
        })
    }

    /// What happens to a text with such a word.
    pub fn action(&self) -> &Action {
        &self.action
    }

    /// Starts a search, which may go through any number of texts.
    pub fn search(&self) -> Search<'_> {
        Search { moderation: self, starts: vec![0; self.longest.next_power_of_two()] }
    }
}

/// `120 words, overridden`
impl fmt::Display for Moderation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.count == 1 { "" } else { "s" };
        let action = match self.action {
            Action::DirectOutput { .. } => "direct_output",
            Action::Overridden { .. } => "overridden",
        };
        write!(f, "{} word{plural}, {action}", self.count)
    }
}

/// The symbols of a line of the list.
fn read(line: &str, matching: Matching) -> Result<Vec<u8>, String> {
    if line.chars().nth(WORD_MAX).is_some() {
        return Err(format!("expected a word or phrase of at most {WORD_MAX} characters"));
    }
    // A tab is a blank. Other control characters show that the file is UTF-16 or no text at all.
    if line.contains(|c: char| c.is_control() && !c.is_whitespace()) {
        return Err("expected a word or phrase without control characters".to_owned());
    }
    let mut word = Vec::new();
    let _ = symbols(line, matching, |symbol| {
        word.push(symbol.byte);
        ControlFlow::Continue(())
    });
    if word.is_empty() {
        return Err("expected a word or phrase, found only dots that fold away".to_owned());
    }
    Ok(word)
}

/// A byte of a text as it is compared.
struct Symbol {
    byte: u8,
    /// Where the characters that it comes from begin and end in the text.
    start: usize,
    end: usize,
}

/// A word may begin here. This byte does not occur in UTF-8.
const BEGINS: u8 = 0xff;

/// A word may end here. This byte does not occur in UTF-8.
const ENDS: u8 = 0xfe;

/// Gives `each` the symbols of a text, until it breaks: case is folded, a run of blanks is one blank,
/// and for whole words the edges of words are marked. A character has at most twelve bytes and two marks.
fn symbols(
    text: &str,
    matching: Matching,
    mut each: impl FnMut(Symbol) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let marks = matching == Matching::Words;
    let mut in_word = false;
    let mut rest = text.char_indices().peekable();
    while let Some((start, c)) = rest.next() {
        let is_blank = c.is_whitespace();
        // Characters that fold to nothing belong to the character before them.
        while rest.next_if(|&(_, next)| next == DOT_ABOVE || (is_blank && next.is_whitespace())).is_some() {}
        let end = rest.peek().map_or(text.len(), |&(next, _)| next);
        let mut letter = |c: char| {
            if marks {
                let was_in_word = in_word;
                in_word = in_spaced_word(c);
                if was_in_word && (!in_word || is_hangul(c)) {
                    each(Symbol { byte: ENDS, start, end: start })?;
                }
                if in_word && !was_in_word {
                    each(Symbol { byte: BEGINS, start, end: start })?;
                }
            }
            c.encode_utf8(&mut [0; 4]).bytes().try_for_each(|byte| each(Symbol { byte, start, end }))
        };
        if is_blank {
            letter(' ')?;
        } else if c.is_ascii() {
            // The result is the same as below, but quicker.
            letter(c.to_ascii_lowercase())?;
        } else {
            fold_letter(c).try_for_each(letter)?;
        }
    }
    if in_word {
        each(Symbol { byte: ENDS, start: text.len(), end: text.len() })?;
    }
    ControlFlow::Continue(())
}

/// A search for the words, with the memory that it needs.
pub struct Search<'m> {
    moderation: &'m Moderation,
    /// Where the last symbols come from, as many as the longest word has: a ring, whose size is a power
    /// of two.
    starts: Vec<usize>,
}

impl Search<'_> {
    /// Whether the text contains one of the words.
    pub fn finds(&mut self, text: &str) -> bool {
        self.run(text, |_, _| ControlFlow::Break(())).is_break()
    }

    /// The text with each character of a word replaced by `mask`; `None` if it has no such word. Characters
    /// that words share are replaced once. Blanks inside a phrase stay, and so do the lines of the text.
    pub fn cover(&mut self, text: &str, mask: char) -> Option<String> {
        let many = 2 * self.starts.len();
        let mut covered = String::new();
        let mut done = 0;
        let mut copy = |found: &mut dyn Iterator<Item = Range<usize>>| {
            for found in found {
                if done == 0 {
                    // All at once: a text that grows exists twice in between.
                    covered.reserve_exact(text.len().saturating_mul(mask.len_utf8()));
                }
                covered.push_str(&text[done..found.start]);
                let letters = text[found.clone()].chars();
                covered.extend(letters.map(|c| if c.is_whitespace() { c } else { mask }));
                done = found.end;
            }
        };
        // Sorted; no two touch each other.
        let mut open: Vec<Range<usize>> = Vec::new();
        let _ = self.run(text, |mut found, settled| {
            while let Some(last) = open.last().filter(|last| last.end >= found.start) {
                found.start = found.start.min(last.start);
                open.pop();
            }
            open.push(found);
            // They are not all copied at the end, because a long text may have more of them than fit into memory.
            if open.len() > many {
                let settled = open.partition_point(|found| found.end < settled);
                copy(&mut open.drain(..settled));
            }
            debug_assert!(open.len() <= many, "what is settled is written");
            ControlFlow::Continue(())
        });
        copy(&mut open.into_iter());
        if done == 0 {
            return None;
        }
        covered.push_str(&text[done..]);
        Some(covered)
    }

    /// Reports each match in the order of their ends, with a position before which no later match begins.
    /// If several words end at the same place, only the longest is reported, because it covers the others.
    /// So the work for each symbol is bounded, whatever the list.
    fn run(
        &mut self,
        text: &str,
        mut found: impl FnMut(Range<usize>, usize) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let Moderation { automaton, start, matching, .. } = self.moderation;
        let starts = &mut self.starts;
        let size = starts.len();
        let mut state = *start;
        let mut read = 0;
        symbols(text, *matching, |symbol| {
            starts[read % size] = symbol.start;
            read += 1;
            state = automaton.next_state(Anchored::No, state, symbol.byte);
            if !automaton.is_match(state) {
                return ControlFlow::Continue(());
            }
            // The first is the longest: a state lists its own word before the words that are suffixes of it.
            let length = automaton.pattern_len(automaton.match_pattern(state, 0));
            let start = starts[(read - length) % size];
            let settled = if read < size { 0 } else { starts[read % size] };
            found(start..symbol.end, settled)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::Scratch;
    use crate::place::fold;
    use crate::place::tests::Numbers;

    fn moderation(list: &str, matching: Matching) -> Moderation {
        let action = Action::Overridden { mask: '*' };
        let options = Options { words_file: "words.txt".into(), matching, action };
        Moderation::new(list.as_bytes(), &options).expect("a good list")
    }

    /// Checks the masked text, with `|` between the words of the list.
    #[track_caller]
    fn check_text(matching: Matching, list: &str, text: &str, expected: &str) {
        let moderation = moderation(&list.replace('|', "\n"), matching);
        let mut search = moderation.search();
        let covered = search.cover(text, '*');
        assert_eq!(covered.as_deref().unwrap_or(text), expected, "{list:?} in {text:?}");
        assert_eq!((covered.is_some(), search.finds(text)), (text != expected, text != expected), "{text:?}");
    }

    #[test]
    fn words_are_found_as_words() {
        #[track_caller]
        fn check(list: &str, text: &str, expected: &str) {
            check_text(Matching::Words, list, text, expected);
        }
        check("bad", "bad", "***");
        check("bad", "a bad, BAD (Bad) bad_bad bad-bad.", "a ***, *** (***) ***_*** ***-***.");
        check("bad", "badge embadded unbad bad7 7bad bäd", "badge embadded unbad bad7 7bad bäd");
        check("bad", "", "");
        check("bad|bad word", "no bad\n\t word here", "no ***\n\t **** here");
        check("bad word", "bad wordy, sobad word", "bad wordy, sobad word");
        check("bad  \t word", "bad word", "*** ****");
        check("a b c|b", "a b c", "* * *");
        check("a b|b c", "a b c d", "* * * d");
        check("don't", "Don’t do it", "***** do it");
        check("c++", "C++ c+", "*** c+");
        // Case beyond ASCII: lengths change, in both directions.
        check("straße", "STRASSE Straße STRAẞE strasse", "******* ****** ****** *******");
        check("STRASSE", "x Straße x", "x ****** x");
        check("οδός", "ΟΔΌΣ οδόσ ὀδός", "**** **** ὀδός");
        check(
            "istanbul",
            "İSTANBUL ISTANBUL ıstanbul i\u{307}stanbul",
            "******** ******** ******** *********",
        );
        check("diyarbakir", "DİYARBAKIR", "**********");
        check("baḋ", "bad\u{307}", "bad\u{307}");
        check("bad", "bad\u{307}.", "****.");
        check("ﬁsh", "FISH ﬁsh", "**** ***");
        // A combining accent makes another word.
        check("bad", "bad\u{301}", "bad\u{301}");
        // In scripts without blanks a word matches anywhere, but a Latin word not inside a Latin word.
        check("笨蛋", "你是笨蛋吗", "你是**吗");
        check("ばか", "あのばかやろう", "あの**やろう");
        check("โง่", "คนโง่มาก", "คน***มาก");
        check("bad", "他很bad吗 badge吗", "他很***吗 badge吗");
        check("a东", "xa东 a东b", "xa东 **b");
        // A particle follows a Korean word, but nothing stands before it.
        check("바보", "바보는 왕바보", "**는 왕바보");
        check("bad", "bad은 bad", "***은 ***");
    }

    #[test]
    fn substrings_are_found_anywhere() {
        #[track_caller]
        fn check(list: &str, text: &str, expected: &str) {
            check_text(Matching::Substrings, list, text, expected);
        }
        check("bad", "badge embadded BAD bäd", "***ge em***ded *** bäd");
        check("aba", "xababay", "x*****y");
        check("abcd|bc|b", "abcd abc ab", "**** a** a*");
        check("ab|bc|cd", "abcdx", "****x");
        check("he|she|hers|his", "ushers", "u*****");
        check("a|aa|aaa", "aaaaa b", "***** b");
        // Half of what a character folds to is not cut off.
        check("s", "ß xß", "* x*");
        check("ass", "aßx", "**x");
        check("ss", "sßs", "***");
        check("i", "İ i\u{307}x", "* **x");
        check("bad word", "xbad \n wordx", "x*** \n ****x");
        check("🙂", "a🙂🙂b", "a**b");
    }

    #[test]
    fn the_mask_stands_for_each_character() {
        let moderation = moderation("straße", Matching::Words);
        let mut search = moderation.search();
        assert_eq!(search.cover("zur STRASSE!", '█').as_deref(), Some("zur ███████!"));
        assert_eq!(search.cover("zur Straße!", '"').as_deref(), Some("zur \"\"\"\"\"\"!"));
        assert_eq!(search.cover("zur Gasse!", '█'), None);
    }

    /// The plain definition, for texts without two blanks in a row and without dots that fold away:
    /// each stretch of characters is compared with each word.
    fn plain(words: &[&str], matching: Matching, text: &str) -> String {
        let folded_letter = |c: char| if c == ' ' { " ".to_owned() } else { fold_letter(c).collect() };
        let letters: Vec<(char, String)> = text.chars().map(|c| (c, folded_letter(c))).collect();
        let in_word = |folded: Option<char>| folded.is_some_and(in_spaced_word);
        let words: Vec<String> = words.iter().map(|word| fold(word)).collect();
        let mut covered = vec![false; letters.len()];
        for start in 0..letters.len() {
            for end in start + 1..=letters.len() {
                let folded: String = letters[start..end].iter().map(|(_, folded)| folded.as_str()).collect();
                let before = start.checked_sub(1).and_then(|before| letters[before].1.chars().next_back());
                let behind = letters.get(end).and_then(|(_, folded)| folded.chars().next());
                let begins = !(in_word(before) && in_word(folded.chars().next()));
                let ends = !(in_word(folded.chars().next_back()) && in_word(behind))
                    || behind.is_some_and(is_hangul);
                let is_found = words.iter().any(|word| match matching {
                    Matching::Words => folded == *word && begins && ends,
                    // A word may begin and end within a character, but not leave one out.
                    Matching::Substrings => (0..letters[start].1.len()).any(|at| {
                        let last = at + word.len();
                        let is_whole = last <= folded.len() && last + letters[end - 1].1.len() > folded.len();
                        is_whole && folded.get(at..last) == Some(word)
                    }),
                });
                if is_found {
                    covered[start..end].fill(true);
                }
            }
        }
        let covered = letters.iter().zip(covered).map(|((c, _), covered)| match covered {
            true if *c != ' ' => '*',
            _ => *c,
        });
        covered.collect()
    }

    #[test]
    fn what_is_found_is_what_the_definition_says() {
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
        let alphabet = ['a', 'A', 'b', 's', '-', 'ß', 'İ', 'ς', 'Σ', '東', '京', '서', '의', '\u{301}', ' '];
        let mut found = 0;
        for round in 0..1_500 {
            let words: Vec<String> = (0..1 + numbers.below(5))
                .map(|_| {
                    let length = 1 + numbers.below(4);
                    numbers.text(&alphabet[..14], length)
                })
                .collect();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let length = numbers.below(20);
            let text = numbers.text(&alphabet, length);
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let text = text.as_str();
            let matching = if round % 2 == 0 { Matching::Words } else { Matching::Substrings };
            let moderation = moderation(&words.join("\n"), matching);
            let mut search = moderation.search();
            let covered = search.cover(text, '*');
            let expected = plain(&words, matching, text);
            assert_eq!(covered.as_deref().unwrap_or(text), expected, "{words:?} {matching:?} in {text:?}");
            assert_eq!(covered.is_some(), search.finds(text), "{words:?} in {text:?}");
            found += usize::from(covered.is_some());
        }
        assert!((250..1_250).contains(&found), "{found}");
    }

    #[test]
    fn each_symbol_costs_the_same_and_nothing_is_kept() {
        // A hundred words end at every place of the text, and only the longest is reported.
        let list = (1..=WORD_MAX).map(|length| "a".repeat(length) + "\n").collect::<String>();
        for matching in [Matching::Words, Matching::Substrings] {
            let moderation = moderation(&list, matching);
            for length in [1 << 10, 1 << 16] {
                let (mut found, mut read) = (0, 0);
                let text = "a".repeat(length);
                let _ = moderation.search().run(&text, |_, _| {
                    found += 1;
                    ControlFlow::Continue(())
                });
                let _ = symbols(&text, matching, |_| {
                    read += 1;
                    ControlFlow::Continue(())
                });
                let marks = if matching == Matching::Words { 2 } else { 0 };
                assert_eq!(
                    (found, read),
                    (if marks == 0 { length } else { 0 }, length + marks),
                    "{matching:?}"
                );
            }
            // Matches are written and dropped early: they settle within the longest word.
            let many = "a b ".repeat(1 << 14);
            let mut last_unsettled = 0;
            let _ = moderation.search().run(&many, |found, settled| {
                assert!(settled <= found.start);
                last_unsettled = last_unsettled.max(found.end - settled);
                ControlFlow::Continue(())
            });
            assert!(last_unsettled <= 2 * WORD_MAX, "{last_unsettled}");
            assert_eq!(moderation.search().cover(&many, '*'), Some("* b ".repeat(1 << 14)));
        }
        // No character makes more symbols than the head of `symbols` says.
        for c in ('\0'..=char::MAX).filter(|c| !c.is_whitespace()) {
            let mut count = 0;
            let _ = symbols(c.encode_utf8(&mut [0; 4]), Matching::Substrings, |_| {
                count += 1;
                ControlFlow::Continue(())
            });
            let folded = if c == DOT_ABOVE { 0 } else { fold_letter(c).map(char::len_utf8).sum() };
            assert_eq!(count, folded, "{c:?}");
            assert!(count <= 12, "{c:?}");
        }
    }

    #[track_caller]
    fn check_list(list: &[u8], expected: Result<usize, &str>) {
        let options = Options {
            words_file: "words.txt".into(),
            matching: Matching::Words,
            action: Action::Overridden { mask: '*' },
        };
        let found = Moderation::new(list, &options).map(|moderation| moderation.count);
        let found = found.map_err(|error| error.to_string());
        assert_eq!(found.as_ref().map_err(String::as_str), expected.as_ref().map_err(|error| *error));
    }

    #[test]
    fn lists_are_read() {
        check_list(b"one\ntwo words\n\n# not a word\n \t three\r\n", Ok(3));
        check_list(b"\xef\xbb\xbfone", Ok(1));
        check_list(b"\xef\xbb\xbf# a comment\none", Ok(1));
        let empty = "words.txt: expected a word or phrase a line, found nothing";
        check_list(b"", Err(empty));
        check_list(b"\n # only comments\n", Err(empty));
        check_list(b"one\n\n\xff\n", Err("words.txt: line 3: expected UTF-8"));
        let control = "words.txt: line 1: expected a word or phrase without control characters";
        check_list(b"o\0n\0e\0", Err(control));
        check_list(
            "\u{307}".as_bytes(),
            Err("words.txt: line 1: expected a word or phrase, found only dots that fold away"),
        );
        check_list("ß".repeat(WORD_MAX).as_bytes(), Ok(1));
        let long = "words.txt: line 2: expected a word or phrase of at most 100 characters";
        check_list(format!("one\n{}", "ß".repeat(WORD_MAX + 1)).as_bytes(), Err(long));
        check_list("x\n".repeat(WORDS_MAX).as_bytes(), Ok(WORDS_MAX));
        let many = "words.txt: line 20001: expected at most 20000 words";
        check_list("x\n".repeat(WORDS_MAX + 1).as_bytes(), Err(many));
    }

    #[test]
    fn files_are_read() {
        let scratch = Scratch::new();
        let action = Action::DirectOutput { preset_response: "No.".to_owned() };
        let load = |words_file| {
            let options = Options { words_file, matching: Matching::Words, action: action.clone() };
            let loaded = Moderation::load(&options).map(|moderation| moderation.to_string());
            loaded.map_err(|error| error.to_string())
        };
        assert_eq!(load(scratch.write("one", "one\n")).as_deref(), Ok("1 word, direct_output"));
        assert_eq!(load(scratch.write("two", "one\ntwo\n")).as_deref(), Ok("2 words, direct_output"));
        let absent = scratch.path("absent");
        let expected = format!("{}: No such file or directory (os error 2)", absent.display());
        assert_eq!(load(absent), Err(expected));
        let large = scratch.write("large", "# ".repeat(FILE_MAX / 2 + 1));
        let expected = format!("{}: larger than 262144 bytes", large.display());
        assert_eq!(load(large), Err(expected));
    }

    /// The memory of the largest lists. To see it: `cargo test --release largest_list -- --nocapture`.
    #[test]
    fn the_largest_list_takes_bounded_memory() {
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
        let letters: Vec<char> = ('a'..='z').collect();
        // As many different letters as the file can hold: short words, long ones, and those of two bytes
        // of which folding makes six.
        for (words, length, alphabet, most) in [
            (WORDS_MAX, 11, letters.as_slice(), 8 << 20),
            (FILE_MAX / (WORD_MAX + 1), WORD_MAX, &letters, 8 << 20),
            (FILE_MAX / (2 * WORD_MAX + 1), WORD_MAX, &['ΐ', 'ΰ'], 24 << 20),
        ] {
            let list = (0..words).map(|_| numbers.text(alphabet, length) + "\n").collect::<String>();
            assert!(list.len() <= FILE_MAX && list.len() > FILE_MAX * 9 / 10);
            let moderation = moderation(&list, Matching::Words);
            let bytes = moderation.automaton.memory_usage();
            println!("{words} words of {length} characters: {} KiB", bytes / 1024);
            assert!(bytes < most, "{bytes}");
        }
    }
}
