use super::*;
use crate::KeyUse;
use crate::testing::{Failing, World, cell, pii, tenant, worlds};
use freehold_base::ColumnCipher;

const TENANTS: u8 = 5;

fn places() -> Vec<KeyUse<'static>> {
    (1..=TENANTS).map(|number| pii(tenant(number))).collect()
}

/// Seals a value in every tenant.
async fn sealed(vault: &Vault) -> Vec<Vec<u8>> {
    let cipher = vault.sealing_cipher(&places()).await.unwrap();
    (1..=TENANTS)
        .map(|number| cipher.seal(&cell(tenant(number)), &[number]).unwrap())
        .collect()
}

/// That every value opens, for a server that holds no keys yet.
async fn all_open(vault: &Vault, values: &[Vec<u8>]) {
    vault.forget(&places());
    let cipher = vault.cipher(&places()).await.unwrap();
    for (number, value) in (1..=TENANTS).zip(values) {
        assert_eq!(cipher.open(&cell(tenant(number)), value).unwrap(), [number]);
    }
}

async fn wrapped_with(vault: &Vault, kek: &KekId) -> usize {
    vault.list().await.unwrap().iter().filter(|key| key.kek == *kek).count()
}

async fn rotated(world: &World, vault: &Vault, file: &KeyFile) -> Result<Rotation> {
    rotate(vault, file, world.clock.as_ref(), &mut |_, _| {}).await
}

#[tokio::test]
async fn every_data_key_is_wrapped_anew_while_a_server_goes_on() {
    for world in worlds("online").await {
        let running = world.vault().await;
        let values = sealed(&running).await;
        let (vault, file) = (world.vault().await, world.reopened());
        let mut told = Vec::new();
        let rotation = rotate(&vault, &file, world.clock.as_ref(), &mut |done, all| {
            told.push((done, all));
        })
        .await
        .unwrap();
        assert!(rotation.added);
        assert_eq!(rotation.rewrapped, u64::from(TENANTS));
        assert_eq!(told, (1..=5).map(|done| (done, 5)).collect::<Vec<_>>());
        assert_eq!(wrapped_with(&vault, &rotation.kek).await, usize::from(TENANTS));
        // The server knew the old file alone.
        all_open(&running, &values).await;
        let more = running.sealing_cipher(&[pii(tenant(77))]).await.unwrap();
        more.seal(&cell(tenant(77)), b"new").unwrap();
        assert_eq!(wrapped_with(&vault, &rotation.kek).await, usize::from(TENANTS) + 1);
        // And one that starts after it.
        all_open(&world.vault().await, &values).await;
    }
}

#[tokio::test]
async fn a_rotation_that_was_interrupted_anywhere_is_finished() {
    // Each data key is opened, wrapped and opened again: wherever it ends, the next one goes on.
    for steps in 0..3 * usize::from(TENANTS) {
        for world in worlds("interrupted").await {
            let values = sealed(&world.vault().await).await;
            let file = world.reopened();
            let failing = Failing::after(file.clone(), steps);
            let vault = world.vault_with(failing.clone()).await.unwrap();
            let ended = rotated(&world, &vault, &file).await.unwrap_err();
            assert!(matches!(ended, VaultError::Unavailable { .. }), "{ended}");
            all_open(&world.vault().await, &values).await;
            let (again, file) = (world.vault().await, world.reopened());
            let rotation = rotated(&world, &again, &file).await.unwrap();
            assert!(!rotation.added, "the key that was added is the one");
            assert_eq!(rotation.rewrapped as usize, usize::from(TENANTS) - steps / 3);
            assert_eq!(file.list().await.unwrap().len(), 2);
            assert_eq!(wrapped_with(&again, &rotation.kek).await, usize::from(TENANTS));
            all_open(&world.vault().await, &values).await;
        }
    }
}

#[tokio::test]
async fn one_who_was_killed_before_the_environment_knew_is_followed() {
    for world in worlds("added").await {
        let values = sealed(&world.vault().await).await;
        let added = world.reopened().add(world.clock.as_ref()).unwrap();
        // Until somebody goes on, everything is as it was.
        let vault = world.vault().await;
        all_open(&vault, &values).await;
        let rotation = rotated(&world, &vault, &world.reopened()).await.unwrap();
        assert_eq!((rotation.kek, rotation.added), (added, false));
        all_open(&world.vault().await, &values).await;
    }
}

#[tokio::test]
async fn no_data_key_is_made_under_a_key_that_is_no_longer_in_use() {
    for world in worlds("race").await {
        let vault = world.vault().await;
        sealed(&vault).await;
        let old = vault.current().await.unwrap();
        let new = world.reopened().add(world.clock.as_ref()).unwrap();
        // A server wraps with the old key while the rotation begins.
        let provider = std::sync::Arc::new(Overtaken {
            inner: world.reopened(),
            world: world.vault().await,
            new: new.clone(),
        });
        let late = world.vault_with(provider).await.unwrap();
        late.sealing_cipher(&[pii(tenant(50))]).await.unwrap();
        let made = vault.list().await.unwrap();
        let made = made.iter().find(|key| key.tenant == Some(tenant(50))).unwrap();
        assert_eq!(made.kek, new);
        assert_ne!(made.kek, old);
    }
}

/// A provider in whose wrapping somebody begins a rotation.
#[derive(Debug)]
struct Overtaken {
    inner: std::sync::Arc<KeyFile>,
    world: Vault,
    new: KekId,
}

#[async_trait::async_trait]
impl KeyProvider for Overtaken {
    async fn list(&self) -> Result<Vec<crate::KekView>> {
        self.inner.list().await
    }

    async fn wrap(&self, kek: &KekId, binding: &[u8], secret: &crate::DataSecret) -> Result<Vec<u8>> {
        self.world.adopt(&self.new).await?;
        self.inner.wrap(kek, binding, secret).await
    }

    async fn open(&self, kek: &KekId, binding: &[u8], wrapped: &[u8]) -> Result<Option<crate::DataSecret>> {
        self.inner.open(kek, binding, wrapped).await
    }

    fn describe(&self) -> String {
        self.inner.describe()
    }
}

#[tokio::test]
async fn older_keys_go_when_nothing_needs_them() {
    for world in worlds("retire").await {
        let running = world.vault().await;
        let values = sealed(&running).await;
        let old = running.current().await.unwrap();
        // Interrupted: what is left is wrapped first.
        let file = world.reopened();
        let failing = Failing::after(file.clone(), 4);
        rotated(&world, &world.vault_with(failing).await.unwrap(), &file)
            .await
            .unwrap_err();
        let retired = retire(&world.vault().await, &file, &mut |_, _| {}).await.unwrap();
        assert_eq!(retired.dropped, [old]);
        assert_eq!(retired.rotation.rewrapped, 4);
        assert_eq!(file.list().await.unwrap().len(), 1);
        all_open(&world.vault().await, &values).await;
        all_open(&running, &values).await;
        // Once more there is nothing to do.
        let again = retire(&world.vault().await, &file, &mut |_, _| {}).await.unwrap();
        assert_eq!((again.dropped, again.rotation.rewrapped), (Vec::new(), 0));
    }
}
