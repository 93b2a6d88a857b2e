//! What a screen says to a terminal that it sits at: what was typed, and how large it is.

/// Is one thing that a screen says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// These bytes were typed.
    Typed(Vec<u8>),
    /// The screen has this size.
    Size {
        /// Columns.
        columns: u16,
        /// Rows.
        rows: u16,
    },
}

const TYPED: u8 = b't';
const SIZE: u8 = b's';

impl Word {
    /// Writes it: a letter, a length of two bytes, and as many bytes. More than 65,535 bytes become several words.
    pub fn bytes(&self) -> Vec<u8> {
        let word = |letter: u8, text: &[u8]| {
            let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
            [&[letter], &length.to_be_bytes()[..], text].concat()
        };
        match self {
            Self::Typed(bytes) => bytes.chunks(usize::from(u16::MAX)).flat_map(|part| word(TYPED, part)).collect(),
            Self::Size { columns, rows } => word(SIZE, &[columns.to_be_bytes(), rows.to_be_bytes()].concat()),
        }
    }
}

/// Reads words from bytes that come in pieces.
#[derive(Clone, Debug, Default)]
pub struct Words {
    bytes: Vec<u8>,
}

impl Words {
    /// Takes a piece.
    pub fn push(&mut self, piece: &[u8]) {
        self.bytes.extend_from_slice(piece);
    }
}

impl Iterator for Words {
    type Item = Word;

    /// Returns the next word that is whole; one that nobody knows is passed over.
    fn next(&mut self) -> Option<Word> {
        loop {
            let [letter, high, low, rest @ ..] = self.bytes.as_slice() else { return None };
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            let text = rest.get(..length)?;
            let word = match (*letter, text) {
                (TYPED, text) => Some(Word::Typed(text.to_vec())),
                (SIZE, [a, b, c, d]) => {
                    Some(Word::Size { columns: u16::from_be_bytes([*a, *b]), rows: u16::from_be_bytes([*c, *d]) })
                }
                _ => None,
            };
            self.bytes.drain(..length + 3);
            if word.is_some() {
                return word;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn word() -> impl Strategy<Value = Word> {
        prop_oneof![
            prop::collection::vec(any::<u8>(), 1..300).prop_map(Word::Typed),
            (any::<u16>(), any::<u16>()).prop_map(|(columns, rows)| Word::Size { columns, rows }),
        ]
    }

    proptest! {
        #[test]
        fn what_is_said_is_heard_however_it_is_cut(
            said in prop::collection::vec(word(), 0..8), piece in 1_usize..64
        ) {
            let bytes: Vec<u8> = said.iter().flat_map(Word::bytes).collect();
            let mut words = Words::default();
            let mut heard = Vec::new();
            for piece in bytes.chunks(piece) {
                words.push(piece);
                heard.extend(words.by_ref());
            }
            prop_assert_eq!(heard, said);
        }
    }

    #[test]
    fn a_long_paste_is_several_words_and_a_strange_one_is_none() {
        let mut words = Words::default();
        words.push(&Word::Typed(vec![b'x'; 70_000]).bytes());
        words.push(b"?\0\x02no");
        words.push(&Word::Size { columns: 80, rows: 24 }.bytes());
        let lengths: Vec<usize> =
            words.map(|word| if let Word::Typed(typed) = word { typed.len() } else { 0 }).collect();
        assert_eq!(lengths, [65_535, 4_465, 0]);
    }
}
