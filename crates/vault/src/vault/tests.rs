use super::*;
use crate::KeyFile;
use crate::testing::{Failing, cell, chance, pii, tenant, worlds};
use freehold_base::{CipherError, ColumnCipher};
use sea_orm::ConnectionTrait;

#[tokio::test]
async fn data_keys_are_made_once_and_found_by_every_server() {
    for world in worlds("made").await {
        let (one, two) = (world.vault().await, world.vault().await);
        let here = cell(tenant(1));
        let empty = one.cipher(&[pii(tenant(1))]).await.unwrap();
        assert_eq!(empty.seal(&here, b"x"), Err(CipherError::NoKey));
        assert_eq!(empty.token(&here.field, b"x"), Err(CipherError::NoKey));
        assert!(one.list().await.unwrap().is_empty(), "who only reads makes no keys");
        // Both at once: one of them makes it.
        let places = [pii(tenant(1))];
        let (by_one, by_two) = tokio::join!(one.sealing_cipher(&places), two.sealing_cipher(&places));
        let sealed = by_one.unwrap().seal(&here, b"DE89").unwrap();
        assert_eq!(by_two.unwrap().open(&here, &sealed).unwrap(), b"DE89");
        let list = one.list().await.unwrap();
        assert_eq!(list.len(), 1);
        assert_eq!((list[0].name.as_str(), list[0].number), ("pii", 1));
        // A server that starts later.
        let late = world.vault().await.cipher(&[pii(tenant(1))]).await.unwrap();
        assert_eq!(late.open(&here, &sealed).unwrap(), b"DE89");
    }
}

#[tokio::test]
async fn keys_that_are_held_ask_nobody() {
    for world in worlds("held").await {
        let provider = Failing::after(world.file.clone(), usize::MAX);
        let vault = world.vault_with(provider.clone()).await.unwrap();
        let here = cell(tenant(1));
        let sealed = vault
            .sealing_cipher(&[pii(tenant(1))])
            .await
            .unwrap()
            .seal(&here, b"DE89")
            .unwrap();
        provider.allow(0);
        world
            .database
            .execute_unprepared("DROP TABLE fh_data_key")
            .await
            .unwrap();
        let held = vault.cipher(&[pii(tenant(1))]).await.unwrap();
        assert_eq!(held.open(&here, &sealed).unwrap(), b"DE89");
        vault.forget(&[pii(tenant(1))]);
        assert!(vault.cipher(&[pii(tenant(1))]).await.is_err());
    }
}

#[tokio::test]
async fn an_outage_of_the_provider_fails_closed() {
    for world in worlds("outage").await {
        let provider = Failing::after(world.file.clone(), usize::MAX);
        let vault = world.vault_with(provider.clone()).await.unwrap();
        vault.sealing_cipher(&[pii(tenant(1))]).await.unwrap();
        vault.forget(&[pii(tenant(1))]);
        provider.allow(0);
        for tenant in [tenant(1), tenant(2)] {
            let refused = vault.sealing_cipher(&[pii(tenant)]).await.unwrap_err();
            assert!(matches!(refused, VaultError::Unavailable { .. }), "{refused}");
            assert_eq!(refused.code(), freehold_base::Code::Unavailable);
        }
        assert_eq!(vault.list().await.unwrap().len(), 1, "no key without its wrapping");
        provider.allow(usize::MAX);
        vault.sealing_cipher(&[pii(tenant(1)), pii(tenant(2))]).await.unwrap();
    }
}

#[tokio::test]
async fn another_key_file_is_refused() {
    for world in worlds("foreign").await {
        let vault = world.vault().await;
        vault.sealing_cipher(&[pii(tenant(1))]).await.unwrap();
        let path = world.folder.file("other.json");
        let other = Arc::new(KeyFile::create(&path, world.clock.as_ref(), chance).unwrap());
        let refused = world.vault_with(other).await.unwrap_err();
        assert!(matches!(refused, VaultError::ForeignKeys { .. }), "{refused}");
        assert!(refused.to_string().contains("other.json"), "{refused}");
        assert!(Vault::is_bound(&world.database).await.unwrap());
        world.vault().await;
    }
}

#[tokio::test]
async fn a_data_key_that_was_moved_does_not_open() {
    for world in worlds("moved").await {
        let vault = world.vault().await;
        vault.sealing_cipher(&[pii(tenant(1)), pii(tenant(2))]).await.unwrap();
        let rows = data_key::Entity::find().all(&world.database).await.unwrap();
        // The second tenant gets what was wrapped for the first.
        data_key::Entity::update_many()
            .col_expr(data_key::Column::Wrapped, rows[0].wrapped.clone().into())
            .filter(data_key::Column::Id.eq(rows[1].id))
            .exec(&world.database)
            .await
            .unwrap();
        let second = pii(RowId::from(rows[1].tenant_id));
        vault.forget(&[second]);
        let refused = vault.cipher(&[second]).await.unwrap_err();
        assert!(matches!(refused, VaultError::Damaged { .. }), "{refused}");
    }
}

#[tokio::test]
async fn old_keys_open_what_they_sealed_and_a_new_one_seals() {
    for world in worlds("age").await {
        let vault = world.vault().await;
        let day = Duration::from_hours(24);
        let wanted = KeyUse {
            rotate_after: Some(day),
            ..pii(tenant(1))
        };
        let here = cell(tenant(1));
        let first = vault.sealing_cipher(&[wanted]).await.unwrap();
        let (old, token) = (
            first.seal(&here, b"old").unwrap(),
            first.token(&here.field, b"old").unwrap(),
        );
        world.clock.pass(day);
        vault.sealing_cipher(&[wanted]).await.unwrap();
        assert_eq!(vault.list().await.unwrap().len(), 1, "it is a day old, and not older");
        world.clock.pass(Duration::from_secs(1));
        let second = vault.sealing_cipher(&[wanted]).await.unwrap();
        let new = second.seal(&here, b"new").unwrap();
        let numbers: Vec<u32> = vault.list().await.unwrap().iter().map(|key| key.number).collect();
        assert_eq!(numbers, [1, 2]);
        assert_ne!(old[..5], new[..5], "each names its key");
        assert_eq!(second.open(&here, &old).unwrap(), b"old");
        assert_eq!(second.open(&here, &new).unwrap(), b"new");
        // What is compared by is of the first key, always.
        assert_eq!(second.token(&here.field, b"old").unwrap(), token);
        // A server that has not heard of the new key says so, and does not guess.
        assert_eq!(first.open(&here, &new), Err(CipherError::UnknownKey));
    }
}
