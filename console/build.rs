//! Builds the page with npm, in `OUT_DIR` and never in the source tree, and lists its files for `include_bytes!`.
//! Without Node, or when npm fails, the list holds the fallback page, and the build goes on with a warning.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What npm and Vite read; `src` less its Rust.
const SOURCES: [&str; 6] = [
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "vite.config.ts",
    "index.html",
    "src",
];
/// Vite's own need.
const NODE_MIN: (u32, u32) = (20, 19);
/// `off` leaves the page out, for a quick build.
const SWITCH: &str = "FREEHOLD_CONSOLE";

fn main() -> Result<()> {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    for source in SOURCES.into_iter().chain(["fallback", "build.rs"]) {
        println!("cargo:rerun-if-changed={source}");
    }
    println!("cargo:rerun-if-env-changed={SWITCH}");

    let (folder, complete) = match page(&out) {
        Ok(folder) => (folder, true),
        Err(reason) => {
            println!("cargo:warning=the console is left out, a static page takes its place: {reason}");
            (fallback(&out)?, false)
        }
    };
    fs::write(out.join("files.rs"), table(&folder, complete)?)?;
    Ok(())
}

/// The folder with the built page. Built again only when a source's content changed.
fn page(out: &Path) -> Result<PathBuf> {
    if std::env::var_os(SWITCH).is_some_and(|it| it == "off") {
        return Err(format!("{SWITCH}=off").into());
    }
    let sources = sources()?;
    let (web, dist) = (out.join("web"), out.join("dist"));
    let stamp = out.join("dist.stamp");
    let built_from = digest(&sources);
    if fs::read_to_string(&stamp).is_ok_and(|it| it == built_from) {
        return Ok(dist);
    }
    check_node()?;
    if stamp.exists() {
        fs::remove_file(&stamp)?;
    }
    copy_sources(&sources, &web)?;
    install(&sources, &web)?;
    // An empty folder first: Vite leaves alone what lies outside its root.
    if dist.exists() {
        fs::remove_dir_all(&dist)?;
    }
    let vite = web.join("node_modules/vite/bin/vite.js");
    run(
        Command::new("node")
            .arg(vite)
            .args(["build", "--logLevel", "warn", "--outDir"])
            .arg(&dist)
            .current_dir(&web),
        "vite build",
    )?;
    fs::write(stamp, built_from)?;
    Ok(dist)
}

fn check_node() -> Result<()> {
    let output = run(Command::new("node").arg("--version"), "node")?;
    let version = String::from_utf8_lossy(&output.stdout);
    let mut parts = version
        .trim()
        .trim_start_matches('v')
        .split('.')
        .map_while(|it| it.parse().ok());
    let found = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    if found < NODE_MIN {
        let (major, minor) = NODE_MIN;
        return Err(format!("Node {major}.{minor} or newer is needed, this is {}", version.trim()).into());
    }
    Ok(())
}

/// `npm ci`, unless the packages that lie there come from the same lock file.
fn install(sources: &[(PathBuf, Vec<u8>)], web: &Path) -> Result<()> {
    let lock: Vec<_> = sources
        .iter()
        .filter(|(path, _)| path.starts_with("package-lock.json"))
        .cloned()
        .collect();
    let stamp = web.join("node_modules/.installed");
    let wanted = digest(&lock);
    if fs::read_to_string(&stamp).is_ok_and(|it| it == wanted) {
        return Ok(());
    }
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    // No scripts of packages run; a missing network is found out in seconds.
    let arguments = [
        "ci",
        "--omit=dev",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--prefer-offline",
    ];
    let patience = [
        "--fetch-retries=1",
        "--fetch-retry-mintimeout=1000",
        "--fetch-timeout=60000",
    ];
    run(
        Command::new(npm).args(arguments).args(patience).current_dir(web),
        "npm ci",
    )?;
    fs::write(stamp, wanted)?;
    Ok(())
}

fn run(command: &mut Command, name: &str) -> Result<Output> {
    let output = command
        .output()
        .map_err(|error| format!("`{name}` does not start: {error}"))?;
    if output.status.success() {
        return Ok(output);
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let lines: Vec<_> = said.lines().map(str::trim).filter(|it| !it.is_empty()).collect();
    let first = lines[..lines.len().min(6)].join(" | ");
    Err(format!("`{name}` failed: {first}").into())
}

/// Every source with its content, in a stable order.
fn sources() -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut found = Vec::new();
    for source in SOURCES {
        let path = Path::new(source);
        if path.is_dir() {
            found.extend(files_under(path)?);
        } else {
            found.push(path.to_owned());
        }
    }
    found.retain(|path| path.extension().is_none_or(|it| it != "rs"));
    found
        .into_iter()
        .map(|path| fs::read(&path).map(|bytes| (path, bytes)).map_err(Into::into))
        .collect()
}

/// Replaces the copy of `src`, so that a deleted file is gone there too; `node_modules` stays.
fn copy_sources(sources: &[(PathBuf, Vec<u8>)], web: &Path) -> Result<()> {
    if web.join("src").exists() {
        fs::remove_dir_all(web.join("src"))?;
    }
    for (path, bytes) in sources {
        let target = web.join(path);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(target, bytes)?;
    }
    Ok(())
}

fn fallback(out: &Path) -> Result<PathBuf> {
    let folder = out.join("fallback");
    fs::create_dir_all(folder.join("assets"))?;
    fs::copy("fallback/index.html", folder.join("index.html"))?;
    fs::copy("fallback/fallback.css", folder.join("assets/fallback.css"))?;
    Ok(folder)
}

fn digest(files: &[(PathBuf, Vec<u8>)]) -> String {
    let mut hasher = DefaultHasher::new();
    files.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Rust that lists the files under `folder`, sorted by their URL path.
fn table(folder: &Path, complete: bool) -> Result<String> {
    let mut code = format!("const COMPLETE: bool = {complete};\nstatic FILES: &[(&str, &[u8])] = &[\n");
    let mut files = Vec::new();
    for path in files_under(folder)? {
        let parts: Vec<_> = path
            .strip_prefix(folder)?
            .iter()
            .map(|it| it.to_string_lossy())
            .collect();
        files.push((format!("/{}", parts.join("/")), path));
    }
    files.sort();
    for (url, path) in files {
        writeln!(
            code,
            "    ({url:?}, include_bytes!({:?})),",
            path.to_str().ok_or("OUT_DIR is not UTF-8")?
        )?;
    }
    code.push_str("];\n");
    Ok(code)
}

fn files_under(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files_under(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
