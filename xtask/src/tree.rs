//! What the checks look at: the files of the repository and what cargo says about its packages.
//!
//! A [`Tree`] is plain data, so a check can be tried on a made-up one that breaks its rule.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::bench::sqlite;
use crate::cargo;

/// The repository as the checks see it.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    /// Contents by path from the root, with `/` between the parts.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// Every package that the lock file can bring in.
    pub(crate) packages: Vec<Package>,
    /// The same of the program that the benchmark compares with, which has a lock file of its own.
    pub(crate) beside: Vec<Package>,
    /// For each crate of the workspace, what it brings along when it is built by itself.
    pub(crate) closures: BTreeMap<String, Vec<Brought>>,
    /// SHA-256 of third-party files that may not be copied, with their names; `None` if they are not here.
    pub(crate) foreign: Option<BTreeMap<String, String>>,
    /// The generated files.
    pub(crate) generated: Vec<String>,
    /// Where this checkout lies.
    pub(crate) checkout: String,
}

/// A package, as `cargo metadata` describes it.
#[derive(Clone, Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) licence: Option<String>,
    /// It belongs to this workspace.
    pub(crate) member: bool,
    /// The packages it names under `[dependencies]`.
    pub(crate) dependencies: Vec<String>,
}

/// A package that another one brings along.
#[derive(Clone, Debug)]
pub(crate) struct Brought {
    pub(crate) name: String,
    pub(crate) features: Vec<String>,
}

impl Tree {
    /// Reads the repository at `root` and asks cargo about it.
    pub(crate) fn read(root: &Path, generated: Vec<String>) -> Result<Self, String> {
        let files = Self::files(root)?;
        let beside = packages(&cargo::metadata_outside(root, sqlite::MANIFEST)?);
        let packages = packages(&cargo::metadata(root)?);
        let mut closures = BTreeMap::new();
        for package in packages.iter().filter(|package| package.member) {
            closures.insert(package.name.clone(), closure(root, &package.name)?);
        }
        let checkout = root.to_string_lossy().into_owned();
        Ok(Self { files, packages, beside, closures, foreign: foreign(root)?, generated, checkout })
    }

    /// The files under a folder, by path; what `.gitignore` there names is left out.
    pub(crate) fn files(root: &Path) -> Result<BTreeMap<String, Vec<u8>>, String> {
        let mut files = BTreeMap::new();
        collect(root, "", &ignored(root), &mut files)?;
        Ok(files)
    }

    /// Text files with one of these endings, by path.
    pub(crate) fn texts<'a>(&'a self, endings: &'a [&str]) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.files.iter().filter_map(move |(path, bytes)| {
            let wanted = endings.iter().any(|ending| path.ends_with(ending));
            let text = wanted.then(|| std::str::from_utf8(bytes).ok()).flatten()?;
            Some((path.as_str(), text))
        })
    }

    /// The Rust files of the workspace. Rust under a `testdata` folder is data, not code.
    pub(crate) fn rust(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts(&[".rs"]).filter(|(path, _)| !path.contains("/testdata/"))
    }

    /// One text file.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).and_then(|bytes| std::str::from_utf8(bytes).ok())
    }
}

/// The names that `.gitignore` leaves out, of which only plain names are understood.
///
/// Files are found by walking, not by asking git, so that the checks also run on an unpacked archive.
fn ignored(root: &Path) -> Vec<String> {
    let text = fs::read_to_string(root.join(".gitignore")).unwrap_or_default();
    let names = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    names.map(|name| name.trim_end_matches('/').to_owned()).chain([".git".to_owned()]).collect()
}

fn collect(
    folder: &Path,
    prefix: &str,
    ignored: &[String],
    into: &mut BTreeMap<String, Vec<u8>>,
) -> Result<(), String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("`{}` cannot be listed: {error}", folder.display()))?;
    for entry in entries {
        let entry = entry.map_err(|error| format!("`{}` cannot be listed: {error}", folder.display()))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if ignored.iter().any(|left_out| *left_out == name || left_out.strip_prefix('/') == Some(path.as_str())) {
            continue;
        }
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            // Caches mark themselves with this file; a moved target folder is one.
            if !entry.path().join("CACHEDIR.TAG").exists() {
                collect(&entry.path(), &format!("{path}/"), ignored, into)?;
            }
        } else if kind.is_file() {
            // A file that an editor removed since the listing is no news.
            if let Ok(bytes) = fs::read(entry.path()) {
                into.insert(path, bytes);
            }
        }
    }
    Ok(())
}

