use super::*;
use crate::testing::{alone, cell, chance, pii, tenant};
use crate::{KeyUse, Vault};
use freehold_base::{EntityTag, RowId};

/// A cipher whose keys are the environment's, so that only the binding tells places apart.
async fn cipher() -> Cipher {
    let world = alone().await;
    world.vault().await.sealing_cipher(&[shared()]).await.unwrap()
}

fn shared() -> KeyUse<'static> {
    KeyUse {
        tenant: None,
        ..pii(tenant(1))
    }
}

/// Places that differ from `cell(tenant(1))` in one thing.
fn elsewhere() -> Vec<(&'static str, CellPlace<'static>)> {
    let here = cell(tenant(1));
    let field = here.field;
    let place = |field| CellPlace { field, ..here };
    vec![
        (
            "row",
            CellPlace {
                row: RowId::from_bytes([98; 16]),
                ..here
            },
        ),
        (
            "tenant",
            place(FieldPlace {
                tenant: Some(tenant(2)),
                ..field
            }),
        ),
        ("no tenant", place(FieldPlace { tenant: None, ..field })),
        (
            "entity",
            place(FieldPlace {
                entity: EntityTag::new(8).unwrap(),
                ..field
            }),
        ),
        (
            "field",
            place(FieldPlace {
                field: "iban2",
                ..field
            }),
        ),
    ]
}

#[tokio::test]
async fn a_value_opens_where_it_stands_and_nowhere_else() {
    let cipher = cipher().await;
    let here = cell(tenant(1));
    let sealed = cipher.seal(&here, b"DE89 3704").unwrap();
    assert_eq!(cipher.open(&here, &sealed).unwrap(), b"DE89 3704");
    for (what, place) in elsewhere() {
        assert_eq!(cipher.open(&place, &sealed), Err(CipherError::Damaged), "{what}");
    }
    let other = Cipher {
        environment: Uuid::from_u128(1),
        rings: cipher.rings.clone(),
        chance,
    };
    assert_eq!(other.open(&here, &sealed), Err(CipherError::Damaged));
}

#[tokio::test]
async fn a_value_that_was_touched_does_not_open() {
    let cipher = cipher().await;
    let here = cell(tenant(1));
    let sealed = cipher.seal(&here, b"DE89 3704").unwrap();
    for at in 0..sealed.len() {
        let mut bent = sealed.clone();
        bent[at] ^= 1;
        assert!(cipher.open(&here, &bent).is_err(), "byte {at}");
        assert!(cipher.open(&here, &sealed[..at]).is_err(), "{at} bytes");
    }
    let mut longer = sealed.clone();
    longer.push(0);
    assert_eq!(cipher.open(&here, &longer), Err(CipherError::Damaged));
    assert_eq!(cipher.open(&here, b"DE89 3704"), Err(CipherError::Damaged));
}

#[tokio::test]
async fn equal_values_differ_and_have_equal_tokens() {
    let cipher = cipher().await;
    let here = cell(tenant(1));
    let (one, two) = (
        cipher.seal(&here, b"same").unwrap(),
        cipher.seal(&here, b"same").unwrap(),
    );
    assert_ne!(one, two);
    let token = cipher.token(&here.field, b"same").unwrap();
    assert_eq!(token, cipher.token(&here.field, b"same").unwrap());
    assert_ne!(token, cipher.token(&here.field, b"other").unwrap());
    for (what, place) in elsewhere().into_iter().filter(|(what, _)| *what != "row") {
        assert_ne!(token, cipher.token(&place.field, b"same").unwrap(), "{what}");
    }
    // A token is short, and says nothing of a value's length.
    assert_eq!(token.len(), cipher.token(&here.field, &[7; 10_000]).unwrap().len());
    assert_ne!(
        token,
        Cipher {
            environment: Uuid::from_u128(1),
            rings: cipher.rings.clone(),
            chance,
        }
        .token(&here.field, b"same")
        .unwrap()
    );
}

#[tokio::test]
async fn tenants_have_keys_of_their_own() {
    let world = alone().await;
    let vault: Vault = world.vault().await;
    let (one, two) = (tenant(1), tenant(2));
    let both = vault.sealing_cipher(&[pii(one), pii(two)]).await.unwrap();
    let sealed = both.seal(&cell(one), b"DE89").unwrap();
    let theirs = vault.cipher(&[pii(two)]).await.unwrap();
    // Who acts in another tenant does not even have the key.
    assert_eq!(theirs.open(&cell(one), &sealed), Err(CipherError::UnknownKey));
    assert_eq!(theirs.open(&cell(two), &sealed), Err(CipherError::Damaged));
    assert_eq!(theirs.token(&cell(one).field, b"DE89"), Err(CipherError::NoKey));
    assert_eq!(theirs.seal(&cell(one), b"DE89"), Err(CipherError::NoKey));
}

#[tokio::test]
async fn nothing_shows_a_key() {
    let cipher = cipher().await;
    let key = cipher.rings[0].newest().unwrap();
    let shown = format!("{cipher:?}");
    assert_eq!(shown, "Cipher with keys of 1 places");
    let (sealing, comparing) = (key.sealing(), key.comparing());
    assert!(!comparing.windows(32).any(|part| part == sealing));
    let sealed = cipher.seal(&cell(tenant(1)), b"DE89 3704").unwrap();
    assert!(
        !sealed
            .windows(4)
            .any(|part| b"DE89 3704".windows(4).any(|clear| clear == part))
    );
}
