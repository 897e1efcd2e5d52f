//! Which passwords are taken. Length and what is known to be tried count, kinds of characters do not (NIST SP 800-63B-4,
//! section 3.1.1.2; OWASP ASVS 5.0, chapter 6.2).

use crate::common::{fold, is_common};
use crate::{PASSWORD_BYTES_MAX, PasswordFault};

/// Parts of a name that are shorter say nothing about a password.
const PART_CHARS_MIN: usize = 3;
/// Letters that must be left when names are taken out of a password.
const REST_CHARS_MIN: usize = 4;
/// Longest piece that counts as repeated.
const UNIT_CHARS_MAX: usize = 4;
/// What a row has to be long on average, to be called one.
const ROW_CHARS_MIN: usize = 4;
/// Most that is looked at of what the caller gives.
const CONTEXT_MAX: usize = 64;

/// Rows that a finger runs along.
const ROWS: [&str; 8] = [
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "yxcvbnm",
    "azertyuiop",
];

/// Takes a password of at least `min_chars` characters, or says what is wrong with it. `context` is what others know of its
/// owner: e-mail address, name, name of the app.
///
/// Nothing is changed: the password is hashed as it was typed.
///
/// # Errors
/// [`PasswordFault`], whose words are for its owner.
pub fn judge(password: &str, min_chars: usize, context: &[&str]) -> Result<(), PasswordFault> {
    // The bytes come first, so that the rest is not asked of megabytes.
    if password.len() > PASSWORD_BYTES_MAX {
        return Err(PasswordFault::Long {
            max_bytes: PASSWORD_BYTES_MAX,
        });
    }
    let min_chars = min_chars.max(1);
    if password.chars().count() < min_chars || password.trim().is_empty() {
        return Err(PasswordFault::Short { min_chars });
    }
    if password.chars().any(char::is_control) {
        return Err(PasswordFault::Control);
    }
    let folded = fold(password);
    let chars: Vec<char> = folded.chars().collect();
    if is_repeated(&chars) {
        return Err(PasswordFault::Repeated);
    }
    if is_sequence(&chars) {
        return Err(PasswordFault::Sequence);
    }
    if is_common(password) {
        return Err(PasswordFault::Common);
    }
    if is_personal(&folded, context) {
        return Err(PasswordFault::Personal);
    }
    Ok(())
}

/// One piece of up to four characters, over and over.
fn is_repeated(chars: &[char]) -> bool {
    (1..=UNIT_CHARS_MAX.min(chars.len() / 2))
        .any(|unit| chars[unit..].iter().zip(chars).all(|(here, before)| here == before))
}

/// Made of rows alone, forwards or backwards, or of repeated characters, four long on average: `abcd1234`, `lkjhgfdsa`, `aaaabbbb`.
fn is_sequence(chars: &[char]) -> bool {
    let mut rows = 1;
    // The ways the row at hand may be running in: from M to N it goes forth in the alphabet, and back on the keyboard.
    let mut ways = ANY_WAY;
    for pair in chars.windows(2) {
        ways &= ways_between(pair[0], pair[1]);
        if ways == 0 {
            rows += 1;
            ways = ANY_WAY;
        }
    }
    chars.len() >= rows * ROW_CHARS_MIN
}

const SAME: u8 = 1;
const FORTH: u8 = 2;
const BACK: u8 = 4;
const ANY_WAY: u8 = SAME | FORTH | BACK;

/// How one character may follow another.
fn ways_between(from: char, to: char) -> u8 {
    let follows = |from: char, to: char| {
        ROWS.iter()
            .any(|row| row.chars().zip(row.chars().skip(1)).any(|pair| pair == (from, to)))
    };
    let way = |goes: bool, way: u8| if goes { way } else { 0 };
    way(from == to, SAME) | way(follows(from, to), FORTH) | way(follows(to, from), BACK)
}

/// Whether hardly a letter is left of the password without the names in it, forwards or backwards.
fn is_personal(folded: &str, context: &[&str]) -> bool {
    let mut rest = letters(folded);
    let whole = rest.chars().count();
    let mut parts: Vec<String> = context
        .iter()
        .take(CONTEXT_MAX)
        .flat_map(|text| parts_of(text))
        .collect();
    // The longest first, so that a short one does not take the middle out of it.
    parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
    for part in parts {
        let backwards: String = part.chars().rev().collect();
        // A space stays, so that what is left on both sides does not become a name.
        rest = rest.replace(&part, " ").replace(&backwards, " ");
    }
    let left = rest.chars().filter(|char| char.is_alphabetic()).count();
    let taken = whole - rest.chars().filter(|char| *char != ' ').count();
    taken > 0 && left < REST_CHARS_MIN
}