/// The packages in `cargo metadata`.
fn packages(metadata: &Value) -> Vec<Package> {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let list = |value: &Value, name: &str| value.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let members = list(metadata, "workspace_members");
    let packages = list(metadata, "packages");
    let read = |package: &Value| {
        let dependencies = list(package, "dependencies");
        let normal = dependencies.iter().filter(|dependency| dependency.get("kind").is_none_or(Value::is_null));
        Some(Package {
            name: text(package, "name")?,
            version: text(package, "version")?,
            licence: text(package, "license"),
            member: package.get("id").is_some_and(|id| members.contains(id)),
            dependencies: normal.filter_map(|dependency| text(dependency, "name")).collect(),
        })
    };
    packages.iter().filter_map(read).collect()
}

/// What one crate brings along when it alone is built: `cargo metadata` cannot tell, since it joins
/// the features that all crates of the workspace ask for.
fn closure(root: &Path, name: &str) -> Result<Vec<Brought>, String> {
    let edges = "normal,no-proc-macro";
    let text = cargo::read(root, &["tree", "-p", name, "-e", edges, "--prefix", "none", "-f", "{p}|{f}"])?;
    Ok(text.lines().skip(1).filter_map(brought).collect())
}

/// Reads `serde v1.0.229|alloc,derive`, where cargo may have put ` (*)` behind.
fn brought(line: &str) -> Option<Brought> {
    let (package, features) = line.trim_end_matches(" (*)").split_once('|')?;
    let name = package.split(' ').next()?.to_owned();
    let features = features.split(',').map(str::trim).filter(|feature| !feature.is_empty()).map(str::to_owned);
    Some(Brought { name, features: features.collect() })
}

/// The digests of third-party fixtures, which lie beside the checkout of those who have them.
fn foreign(root: &Path) -> Result<Option<BTreeMap<String, String>>, String> {
    let path = root.join("../shared/data/MANIFEST.sha256");
    if !path.exists() {
        return Ok(None);
    }
    let text = fs::read_to_string(&path).map_err(|error| format!("`{}` cannot be read: {error}", path.display()))?;
    let pairs = text.lines().filter_map(|line| line.split_once(char::is_whitespace));
    Ok(Some(pairs.map(|(digest, name)| (digest.to_owned(), name.trim().to_owned())).collect()))
}

#[cfg(test)]
impl Tree {
    /// A tree of these files and nothing else.
    pub(crate) fn made(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect();
        Self { files, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_cargo_tree_gives_name_and_features() {
        let read = brought("serde v1.0.229|alloc,derive (*)").unwrap();
        assert_eq!((read.name.as_str(), read.features), ("serde", vec!["alloc".to_owned(), "derive".to_owned()]));
        let own = brought("writ-model v0.1.0 (/somewhere/writ-model)|").unwrap();
        assert_eq!((own.name.as_str(), own.features.len()), ("writ-model", 0));
        assert!(brought("").is_none());
    }

    #[test]
    fn only_normal_dependencies_are_edges() {
        let metadata = serde_json::json!({
            "workspace_members": ["a"],
            "packages": [
                {"id": "a", "name": "ours", "version": "1.0.0", "license": "MIT", "dependencies": [
                    {"name": "kept", "kind": null}, {"name": "only-tests", "kind": "dev"}, {"name": "only-build", "kind": "build"}
                ]},
                {"id": "b", "name": "theirs", "version": "2.0.0", "license": null, "dependencies": []}
            ]
        });
        let packages = packages(&metadata);
        assert_eq!(packages[0].dependencies, ["kept"]);
        assert_eq!((packages[0].member, packages[1].member), (true, false));
        assert_eq!(packages[1].licence, None);
    }

    #[test]
    fn this_repository_is_read() {
        let mut files = BTreeMap::new();
        let root = cargo::root();
        collect(&root, "", &ignored(&root), &mut files).unwrap();
        assert!(files.contains_key("xtask/src/tree.rs"));
        assert!(
            !files.keys().any(|path| path.starts_with("target/") || path.starts_with(".git/")),
            "ignored folders are left out"
        );
    }
}
