//! Passwords that are tried first. Where they come from is told in `data/README.md`.

use unicode_normalization::UnicodeNormalization;

/// One a line, sorted by bytes; searched where it stands, so that it costs neither time nor memory to begin with.
static LIST: &str = include_str!("../data/common-passwords.txt");

/// Digits and signs at the end that do not make a common password a good one: a year, a date, `123!`.
const TAIL_CHARS_MAX: usize = 6;
/// What must be left without them.
const STEM_CHARS_MIN: usize = 4;

/// Whether a password is among the common ones: in any case, in any of Unicode's compatible forms, with white space around
/// it, with up to six digits or signs behind it, or with digits and signs that look like letters.
pub fn is_common(password: &str) -> bool {
    let word = fold(password);
    let stem = stem(&word);
    contains(&word) || contains(stem) || contains(&plain(stem))
}

/// One form for all that a person takes for the same word: NFKC, lower case, without white space around it.
pub(crate) fn fold(text: &str) -> String {
    let text: String = text.nfkc().collect();
    text.trim().to_lowercase()
}

/// The word without digits and signs at its end, if that leaves a word.
fn stem(word: &str) -> &str {
    let tail = word
        .chars()
        .rev()
        .take_while(|char| char.is_ascii_digit() || char.is_ascii_punctuation());
    // They are ASCII, so they are as many bytes.
    let cut = word.len() - tail.take(TAIL_CHARS_MAX).count();
    let stem = &word[..cut];
    if stem.chars().count() >= STEM_CHARS_MIN {
        stem
    } else {
        word
    }
}

/// The word with the letters that its digits and signs stand for.
fn plain(word: &str) -> String {
    word.chars()
        .map(|char| match char {
            '@' | '4' => 'a',
            '3' => 'e',
            '1' | '!' => 'i',
            '0' => 'o',
            '$' | '5' => 's',
            '7' | '+' => 't',
            other => other,
        })
        .collect()
}

fn contains(word: &str) -> bool {
    let (list, word) = (LIST.as_bytes(), word.as_bytes());
    if word.is_empty() || word.contains(&b'\n') {
        return false;
    }
    // INVARIANT: `low` and `high` are where lines begin, or the end.
    let (mut low, mut high) = (0, list.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let begin = list[low..middle]
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(low, |at| low + at + 1);
        let end = list[middle..high]
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(high, |at| middle + at);
        match list[begin..end].cmp(word) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => low = (end + 1).min(high),
            std::cmp::Ordering::Greater => high = begin,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_as_it_is_searched() {
        let lines: Vec<&str> = LIST.lines().collect();
        assert!(
            lines.len() >= 10_000 && LIST.len() < 200_000,
            "{} {}",
            lines.len(),
            LIST.len()
        );
        assert!(lines.windows(2).all(|pair| pair[0] < pair[1]));
        for line in lines {
            assert!(contains(line), "{line}");
            assert_eq!(fold(line), line);
            // What stands between two lines is not there.
            let between = format!("{line}\u{1}");
            assert!(!contains(&between));
        }
    }

    #[test]
    fn common_passwords_are_known_in_disguise() {
        for password in [
            "password",
            "PassWord",
            " password ",
            "password1",
            "Password123!",
            "password2024",
            "Dragon150390",
            "P@ssw0rd",
            "p4$$w0rd!!",
            "ｐａｓｓｗｏｒｄ",
            "qwerty",
            "123456",
            "1234567890",
            "letmein",
            "пароль",
            "ПАРОЛЬ1",
        ] {
            assert!(is_common(password), "{password}");
        }
    }

    #[test]
    fn others_are_not() {
        for password in [
            "",
            " ",
            "\n",
            "password\n123456",
            "violet-harbour-47",
            "passwordharbour",
            "blue47193826401",
            "correct horse battery staple",
            "9f1c2b7e",
            "zzzzzzzzzzzzzzzzzzzzzzzz-last",
            "\u{1F511}\u{1F511}\u{1F511}\u{1F511}",
        ] {
            assert!(!is_common(password), "{password}");
        }
        assert!(!is_common(&"x".repeat(1 << 16)));
    }
}
