use super::*;
use crate::testing::{Folder, TestClock, chance};
use std::os::unix::fs::PermissionsExt;

fn made(folder: &Folder) -> (PathBuf, KeyFile) {
    let path = folder.file("keys.json");
    let file = KeyFile::create(&path, TestClock::new().as_ref(), chance).unwrap();
    (path, file)
}

fn refused(path: &Path) -> String {
    KeyFile::open(path, chance).unwrap_err().to_string()
}

#[tokio::test]
async fn a_new_file_is_its_owners_alone_and_never_written_over() {
    let folder = Folder::new();
    let (path, file) = made(&folder);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    let again = KeyFile::create(&path, TestClock::new().as_ref(), chance).unwrap_err();
    assert!(matches!(again, VaultError::FileExists { .. }), "{again}");
    let opened = KeyFile::open(&path, chance).unwrap();
    assert_eq!(opened.list().await.unwrap(), file.list().await.unwrap());
}

#[test]
fn a_file_that_others_can_read_is_refused() {
    let folder = Folder::new();
    let (path, _) = made(&folder);
    for mode in [0o640, 0o604, 0o660, 0o644] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        assert!(
            refused(&path).contains(&format!("(mode 0{mode:o})")),
            "{}",
            refused(&path)
        );
    }
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o400)).unwrap();
    KeyFile::open(&path, chance).unwrap();
}

#[test]
fn what_is_no_key_file_is_refused() {
    let folder = Folder::new();
    let (path, _) = made(&folder);
    assert!(refused(&folder.file("nowhere.json")).starts_with("there is no key file"));
    let good = std::fs::read_to_string(&path).unwrap();
    let at = good.find("\"key\": \"").unwrap() + 8;
    let (digit, other) = (&good[at..=at], if good[at..].starts_with('0') { "1" } else { "0" });
    let changed = format!("{}{other}{}", &good[..at], &good[at + 1..]);
    assert_ne!(digit, other);
    for (text, expected) in [
        (changed.as_str(), "does not fit its id"),
        ("{}", "not what `freehold keys new` writes"),
        ("", "not what `freehold keys new` writes"),
        ("{\"version\": 1, \"keys\": []}", "has no keys"),
        (&good.replace("\"version\": 1", "\"version\": 2"), "another version"),
        (&good.replace("\"key\": \"", "\"key\": \"zz"), "64 hexadecimal digits"),
    ] {
        std::fs::write(&path, text).unwrap();
        let found = refused(&path);
        assert!(found.contains(expected), "{found}");
        // Not even a damaged key is told.
        assert!(!found.contains(&good[at..at + 16]), "{found}");
    }
}

#[tokio::test]
async fn a_key_that_another_process_added_is_found() {
    let folder = Folder::new();
    let (path, running) = made(&folder);
    let other = KeyFile::open(&path, chance).unwrap();
    // One who was killed while writing left this.
    std::fs::write(folder.file("keys.json.new"), "{").unwrap();
    let added = other.add(TestClock::new().as_ref()).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    let secret = DataSecret::random(chance);
    let wrapped = running.wrap(&added, b"place", &secret).await.unwrap();
    let opened = running.open(&added, b"place", &wrapped).await.unwrap().unwrap();
    assert!(opened.bytes() == secret.bytes());
    assert_eq!(running.list().await.unwrap().last().unwrap().id, added);
}

#[tokio::test]
async fn keys_added_at_once_are_all_there() {
    let folder = Folder::new();
    let (path, _) = made(&folder);
    let adders: Vec<_> = (0..8)
        .map(|_| {
            let path = path.clone();
            std::thread::spawn(move || {
                let file = KeyFile::open(&path, chance).unwrap();
                file.add(TestClock::new().as_ref()).unwrap()
            })
        })
        .collect();
    let added: Vec<KekId> = adders.into_iter().map(|adder| adder.join().unwrap()).collect();
    let there = KeyFile::open(&path, chance).unwrap().list().await.unwrap();
    assert_eq!(there.len(), 9);
    assert!(added.iter().all(|id| there.iter().any(|kek| kek.id == *id)));
}

#[tokio::test]
async fn keys_that_are_dropped_open_no_more() {
    let folder = Folder::new();
    let (path, file) = made(&folder);
    let old = file.list().await.unwrap()[0].id.clone();
    let secret = DataSecret::random(chance);
    let wrapped = file.wrap(&old, b"place", &secret).await.unwrap();
    let new = file.add(TestClock::new().as_ref()).unwrap();
    assert!(file.open(&old, b"place", &wrapped).await.unwrap().is_some());
    assert_eq!(file.keep_only(&new).unwrap(), std::slice::from_ref(&old));
    let gone = file.open(&old, b"place", &wrapped).await.map(|_| ()).unwrap_err();
    assert!(matches!(gone, VaultError::Unavailable { .. }), "{gone}");
    // A key that is not there is not what everything else is dropped for.
    assert!(file.keep_only(&old).is_err());
    assert_eq!(KeyFile::open(&path, chance).unwrap().list().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_wrapped_key_opens_for_its_place_and_key_alone() {
    let folder = Folder::new();
    let (path, file) = made(&folder);
    let first = file.list().await.unwrap()[0].id.clone();
    let second = file.add(TestClock::new().as_ref()).unwrap();
    let secret = DataSecret::random(chance);
    let wrapped = file.wrap(&first, b"place", &secret).await.unwrap();
    assert!(file.open(&first, b"place", &wrapped).await.unwrap().is_some());
    assert!(file.open(&first, b"other", &wrapped).await.unwrap().is_none());
    assert!(file.open(&second, b"place", &wrapped).await.unwrap().is_none());
    assert!(file.open(&first, b"place", &wrapped[..5]).await.unwrap().is_none());
    for at in 0..wrapped.len() {
        let mut bent = wrapped.clone();
        bent[at] ^= 1;
        assert!(file.open(&first, b"place", &bent).await.unwrap().is_none(), "byte {at}");
    }
    // Nothing shows a key.
    let text = std::fs::read_to_string(&path).unwrap();
    let key = &text[text.find("\"key\": \"").unwrap() + 8..][..64];
    assert!(!format!("{file:?}").contains(&key[..8]));
    assert!(!wrapped.windows(32).any(|part| part == &secret.bytes()[..32]));
}
