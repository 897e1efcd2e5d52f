//! What writes have changed.

use freehold_base::RowId;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Rows of an entity that are told one by one; of more only that there were some.
const ROWS_MAX: usize = 200;

/// What has changed, gathered until those whom it concerns have been told.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Changes {
    /// Anything may have: a deploy, or a gap in what was heard.
    #[serde(default)]
    pub(crate) everything: bool,
    /// By entity's name and tenant.
    #[serde(default, with = "as_list")]
    pub(crate) rows: BTreeMap<(String, Option<RowId>), Changed>,
    /// Sessions that have ended, by the hash of their token.
    #[serde(default)]
    pub(crate) sessions: BTreeSet<[u8; 32]>,
}

/// Which rows of an entity have changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Changed {
    /// These.
    Rows(BTreeSet<RowId>),
    /// Some.
    Some,
}

impl Changes {
    /// Anything may have changed.
    pub(crate) fn everything() -> Self {
        Self {
            everything: true,
            ..Self::default()
        }
    }

    /// A session has ended.
    pub(crate) fn session(hash: [u8; 32]) -> Self {
        Self {
            sessions: BTreeSet::from([hash]),
            ..Self::default()
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        !self.everything && self.rows.is_empty() && self.sessions.is_empty()
    }

    /// Adds a row, or that there were some.
    pub(crate) fn add(&mut self, entity: &str, tenant: Option<RowId>, changed: Changed) {
        let known = self
            .rows
            .entry((entity.to_owned(), tenant))
            .or_insert_with(|| Changed::Rows(BTreeSet::new()));
        known.merge(changed);
    }

    /// Adds what else has changed.
    pub(crate) fn merge(&mut self, other: Self) {
        self.everything |= other.everything;
        for ((entity, tenant), changed) in other.rows {
            self.add(&entity, tenant, changed);
        }
        self.sessions.extend(other.sessions);
    }
}

impl Changed {
    /// Adds what else has changed.
    pub(crate) fn merge(&mut self, other: Self) {
        match (&mut *self, other) {
            (Self::Rows(rows), Self::Rows(more)) => {
                rows.extend(more);
                if rows.len() > ROWS_MAX {
                    *self = Self::Some;
                }
            }
            (_, Self::Some) => *self = Self::Some,
            (Self::Some, Self::Rows(_)) => {}
        }
    }
}

/// A map whose keys are no texts, as a list of triples.
mod as_list {
    use super::{BTreeMap, Changed, Deserialize, RowId, Serialize};
    use serde::{Deserializer, Serializer};

    type Rows = BTreeMap<(String, Option<RowId>), Changed>;

    pub(super) fn serialize<S: Serializer>(rows: &Rows, serializer: S) -> Result<S::Ok, S::Error> {
        let triples: Vec<_> = rows
            .iter()
            .map(|((entity, tenant), changed)| (entity, tenant, changed))
            .collect();
        triples.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Rows, D::Error> {
        let triples = Vec::<(String, Option<RowId>, Changed)>::deserialize(deserializer)?;
        let rows = triples
            .into_iter()
            .map(|(entity, tenant, changed)| ((entity, tenant), changed));
        Ok(rows.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u64) -> RowId {
        RowId::from_bytes((u128::from(number)).to_be_bytes())
    }

    fn rows(numbers: impl IntoIterator<Item = u64>) -> Changed {
        Changed::Rows(numbers.into_iter().map(id).collect())
    }

    #[test]
    fn changes_add_up() {
        let mut changes = Changes::default();
        assert!(changes.is_empty());
        changes.add("ticket", Some(id(9)), rows([1]));
        changes.add("ticket", Some(id(9)), rows([2, 1]));
        changes.add("ticket", None, rows([3]));
        let mut other = Changes::session([7; 32]);
        other.add("ticket", None, Changed::Some);
        changes.merge(other);
        assert_eq!(changes.rows[&("ticket".to_owned(), Some(id(9)))], rows([1, 2]));
        assert_eq!(changes.rows[&("ticket".to_owned(), None)], Changed::Some);
        assert!(changes.sessions.contains(&[7; 32]) && !changes.everything && !changes.is_empty());

        changes.add("ticket", Some(id(9)), rows(0..300));
        assert_eq!(changes.rows[&("ticket".to_owned(), Some(id(9)))], Changed::Some);
        changes.merge(Changes::everything());
        assert!(changes.everything);
    }

    #[test]
    fn changes_travel() {
        let mut changes = Changes::session([7; 32]);
        changes.add("ticket", Some(id(9)), rows([1, 2]));
        changes.add("ticket", None, Changed::Some);
        let text = serde_json::to_string(&changes).unwrap();
        assert_eq!(serde_json::from_str::<Changes>(&text).unwrap(), changes, "{text}");
        assert_eq!(
            serde_json::from_str::<Changes>("{\"everything\": true}").unwrap(),
            Changes::everything()
        );
    }
}
