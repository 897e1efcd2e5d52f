//! Whether a chain is as it was written.

use super::AuditChain;
use super::log::{AuditHead, Select};
use super::record::{AuditRecord, Digest, GENESIS};
use crate::cells::read;
use crate::database::Database;
use crate::error::Result;
use freehold_base::{Value, ValueType};
use std::fmt;

/// Records read at once.
const BATCH: i64 = 1000;

/// What was found out about a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whose.
    pub chain: AuditChain,
    /// Its records, as far as they are as they were written.
    pub sound: i64,
    /// Its head, if there is one.
    pub head: Option<AuditHead>,
    /// The first record that is not as it was written, and what is wrong with it.
    pub fault: Option<(i64, Fault)>,
}

/// What may be wrong with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not there, and later ones are.
    Missing,
    /// It and all after it are not there, up to the number that the head counts.
    Cut {
        /// The number of the last one that is missing.
        last: i64,
    },
    /// Its contents are not those of its hash.
    Altered,
    /// It does not follow from the record before, which was rewritten, or is another one.
    Unlinked,
    /// It is the last, and not the one that the head tells of.
    NotTheHead,
    /// The head does not count it: it was put in.
    Uncounted,
    /// There are records, and no head.
    NoHead,
    /// It is not the one that was noted before: everything up to it has been rewritten.
    NotAsNoted,
}

/// What is wrong, as the second half of a sentence about the record.
impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => out.write_str("is missing"),
            Self::Cut { last } => write!(out, "is missing, with all that follow up to {last}"),
            Self::Altered => out.write_str("was altered: its hash is not that of its contents"),
            Self::Unlinked => out.write_str("does not follow from the record before, which was rewritten or replaced"),
            Self::NotTheHead => out.write_str("was rewritten: it is not the one that the chain's head tells of"),
            Self::Uncounted => out.write_str("was put in: the chain's head does not count it"),
            Self::NoHead => out.write_str("has no head of its chain that counts it"),
            Self::NotAsNoted => out.write_str("is not the one that was noted before"),
        }
    }
}

impl Database {
    /// Walks a chain from its first record to its last. `noted` are heads that it had before, kept somewhere else: it must still go
    /// through them. `progress` hears of the records walked and of their number, now and then.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn verify_audit(
        &self,
        chain: AuditChain,
        noted: &[AuditHead],
        progress: &mut dyn FnMut(i64, i64),
    ) -> Result<Finding> {
        let (head, last) = self.ends(chain).await?;
        let mut finding = Finding {
            chain,
            sound: 0,
            head,
            fault: None,
        };
        let length = head.map_or(0, |head| head.length);
        let mut hash = GENESIS;
        while finding.sound < length {
            let batch = self.batch(chain, finding.sound, length).await?;
            if batch.is_empty() {
                break;
            }
            for record in batch {
                let seq = finding.sound + 1;
                let fault = examine(chain, &record, seq, hash).or_else(|| {
                    noted
                        .iter()
                        .any(|it| contradicts(it, &record))
                        .then_some(Fault::NotAsNoted)
                });
                if let Some(fault) = fault {
                    finding.fault = Some((seq, fault));
                    return Ok(finding);
                }
                hash = record.hash.unwrap_or(GENESIS);
                finding.sound = seq;
            }
            progress(finding.sound, length);
        }
        let next = finding.sound + 1;
        let promised = noted.iter().map(|it| it.length).max().unwrap_or(0);
        finding.fault = if finding.sound < length {
            Some((next, Fault::Cut { last: length }))
        } else if head.is_none() && last > 0 {
            Some((1, Fault::NoHead))
        } else if head.is_some_and(|head| head.hash != hash) {
            Some((finding.sound, Fault::NotTheHead))
        } else if last > length {
            Some((next, Fault::Uncounted))
        } else if promised > length {
            Some((next, Fault::Cut { last: promised }))
        } else {
            None
        };
        Ok(finding)
    }

    /// A chain's head and the number of its last record, both of one moment.
    async fn ends(&self, chain: AuditChain) -> Result<(Option<AuditHead>, i64)> {
        let table = Select::default()
            .push("SELECT (SELECT length FROM fh_audit_chain WHERE chain = ")
            .chain(chain)
            .push("), (SELECT hash FROM fh_audit_chain WHERE chain = ")
            .chain(chain)
            .push("), (SELECT max(seq) FROM fh_audit WHERE chain = ")
            .chain(chain)
            .push(")")
            .run(self, vec![ValueType::BigInt, ValueType::Bytes, ValueType::BigInt])
            .await?;
        let last = match read(ValueType::BigInt, table.cell(0, 2))? {
            Value::Int(last) => last,
            _ => 0,
        };
        let head = match read(ValueType::BigInt, table.cell(0, 0))? {
            // A head without a hash tells of no record.
            Value::Int(length) => Some(AuditHead {
                chain,
                length,
                hash: table.cell(0, 1).and_then(Digest::read).unwrap_or(GENESIS),
            }),
            _ => None,
        };
        Ok((head, last))
    }

    async fn batch(&self, chain: AuditChain, after: i64, last: i64) -> Result<Vec<AuditRecord>> {
        let columns = AuditRecord::selected(self.dialect());
        let table = Select::default()
            .push(&format!("SELECT {columns} FROM fh_audit WHERE chain = "))
            .chain(chain)
            .push(" AND seq > ")
            .number(after)
            .push(" AND seq <= ")
            .number(last)
            .push(" ORDER BY seq LIMIT ")
            .number(BATCH)
            .run(self, AuditRecord::types())
            .await?;
        (0..table.rows()).map(|row| AuditRecord::read(&table, row)).collect()
    }
}

/// What is wrong with the record that should be of number `seq` and follow the one of hash `previous`.
fn examine(chain: AuditChain, record: &AuditRecord, seq: i64, previous: Digest) -> Option<Fault> {
    if record.seq != seq {
        Some(Fault::Missing)
    } else if record.hash.is_none() || record.computed(chain) != record.hash {
        Some(Fault::Altered)
    } else if record.previous != Some(previous) {
        Some(Fault::Unlinked)
    } else {
        None
    }
}

fn contradicts(noted: &AuditHead, record: &AuditRecord) -> bool {
    noted.length == record.seq && Some(noted.hash) != record.hash
}
