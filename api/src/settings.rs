//! `fh_setting`: what an environment knows of itself.

use freehold_entities::setting;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, DatabaseConnection, DbErr, EntityTrait};

/// Finds a setting.
pub(crate) async fn find_setting(database: &DatabaseConnection, key: &str) -> Result<Option<String>, DbErr> {
    Ok(setting::Entity::find_by_id(key)
        .one(database)
        .await?
        .map(|row| row.value))
}

/// Sets a setting.
pub(crate) async fn put_setting(database: &DatabaseConnection, key: &str, value: &str) -> Result<(), DbErr> {
    let replace = OnConflict::column(setting::Column::Key)
        .update_column(setting::Column::Value)
        .to_owned();
    setting::Entity::insert(row(key, value))
        .on_conflict(replace)
        .exec_without_returning(database)
        .await?;
    Ok(())
}

/// The setting, which is `value` if nobody has set it before.
pub(crate) async fn settle(database: &DatabaseConnection, key: &str, value: &str) -> Result<String, DbErr> {
    let keep = OnConflict::column(setting::Column::Key).do_nothing().to_owned();
    setting::Entity::insert(row(key, value))
        .on_conflict(keep)
        .exec_without_returning(database)
        .await?;
    let settled = find_setting(database, key).await?;
    settled.ok_or_else(|| DbErr::RecordNotFound(format!("fh_setting `{key}`")))
}

fn row(key: &str, value: &str) -> setting::ActiveModel {
    setting::ActiveModel {
        key: Set(key.to_owned()),
        value: Set(value.to_owned()),
    }
}
