//! Secrets that the model names and never holds: in a file each, or in the environment of the process.

use std::fmt;
use std::path::PathBuf;

/// Longest secret, in bytes.
const BYTES_MAX: u64 = 64 << 10;

/// Where secrets are. `Debug` shows none of them.
#[derive(Clone, Default)]
pub(crate) struct Secrets {
    folder: Option<PathBuf>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secrets")
    }
}

impl Secrets {
    /// Those in a folder, a file each; what is not there is looked for in the environment.
    pub(crate) fn new(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// The secret of that name; `None` if there is none, or it cannot be read. It is read anew each time, so that a new one needs no restart.
    pub(crate) fn find(&self, name: &str) -> Option<freehold_oidc::Secret> {
        // A model's names have neither dots nor slashes.
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return None;
        }
        let file = self.folder.as_ref().map(|folder| folder.join(name));
        if let Some(file) = file.filter(|file| file.exists()) {
            if std::fs::metadata(&file).is_ok_and(|found| found.len() > BYTES_MAX) {
                tracing::error!("the secret `{name}` is too long to be one");
                return None;
            }
            return match std::fs::read_to_string(&file) {
                Ok(text) => Some(freehold_oidc::Secret::new(text.trim_end_matches(['\r', '\n']))),
                Err(error) => {
                    tracing::error!("the secret `{name}` cannot be read: {error}");
                    None
                }
            };
        }
        crate::config::secret(name).map(freehold_oidc::Secret::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_a_file() {
        let folder = std::env::temp_dir().join(format!("freehold-secrets-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("corp"), "hush\n").unwrap();
        std::fs::write(folder.join("huge"), vec![b'a'; 65 << 10]).unwrap();
        let secrets = Secrets::new(Some(folder.clone()));
        let found = |name: &str| secrets.find(name).map(|it| it.expose().to_owned());
        assert_eq!(found("corp").as_deref(), Some("hush"));
        for name in ["other", "huge", "", "../corp", "a/b", "."] {
            assert_eq!(found(name), None, "{name}");
        }
        assert_eq!(format!("{secrets:?}"), "Secrets");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
