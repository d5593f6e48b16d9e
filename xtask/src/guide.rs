//! `cargo xtask guide`: the worked examples of `docs/guide`, carried out.
//!
//! A page holds its changes as code blocks, each under a line that says where it goes:
//!
//! ```text
//! New file `crates/a/src/b.rs`:
//! In `crates/a/src/lib.rs`, below `mod a;`:
//! In `crates/a/src/lib.rs`, above `mod c;`:
//! Run `cargo test -p a some_test`
//! ```
//!
//! The changes of all pages are made in one copy of the tree outside the repository, and what the
//! pages say to run is run there. That each change has its place is also a check of `cargo xtask tidy`,
//! so that whoever moves such a place learns it at once.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::cargo;
use crate::tree::Tree;

/// Where the pages lie.
pub(crate) const FOLDER: &str = "docs/guide/";

/// One change that a page asks for.
#[derive(Debug, PartialEq)]
pub(crate) struct Change<'a> {
    /// Line of the page, from 0.
    pub(crate) line: usize,
    /// The file it is made in.
    pub(crate) path: &'a str,
    pub(crate) place: Place<'a>,
    /// The lines that go there, each with its end.
    pub(crate) text: String,
}

/// Where in the file.
#[derive(Debug, PartialEq)]
pub(crate) enum Place<'a> {
    /// The file is made.
    New,
    /// Below the line that reads so, but for white space around it.
    Below(&'a str),
    /// Above it.
    Above(&'a str),
}

/// What a page asks for.
#[derive(Debug, Default)]
pub(crate) struct Page<'a> {
    pub(crate) changes: Vec<Change<'a>>,
    /// Arguments to cargo.
    pub(crate) runs: Vec<&'a str>,
}

/// Reads a page; a fault comes with its line, from 0.
pub(crate) fn parse(text: &str) -> Result<Page<'_>, (usize, String)> {
    let mut page = Page::default();
    let mut lines = text.lines().enumerate();
    let mut next: Option<(usize, &str, Place<'_>)> = None;
    while let Some((n, line)) = lines.next() {
        if line.starts_with("```") {
            let block = lines.by_ref().take_while(|(_, inside)| *inside != "```");
            let text: String = block.flat_map(|(_, inside)| [inside, "\n"]).collect();
            if let Some((line, path, place)) = next.take() {
                page.changes.push(Change { line, path, place, text });
            }
        } else if let Some(words) = line.strip_prefix("Run `cargo ") {
            page.runs.push(words.split('`').next().unwrap_or_default());
        } else if line.starts_with("New file `") || line.starts_with("In `") {
            next = Some(place(n, line)?);
        } else if !line.trim().is_empty() && next.is_some() {
            return Err((n, "a code block should follow the line that says where it goes".to_owned()));
        }
    }
    match next {
        Some((line, _, _)) => Err((line, "no code block follows".to_owned())),
        None => Ok(page),
    }
}

fn place(n: usize, line: &str) -> Result<(usize, &str, Place<'_>), (usize, String)> {
    let parts: Vec<&str> = line.split('`').collect();
    match parts.as_slice() {
        ["New file ", path, ":"] => Ok((n, path, Place::New)),
        ["In ", path, ", below ", anchor, ":"] => Ok((n, path, Place::Below(anchor))),
        ["In ", path, ", above ", anchor, ":"] => Ok((n, path, Place::Above(anchor))),
        _ => Err((n, "is not `New file PATH:` nor `In PATH, below LINE:` nor `In PATH, above LINE:`".to_owned())),
    }
}

/// The file with the change made, or why that cannot be.
pub(crate) fn apply(change: &Change<'_>, file: Option<&str>) -> Result<String, String> {
    let (anchor, below) = match change.place {
        Place::New if file.is_some() => return Err(format!("`{}` is there already", change.path)),
        Place::New => return Ok(change.text.clone()),
        Place::Below(anchor) => (anchor, true),
        Place::Above(anchor) => (anchor, false),
    };
    let file = file.ok_or_else(|| format!("`{}` is not there", change.path))?;
    let found = file.lines().filter(|line| line.trim() == anchor).count();
    if found != 1 {
        return Err(format!("`{anchor}` stands {found} times in `{}`, and should once", change.path));
    }
    let mut out = String::new();
    for line in file.lines() {
        let here = line.trim() == anchor;
        if here && !below {
            out.push_str(&change.text);
        }
        out.push_str(line);
        out.push('\n');
        if here && below {
            out.push_str(&change.text);
        }
    }
    Ok(out)
}

