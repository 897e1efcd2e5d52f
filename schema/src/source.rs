//! The text an app is written in, and places in it.

/// One file of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Path relative to the app's directory, with `/`.
    pub name: String,
    /// The text.
    pub text: String,
}

/// Index of a file in [`Sources`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// A place: bytes `start..end` of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// All files of an app.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    /// The files, in the order in which they are merged.
    pub fn new(mut files: Vec<SourceFile>) -> Self {
        files.sort_by(|a, b| a.name.cmp(&b.name));
        Self { files }
    }

    /// Every file with its id.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files
            .iter()
            .enumerate()
            .map(|(index, file)| (FileId(index as u32), file))
    }

    /// The file of that id. Ids come from this value alone.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// Line and column of the span's start, both from 1; columns count characters.
    pub fn position(&self, span: Span) -> (usize, usize) {
        let text = &self.file(span.file).text;
        let before = text.get(..span.start as usize).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (
            before.matches('\n').count() + 1,
            before[line_start..].chars().count() + 1,
        )
    }
}

/// What a file of an app's directory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// A part of the model: `*.yaml` or `*.yml` anywhere else.
    Model,
    /// Development data: `seed.yaml`, or a file under `seed/`.
    Seed,
    /// A policy test: a file under `tests/`.
    Test,
    /// Operations of clients: `*.graphql`, `*.gql` or `*.json` under `operations/`.
    Operation,
    /// Nothing that the compiler reads.
    Other,
}

/// What the file of that path, relative to the app's directory and with `/`, is.
pub fn is_model_file(relative_path: &str) -> FileKind {
    let path = relative_path.strip_prefix("./").unwrap_or(relative_path);
    let mut parts: Vec<&str> = path.split('/').collect();
    let Some(file) = parts.pop() else {
        return FileKind::Other;
    };
    let Some((stem, ending @ ("yaml" | "yml" | "graphql" | "gql" | "json"))) = file.rsplit_once('.') else {
        return FileKind::Other;
    };
    if stem.is_empty()
        || file.starts_with('.')
        || parts
            .iter()
            .any(|part| part.starts_with('.') || *part == "node_modules")
    {
        return FileKind::Other;
    }
    if !matches!(ending, "yaml" | "yml") {
        return match parts.first() {
            Some(&"operations") => FileKind::Operation,
            _ => FileKind::Other,
        };
    }
    match parts.first() {
        Some(&("public" | "functions")) => FileKind::Other,
        Some(&"tests") => FileKind::Test,
        Some(&"seed") => FileKind::Seed,
        None if stem == "seed" => FileKind::Seed,
        _ => FileKind::Model,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_files() {
        for (path, expected) in [
            ("app.yaml", FileKind::Model),
            ("./entities/ticket.yml", FileKind::Model),
            ("access/deep/er.yaml", FileKind::Model),
            ("seed.yaml", FileKind::Seed),
            ("seed/people.yaml", FileKind::Seed),
            ("entities/seed.yaml", FileKind::Model),
            ("tests/tickets.yaml", FileKind::Test),
            (".freehold/x.yaml", FileKind::Other),
            ("public/x.yaml", FileKind::Other),
            ("functions/x.yaml", FileKind::Other),
            ("a/node_modules/x.yaml", FileKind::Other),
            ("README.md", FileKind::Other),
            (".yaml", FileKind::Other),
            ("operations/tickets.graphql", FileKind::Operation),
            ("./operations/web/tickets.gql", FileKind::Operation),
            ("operations/manifest.json", FileKind::Operation),
            ("operations/tickets.yaml", FileKind::Model),
            ("operations/README.md", FileKind::Other),
            ("operations/.graphql", FileKind::Other),
            ("operations/.hidden/a.graphql", FileKind::Other),
            ("operations/node_modules/a.json", FileKind::Other),
            ("tickets.graphql", FileKind::Other),
            ("package.json", FileKind::Other),
            ("web/operations/a.graphql", FileKind::Other),
            ("tests/a.json", FileKind::Other),
        ] {
            assert_eq!(is_model_file(path), expected, "{path}");
        }
    }

    #[test]
    fn positions_count_characters() {
        let sources = Sources::new(vec![SourceFile {
            name: "a.yaml".into(),
            text: "é: 1\nü: x\n".into(),
        }]);
        assert_eq!(
            sources.position(Span {
                file: FileId(0),
                start: 10,
                end: 11
            }),
            (2, 4)
        );
    }
}