/// A text and the words in it: of `ada.lovelace@example.com` also `ada`, `lovelace`, `example`, `com` and `adalovelace`.
fn parts_of(text: &str) -> Vec<String> {
    let text: String = fold(text).chars().take(PASSWORD_BYTES_MAX).collect();
    let mut parts = vec![letters(&text)];
    parts.extend(text.split('@').map(letters));
    parts.extend(text.split(|char: char| !char.is_alphanumeric()).map(str::to_owned));
    parts.retain(|part| part.chars().count() >= PART_CHARS_MIN);
    parts
}

/// Letters and digits alone.
fn letters(text: &str) -> String {
    text.chars().filter(|char| char.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTEXT: [&str; 3] = ["ada.lovelace@engines.example", "Ada Lovelace", "Ship's Log"];

    fn fault(password: &str) -> Option<PasswordFault> {
        judge(password, 8, &CONTEXT).err()
    }

    #[test]
    fn good_passwords_are_taken() {
        for password in [
            "violet-harbour-47",
            "correct horse battery staple",
            "9f1c2b7e",
            "ключ от старого дома",
            "鍵は古い家の中にある",
            "ada likes violet harbours",
            "lovelace+harbour+47",
            "x7!Kq0zP",
        ] {
            assert_eq!(fault(password), None, "{password}");
        }
    }

    #[test]
    fn length_is_in_characters_and_bytes() {
        let short = Some(PasswordFault::Short { min_chars: 8 });
        for password in ["", "harb-47", "ключ-47", "          "] {
            assert_eq!(fault(password), short, "{password}");
        }
        assert_eq!(judge("", 0, &[]), Err(PasswordFault::Short { min_chars: 1 }));
        assert_eq!(fault("ключ-дом"), None);
        let long = |chars| "harbour-violet-".repeat(100)[..chars].to_owned();
        assert_eq!(fault(&long(1024)), None);
        assert_eq!(fault(&long(1025)), Some(PasswordFault::Long { max_bytes: 1024 }));
        assert_eq!(
            fault(&"x".repeat(1 << 24)),
            Some(PasswordFault::Long { max_bytes: 1024 })
        );
        assert_eq!(fault("violet\tharbour"), Some(PasswordFault::Control));
        assert_eq!(fault("violet\0harbour"), Some(PasswordFault::Control));
    }

    #[test]
    fn common_ones_are_refused() {
        for password in ["Password123!", "p@ssw0rd2024", "iloveyou", "Superman99", "trustno1"] {
            assert_eq!(fault(password), Some(PasswordFault::Common), "{password}");
        }
    }

    #[test]
    fn patterns_are_refused() {
        for password in [
            "aaaaaaaa",
            "AAAAaaaa",
            "abababab",
            "xyz!xyz!",
            "xyz!xyz!x",
            "........",
            "ёёёёёёёё",
        ] {
            assert_eq!(fault(password), Some(PasswordFault::Repeated), "{password}");
        }
        for password in [
            "abcdefgh",
            "87654321",
            "abcd1234",
            "ABCD4321",
            "qwertyui",
            "lkjhgfdsa",
            "aaaabbbb",
            "mnbvcxz1234",
            "01234567890",
        ] {
            assert_eq!(fault(password), Some(PasswordFault::Sequence), "{password}");
        }
        assert_eq!(fault("abc-harbour-123"), None);
    }

    #[test]
    fn what_others_know_of_its_owner_is_refused() {
        for password in [
            "ada.lovelace@engines.example",
            "AdaLovelace",
            "adalovelace1815",
            "lovelace!ada",
            "Lovelace1815",
            "ecalevol1815",
            "ada@engines",
            "engines1815",
            "shipslog-47",
            "ships-log!!",
            "Ada.Ships.Log",
            "adaadaada1a",
        ] {
            assert_eq!(fault(password), Some(PasswordFault::Personal), "{password}");
        }
        // Names too short to say something, and nothing at all.
        assert_eq!(judge("io-47-harbour", 8, &["io", "", " ", "@"]), Ok(()));
        assert_eq!(judge("47193826401", 8, &["ada"]), Ok(()));
    }

    #[test]
    fn the_words_help() {
        for (fault, word) in [
            (PasswordFault::Short { min_chars: 12 }, "at least 12 characters"),
            (PasswordFault::Common, "nothing to do with each other"),
            (PasswordFault::Personal, "e-mail"),
        ] {
            let text = fault.to_string();
            assert!(text.contains(word) && !text.ends_with('.'), "{text}");
        }
    }
}
