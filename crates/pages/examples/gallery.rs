//! Writes every page into a folder, to look at: `cargo run -p freehold-pages --example gallery -- target/gallery`.
//!
//! `NAME.html` is a page and `NAME.policy` its policy; `themed-NAME` has a tenant's looks. The script stands at its path.
//! `tests/page/gallery.mjs` serves the folder and judges it.

mod demo;

use demo::{Plain, Words, pages};
use freehold_pages::{Theme, asset, script_path};
use std::path::PathBuf;
use std::{env, fs, io};

/// A tenant with a colour that white cannot be read on.
struct Themed;

impl Words for Themed {
    fn theme(&self) -> Theme {
        Theme {
            title: "Birch & Sons, Fine Furniture".to_owned(),
            logo_url: Some("/logo.svg".to_owned()),
            accent: Some("#f2b705".to_owned()),
        }
    }
}

const LOGO: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><circle cx="20" cy="20" r="20" fill="#f2b705"/><path d="M12 30V10h8a6 6 0 0 1 3 11 6 6 0 0 1-3 9z" fill="#1b1f24"/></svg>"##;

fn main() -> io::Result<()> {
    let folder = PathBuf::from(env::args().nth(1).unwrap_or_else(|| "target/gallery".to_owned()));
    let write = |path: &str, bytes: &[u8]| -> io::Result<()> {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, bytes)
    };
    let themed = pages(&Themed).into_iter();
    let themed = themed.filter(|(name, _)| matches!(*name, "sign-in" | "account" | "totp"));
    let all = pages(&Plain)
        .into_iter()
        .map(|(name, page)| (name.to_owned(), page))
        .chain(themed.map(|(name, page)| (format!("themed-{name}"), page)));
    for (name, page) in all {
        write(&format!("{name}.html"), page.html.as_bytes())?;
        write(&format!("{name}.policy"), page.policy.as_bytes())?;
    }
    if let Some(script) = asset(script_path()) {
        write(script_path().trim_start_matches('/'), script.bytes)?;
    }
    write("logo.svg", LOGO.as_bytes())
}
