//! Digests that can be read out over a bad line.

/// Says 96 bits as six words of five letters, consonants and vowels by turns, so that each can be spoken (proquints:
/// Wilkerson, "A Proposal for Proquints", arXiv:0901.4016). Missing bytes count as zero.
///
/// ```
/// # use lifeboat::kernel::spoken;
/// assert_eq!(spoken(&[127, 0, 0, 1, 63, 84, 220, 193, 63, 118, 7, 35]), "lusab babad gutih tugad gutuk bisog");
/// ```
pub fn spoken(digest: &[u8]) -> String {
    const CONSONANTS: &[u8; 16] = b"bdfghjklmnprstvz";
    const VOWELS: &[u8; 4] = b"aiou";
    let mut words = Vec::with_capacity(6);
    for pair in 0..6 {
        let byte = |at: usize| u16::from(digest.get(at).copied().unwrap_or_default());
        let bits = byte(pair * 2) << 8 | byte(pair * 2 + 1);
        let consonant = |shift: u16| CONSONANTS.get(usize::from(bits >> shift & 15));
        let vowel = |shift: u16| VOWELS.get(usize::from(bits >> shift & 3));
        let letters = [consonant(12), vowel(10), consonant(6), vowel(4), consonant(0)];
        words.push(letters.into_iter().flatten().map(|&letter| char::from(letter)).collect::<String>());
    }
    words.join(" ")
}
