//! One fault, as its file states it.

use std::collections::BTreeMap;
use std::path::Path;

/// A change to one place of one file, and the test that must notice it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The file's name without `.toml`.
    pub(crate) name: String,
    /// What would be wrong.
    pub(crate) about: String,
    /// Path from the root.
    pub(crate) file: String,
    find: String,
    replace: String,
    /// `cargo test …`, which passes without the fault and fails with it.
    pub(crate) test: String,
}

impl Fault {
    /// Every fault, by name.
    pub(crate) fn all(root: &Path) -> Result<Vec<Self>, String> {
        let folder = root.join("tests/faults");
        let entries = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let mut faults = Vec::new();
        for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if let Some(name) = name.strip_suffix(".toml") {
                let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
                faults.push(Self::parse(name, &text)?);
            }
        }
        faults.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(faults)
    }

    fn parse(name: &str, text: &str) -> Result<Self, String> {
        let mut entries = entries(text).map_err(|reason| format!("tests/faults/{name}.toml: {reason}"))?;
        let mut take = |key: &str| {
            entries
                .remove(key)
                .ok_or_else(|| format!("tests/faults/{name}.toml: `{key}` is missing"))
        };
        let fault = Self {
            name: name.to_owned(),
            about: take("about")?,
            file: take("file")?,
            find: take("find")?,
            replace: take("replace")?,
            test: take("test")?,
        };
        if let Some(key) = entries.keys().next() {
            return Err(format!("tests/faults/{name}.toml: unknown key `{key}`"));
        }
        if fault.about.is_empty() || fault.find == fault.replace || !fault.test.starts_with("cargo test ") {
            return Err(format!(
                "tests/faults/{name}.toml: it has an `about`, changes something, and its `test` is `cargo test …`"
            ));
        }
        Ok(fault)
    }

    /// The file with the fault in it.
    pub(crate) fn planted(&self, root: &Path) -> Result<String, String> {
        let path = root.join(&self.file);
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        match text.matches(&self.find).count() {
            1 => Ok(text.replacen(&self.find, &self.replace, 1)),
            found => Err(format!(
                "the fault `{}` is out of date: what it replaces stands {found} times in {}, not once",
                self.name, self.file
            )),
        }
    }
}

/// The part of TOML that these files use: `key = 'text'`, and `'''` around texts of several lines. Nothing is escaped in either.
fn entries(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut entries = BTreeMap::new();
    let mut rest = text;
    while let Some((line, behind)) = rest.split_once('\n') {
        if line.trim().is_empty() || line.starts_with('#') {
            rest = behind;
            continue;
        }
        let (key, value) = rest
            .split_once(" = '")
            .ok_or_else(|| format!("`{line}` is no `key = 'text'`"))?;
        let (value, quote) = match value.strip_prefix("''") {
            Some(value) => (value.strip_prefix('\n').unwrap_or(value), "'''"),
            None => (value, "'"),
        };
        let (value, behind) = value
            .split_once(&format!("{quote}\n"))
            .ok_or_else(|| format!("`{key}` does not end"))?;
        if key.contains('\n') || entries.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(format!("`{key}` is wrong here"));
        }
        rest = behind;
    }
    if rest.trim().is_empty() {
        Ok(entries)
    } else {
        Err("the last line does not end".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read() {
        let text = "# why\nabout = 'a \"b\"'\nfile = 'f'\n\nfind = '''\n  x\n  'y'\n'''\nreplace = '''z'''\ntest = 'cargo test -p a'\n";
        let fault = Fault::parse("n", text).unwrap();
        assert_eq!((fault.about.as_str(), fault.find.as_str()), ("a \"b\"", "  x\n  'y'\n"));
        assert_eq!((fault.replace.as_str(), fault.test.as_str()), ("z", "cargo test -p a"));
        for (from, to) in [
            ("about", "aboot"),
            ("'f'\n", "'f\n"),
            ("file = 'f'\n", ""),
            ("cargo test", "true"),
            ("'''z'''", "z"),
            ("-p a'\n", "-p a'"),
        ] {
            assert!(Fault::parse("n", &text.replacen(from, to, 1)).is_err(), "{from}");
        }
    }
}
