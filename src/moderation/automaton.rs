//! All words at once: a tree of their bytes, in which each state also knows where to go on when the next
//! byte does not (Aho and Corasick, Efficient string matching, 1975).

/// Where every search begins.
pub(super) const START: u32 = 0;

/// A state is a beginning of words. They stand in the order of their lengths, and those that go on from
/// the same one side by side, in the order of their last bytes: eleven bytes a state are enough.
pub(super) struct Automaton {
    /// The last byte of each.
    bytes: Vec<u8>,
    /// The first of those that go on from each; behind the last one stands one more.
    children: Vec<u32>,
    /// The longest other state that each ends with.
    suffixes: Vec<u32>,
    /// The length of the longest word that each ends with, or zero.
    lengths: Vec<u16>,
}

impl Automaton {
    /// Of words that are not empty. `None` if there are too many for it.
    pub(super) fn new(mut words: Vec<Vec<u8>>) -> Option<Automaton> {
        words.sort_unstable();
        words.dedup();
        let most = 1 + words.iter().map(Vec::len).sum::<usize>();
        let mut automaton = Automaton {
            bytes: Vec::with_capacity(most),
            children: Vec::with_capacity(most + 1),
            suffixes: Vec::with_capacity(most),
            lengths: Vec::with_capacity(most),
        };
        automaton.push(0, START, 0);
        // The words that begin so: next to each other, as they are in order.
        let mut level = vec![(0, words.len())];
        let mut depth = 0;
        let mut state = START;
        while !level.is_empty() {
            let mut next_level = Vec::new();
            for (mut from, end) in level {
                automaton.children.push(u32::try_from(automaton.bytes.len()).ok()?);
                while from < end {
                    // What ends here goes nowhere.
                    let Some(&byte) = words[from].get(depth) else {
                        from += 1;
                        continue;
                    };
                    let goes_on = words[from..end].iter().take_while(|word| word.get(depth) == Some(&byte));
                    let to = from + goes_on.count();
                    let suffix =
                        if state == START { START } else { automaton.next(automaton.suffix(state), byte) };
                    // Of equal beginnings the shortest comes first.
                    let is_word = words[from].len() == depth + 1;
                    let length = if is_word {
                        u16::try_from(depth + 1).ok()?
                    } else {
                        automaton.lengths[suffix as usize]
                    };
                    automaton.push(byte, suffix, length);
                    next_level.push((from, to));
                    from = to;
                }
                state += 1;
            }
            level = next_level;
            depth += 1;
        }
        automaton.children.push(u32::try_from(automaton.bytes.len()).ok()?);
        Some(automaton)
    }

    fn push(&mut self, byte: u8, suffix: u32, length: u16) {
        self.bytes.push(byte);
        self.suffixes.push(suffix);
        self.lengths.push(length);
    }

    /// The state after one more byte: the longest one that all that was read ends with. Each byte makes a
    /// state at most one longer and each suffix makes it shorter, so that there are fewer steps to
    /// suffixes than bytes.
    pub(super) fn next(&self, mut state: u32, byte: u8) -> u32 {
        loop {
            let first = self.children[state as usize];
            let children = &self.bytes[first as usize..self.children[state as usize + 1] as usize];
            let child = (first..).zip(children).find(|&(_, &own)| own >= byte);
            if let Some((child, _)) = child.filter(|&(_, &own)| own == byte) {
                return child;
            }
            if state == START {
                return START;
            }
            state = self.suffix(state);
        }
    }

    /// The length of the longest word that ends here, or zero.
    pub(super) fn length(&self, state: u32) -> usize {
        self.lengths[state as usize].into()
    }

    /// What it takes on the heap, bytes.
    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        self.bytes.capacity()
            + 4 * (self.children.capacity() + self.suffixes.capacity())
            + 2 * self.lengths.capacity()
    }

    fn suffix(&self, state: u32) -> u32 {
        self.suffixes[state as usize]
    }
}
