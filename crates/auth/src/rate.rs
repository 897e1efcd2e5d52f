//! How often somebody may try, counted in the database so that all servers count together: the generic cell rate algorithm (GCRA), one
//! row and one statement for each thing that is bounded.
//!
//! A row says when all that was tried will be forgotten. Each attempt moves that moment on by `every`; one that would move it further
//! than `burst` attempts ahead is refused, and moves nothing.

use crate::AuthError;
use crate::read::Sql;
use freehold_base::Timestamp;
use freehold_entities::rate;
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseConnection, DbBackend, EntityTrait, QueryFilter};
use std::time::Duration;

/// A bound: so many at once, and one more each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Attempts at once.
    pub burst: u32,
    /// One more after so long.
    pub every: Duration,
}

/// Counts an attempt. `Some`: it is one too many; another may be made after so long.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn admit(
    database: &DatabaseConnection,
    subject: &str,
    rate: Rate,
    now: Timestamp,
) -> Result<Option<Duration>, AuthError> {
    let every = micros(rate.every);
    let ahead = every.saturating_mul(i64::from(rate.burst.max(1)));
    let greatest = match database.get_database_backend() {
        DbBackend::Postgres => "GREATEST",
        _ => "MAX",
    };
    let mut sql = Sql::new("INSERT INTO fh_rate (subject, free_at) VALUES (");
    sql.bind(subject).push(", ").bind(now.0.saturating_add(every));
    sql.push(&format!(
        ") ON CONFLICT (subject) DO UPDATE SET free_at = {greatest}(fh_rate.free_at, "
    ));
    sql.bind(now.0).push(") + ").bind(every);
    sql.push(&format!(" WHERE {greatest}(fh_rate.free_at, "));
    sql.bind(now.0).push(") + ").bind(every);
    sql.push(" <= ").bind(now.0.saturating_add(ahead));
    if database.execute_raw(sql.finish(database)).await?.rows_affected() == 1 {
        return Ok(None);
    }
    let row = rate::Entity::find_by_id(subject).one(database).await?;
    let free_at = row.map_or(now.0, |row| row.free_at);
    let wait = free_at
        .saturating_add(every)
        .saturating_sub(now.0.saturating_add(ahead));
    Ok(Some(Duration::from_micros(u64::try_from(wait).unwrap_or(0).max(1))))
}

/// Takes an attempt back that turned out to be none: what succeeds is no guess.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn take_back(database: &DatabaseConnection, subject: &str, rate: Rate) -> Result<(), AuthError> {
    let mut sql = Sql::new("UPDATE fh_rate SET free_at = free_at - ");
    sql.bind(micros(rate.every)).push(" WHERE subject = ").bind(subject);
    database.execute_raw(sql.finish(database)).await?;
    Ok(())
}

/// Forgets what was tried so long ago that it does not count.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn purge_rates(database: &DatabaseConnection, now: Timestamp) -> Result<u64, AuthError> {
    Ok(rate::Entity::delete_many()
        .filter(rate::Column::FreeAt.lte(now.0))
        .exec(database)
        .await?
        .rows_affected)
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::worlds;
    use freehold_base::Clock;

    #[tokio::test]
    async fn so_many_at_once_and_one_more_each_time() {
        for world in worlds("rate").await {
            let rate = Rate {
                burst: 3,
                every: Duration::from_secs(10),
            };
            let tried = async |subject: &str| admit(&world.database, subject, rate, world.clock.now()).await.unwrap();
            for _ in 0..3 {
                assert_eq!(tried("a").await, None);
            }
            assert_eq!(tried("a").await, Some(Duration::from_secs(10)));
            assert_eq!(
                tried("a").await,
                Some(Duration::from_secs(10)),
                "a refusal costs nothing"
            );
            assert_eq!(tried("b").await, None, "another");
            world.clock.pass(9);
            assert_eq!(tried("a").await, Some(Duration::from_secs(1)));
            world.clock.pass(1);
            assert_eq!(tried("a").await, None);
            assert_eq!(tried("a").await, Some(Duration::from_secs(10)));
            world.clock.pass(20);
            assert_eq!(tried("a").await, None);
            take_back(&world.database, "a", rate).await.unwrap();
            assert_eq!(tried("a").await, None);
            assert_eq!(tried("a").await, None);
            assert_eq!(
                tried("a").await,
                Some(Duration::from_secs(10)),
                "two came back in the meantime"
            );
            assert_eq!(purge_rates(&world.database, world.clock.now()).await.unwrap(), 1);
            world.clock.pass(30);
            assert_eq!(purge_rates(&world.database, world.clock.now()).await.unwrap(), 1);
        }
    }

    #[tokio::test]
    async fn attempts_at_the_same_time_are_counted_one_by_one() {
        for world in worlds("rate_race").await {
            let rate = Rate {
                burst: 5,
                every: Duration::from_mins(1),
            };
            let now = world.clock.now();
            let tries = (0..20).map(|_| admit(&world.database, "a", rate, now));
            let outcomes = futures_util::future::join_all(tries).await;
            let admitted = outcomes.into_iter().filter(|it| it.as_ref().unwrap().is_none()).count();
            assert_eq!(admitted, 5);
        }
    }
}
