//! Members of `options`.

use crate::fault::Fault;
use freehold_base::nearest;
use freehold_schema::catalog::EnumOption;

/// Options that a message lists; with more of them it only counts.
const LISTED_MAX: usize = 12;

/// Longest word that is looked for among the options' neighbours.
const NEAREST_BYTES_MAX: usize = 64;

/// One word.
pub(crate) fn judge(options: &[EnumOption], word: &str) -> Result<(), Vec<Fault>> {
    if options.iter().any(|option| option.value == word) {
        return Ok(());
    }
    let names = || options.iter().map(|option| option.value.as_str());
    let near = (word.len() <= NEAREST_BYTES_MAX)
        .then(|| nearest(word, names()))
        .flatten();
    let message = match near {
        Some(near) => format!("none of the options; did you mean `{near}`?"),
        None if options.len() <= LISTED_MAX => format!(
            "none of the options {}",
            names().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        ),
        None => format!("none of the {} options", options.len()),
    };
    Err(vec![Fault::new("option", message)])
}

/// Several words, each once; their order is kept.
pub(crate) fn judge_all(options: &[EnumOption], words: &[String]) -> Result<(), Vec<Fault>> {
    // More words than options: some are strange or twice, and there is no need to tell each.
    let mut faults = Vec::new();
    for (index, word) in words.iter().take(options.len() + 1).enumerate() {
        if let Err(strange) = judge(options, word) {
            faults.extend(strange);
        } else if words[..index].contains(word) {
            faults.push(Fault::new("duplicate", format!("`{word}` is listed twice")));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(words: &[&str], expected: &[&str]) {
        let options: Vec<EnumOption> = ["new", "open", "solved"]
            .map(|value| EnumOption {
                value: value.to_owned(),
                graphql_name: value.to_uppercase(),
            })
            .into();
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let found = judge_all(&options, &words).err().unwrap_or_default();
        let found: Vec<String> = found
            .iter()
            .map(|fault| format!("{}: {}", fault.rule, fault.message))
            .collect();
        assert_eq!(found, expected, "{words:?}");
    }

    #[test]
    fn members_once() {
        check(&[], &[]);
        check(&["open", "new"], &[]);
        check(&["new", "open", "solved"], &[]);
        check(&["opne"], &["option: none of the options; did you mean `open`?"]);
        check(&["zzzzzz"], &["option: none of the options `new`, `open`, `solved`"]);
        check(&["NEW"], &["option: none of the options `new`, `open`, `solved`"]);
        check(&["new", "new"], &["duplicate: `new` is listed twice"]);
        check(&["new", "open", "solved", "new"], &["duplicate: `new` is listed twice"]);
        check(
            &["", "new", "new"],
            &[
                "option: none of the options `new`, `open`, `solved`",
                "duplicate: `new` is listed twice",
            ],
        );
    }
}