/// `cargo xtask guide`
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    if let Some(word) = arguments.first() {
        return Err(format!("`cargo xtask guide` takes no `{word}`; it carries out every page"));
    }
    let root = cargo::root();
    let mut files = Tree::files(&root)?;
    let mut runs = Vec::new();
    let pages: Vec<(String, String)> = pages(&files);
    for (path, text) in &pages {
        let fault = |line: usize, cause: &str| format!("{path}:{}: {cause}", line + 1);
        let page = parse(text).map_err(|(line, cause)| fault(line, &cause))?;
        for change in &page.changes {
            let file = files.get(change.path).and_then(|bytes| std::str::from_utf8(bytes).ok());
            let after = apply(change, file).map_err(|cause| fault(change.line, &cause))?;
            files.insert(change.path.to_owned(), after.into_bytes());
        }
        runs.extend(page.runs.iter().map(|words| (path.as_str(), words.to_string())));
    }
    apart(&mut files);
    // The same place for a checkout every time, and left there: what did not change since the last run
    // keeps its time, and is not built again.
    let copy = std::env::temp_dir().join(format!("writ-guide-{}", name_of(&root)));
    write(&copy, &files)?;
    println!("   {} pages, in {}", pages.len(), copy.display());
    // What others wrote is built for this checkout already, and shared. Programs are not: a changed
    // `writ` must not take the place of ours.
    let target = cargo::target(&root)?;
    let programs = target.join("guide");
    for (path, words) in runs {
        println!("   {path}: cargo {words}");
        let mut command = cargo::cargo(&copy);
        command.args(words.split_whitespace());
        command.env("CARGO_BUILD_BUILD_DIR", &target).env("CARGO_TARGET_DIR", &programs);
        let output = command.output().map_err(|error| format!("cargo does not start: {error}"))?;
        let said = String::from_utf8_lossy(&output.stdout);
        // A filter that names no test would pass as well.
        let ran = !words.starts_with("test")
            || said.lines().any(|line| line.starts_with("test result: ok. ") && !line.contains("ok. 0 passed"));
        if !output.status.success() || !ran {
            let erred = String::from_utf8_lossy(&output.stderr);
            return Err(format!(
                "{path}: `cargo {words}` failed or ran no test; see {}\n{said}{erred}",
                copy.display()
            ));
        }
    }
    Ok(())
}

/// Builds the crates of the copy otherwise than those of this checkout. Cargo knows a crate by where it
/// lies in its workspace, so that without this it would take the one's for the other's.
fn apart(files: &mut BTreeMap<String, Vec<u8>>) {
    let manifest = |path: &String| {
        path.strip_suffix("/Cargo.toml").map(|folder| folder.rsplit('/').next().unwrap_or(folder).to_owned())
    };
    let names: Vec<String> = files.keys().filter_map(manifest).collect();
    let config = files.entry(".cargo/config.toml".to_owned()).or_default();
    for name in names {
        config.extend_from_slice(format!("\n[profile.dev.package.{name}]\ndebug = false\n").as_bytes());
    }
}

/// A short name of a checkout, so that two of them do not share a copy.
fn name_of(root: &Path) -> String {
    let digest = Sha256::digest(root.as_os_str().as_encoded_bytes());
    digest.iter().take(4).map(|byte| char::from(b'a' + byte % 26)).collect()
}

fn pages(files: &BTreeMap<String, Vec<u8>>) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let inside = files.iter().filter(|(path, _)| path.starts_with(FOLDER));
    inside.map(|(path, bytes)| (path.clone(), text(bytes))).collect()
}

/// Makes the folder hold exactly these files. One that holds them already is left as it is, with its
/// time, so that cargo builds only what changed.
fn write(folder: &Path, files: &BTreeMap<String, Vec<u8>>) -> Result<(), String> {
    let failed = |path: &Path, error: &std::io::Error| format!("`{}` cannot be written: {error}", path.display());
    if folder.exists() {
        for path in Tree::files(folder)?.keys().filter(|path| !files.contains_key(*path)) {
            let path = folder.join(path);
            fs::remove_file(&path).map_err(|error| failed(&path, &error))?;
        }
    }
    for (path, bytes) in files {
        let path = folder.join(path);
        if fs::read(&path).is_ok_and(|there| there == *bytes) {
            continue;
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|error| failed(parent, &error))?;
        }
        fs::write(&path, bytes).map_err(|error| failed(&path, &error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_what_goes_where() {
        let text = "# T\n\nNew file `a.rs`:\n\n```rust\n//! A.\n```\n\nIn `b.rs`, below `mod b;`:\n```rust\nmod c;\n```\nRun `cargo test -p a`.\n\n```\nshown only\n```\n";
        let page = parse(text).unwrap();
        assert_eq!(page.runs, ["test -p a"]);
        assert_eq!(page.changes.len(), 2);
        assert_eq!(apply(&page.changes[0], None).unwrap(), "//! A.\n");
        assert!(apply(&page.changes[0], Some("")).is_err());
        assert_eq!(
            apply(&page.changes[1], Some("mod a;\n  mod b;\nmod d;\n")).unwrap(),
            "mod a;\n  mod b;\nmod c;\nmod d;\n"
        );
        for file in ["mod a;\n", "mod b;\nmod b;\n"] {
            assert!(apply(&page.changes[1], Some(file)).unwrap_err().contains("times"));
        }
        let above = Change { place: Place::Above("x"), ..parse(text).unwrap().changes.remove(1) };
        assert_eq!(apply(&above, Some("x\n")).unwrap(), "mod c;\nx\n");
    }

    #[test]
    fn a_page_that_is_cut_or_unclear_is_refused() {
        for text in ["New file `a.rs`:\n", "New file `a.rs`:\nwords\n```\n```\n", "In `a.rs` below `b`:\n```\n```\n"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
