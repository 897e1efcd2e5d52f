//! "Did you mean …?"

/// Longer names are not compared.
const NAME_BYTES_MAX: usize = 64;

/// The candidate nearest to `name` by edit distance, if one is near enough to be a slip of the hand.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // What a hand slips on is short; and names come from strangers, who could make the comparison dear.
    if name.len() > NAME_BYTES_MAX {
        return None;
    }
    let bound = name.chars().count() / 3 + 1;
    candidates
        .into_iter()
        .filter(|candidate| candidate.len().abs_diff(name.len()) <= 4 * bound)
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= bound)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Damerau–Levenshtein distance (optimal string alignment).
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut previous: Vec<usize> = (0..=right.len()).collect();
    for (row, a) in left.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, b) in right.iter().enumerate() {
            let mut best = (previous[column] + usize::from(a != b))
                .min(previous[column + 1] + 1)
                .min(current[column] + 1);
            if row > 0 && column > 0 && *a == right[column - 1] && left[row - 1] == *b {
                best = best.min(before[column - 1] + 1);
            }
            current.push(best);
        }
        before = std::mem::replace(&mut previous, current);
    }
    previous[right.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slips_are_found_and_strangers_are_not() {
        assert_eq!(nearest("subjcet", ["status", "subject"]), Some("subject"));
        assert_eq!(
            nearest("organization", ["organisation", "ticket"]),
            Some("organisation")
        );
        assert_eq!(nearest("zebra", ["status", "subject"]), None);
        assert_eq!(nearest("", ["status"]), None);
        assert_eq!(nearest(&"s".repeat(65), [&*"s".repeat(64)]), None);
    }
}
