//! Folders with everything in them that a folder can hold.

use super::{InputFile, Path, PathBuf, Place, Walk, fs};
use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

fn touch(path: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    File::create(path).unwrap().write_all(b"{}").unwrap();
}

fn walk(paths: &[PathBuf]) -> Walk {
    super::walk(paths, &|_| false)
}

fn walk_bounded(paths: &[PathBuf], files_max: usize) -> Walk {
    super::walk_bounded(paths, &|_| false, files_max)
}

/// Names below `root`.
fn names(walk: &Walk, root: &Path) -> Vec<String> {
    let prefix = format!("{}/", root.display());
    walk.files.iter().map(|file| file.name.strip_prefix(&prefix).unwrap_or(&file.name).to_owned()).collect()
}

#[test]
fn folders_are_walked_in_the_order_of_their_names() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["b.json", "a/z.json", "a/b/c.json", "a.json", "c/.hidden", ".git/config", "c/.aws/credentials"] {
        touch(&folder.path().join(name));
    }
    let walk = walk(&[folder.path().to_path_buf()]);
    assert_eq!(names(&walk, folder.path()), ["a/b/c.json", "a/z.json", "a.json", "b.json"]);
    assert_eq!((walk.problems.len(), walk.notes.len()), (0, 1));
    assert_eq!(walk.notes[0].text, "3 hidden entries (names that begin with a dot) were not read");
    // What is named is read, hidden or not, and each file once.
    let hidden = folder.path().join("c/.hidden");
    let walk =
        self::walk(&[hidden.clone(), "-".into(), folder.path().join("a"), folder.path().join("a/z.json"), "-".into()]);
    assert_eq!(names(&walk, folder.path()), ["c/.hidden", "-", "a/b/c.json", "a/z.json"]);
    assert_eq!(walk.notes.len(), 1);
    assert_eq!(walk.notes[0].text, "leads to a file that is read already");
}

#[test]
fn links_are_followed_inside_the_folder_only_and_loops_end() {
    let outside = tempfile::tempdir().unwrap();
    touch(&outside.path().join("secret"));
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    touch(&at("data/real.json"));
    symlink("../data/real.json", at("data/twin.json")).unwrap();
    symlink(folder.path(), at("data/loop")).unwrap();
    symlink("data", at("again")).unwrap();
    symlink("nowhere", at("dangling")).unwrap();
    symlink(outside.path().join("secret"), at("leak")).unwrap();
    symlink(outside.path(), at("leaks")).unwrap();
    let walk = walk(&[folder.path().to_path_buf()]);
    // `again` sorts before `data` and is the same folder.
    assert_eq!(names(&walk, folder.path()), ["again/real.json"]);
    let notes: Vec<&str> = walk.notes.iter().map(|note| note.text.split(';').next().unwrap()).collect();
    let out = format!("a link that leads out of `{}`", fs::canonicalize(folder.path()).unwrap().display());
    assert_eq!(notes.iter().filter(|note| **note == out).count(), 2, "{notes:?}");
    assert_eq!(notes.iter().filter(|note| note.starts_with("leads to")).count(), 3, "{notes:?}");
    assert_eq!(walk.problems.len(), 1);
    assert!(walk.problems[0].name.ends_with("/dangling"));
    // A link that is named is followed wherever it leads.
    assert_eq!(self::walk(&[at("leaks")]).files.len(), 1);
    assert_eq!(self::walk(&[at("leak")]).files.len(), 1);
}

#[test]
fn what_is_no_file_is_passed_over_and_what_is_not_there_is_a_problem() {
    let folder = tempfile::tempdir().unwrap();
    touch(&folder.path().join("a.json"));
    let _socket = UnixListener::bind(folder.path().join("socket")).unwrap();
    let walk = walk(&[folder.path().join("missing"), folder.path().to_path_buf()]);
    assert_eq!(names(&walk, folder.path()), ["a.json"]);
    assert_eq!(walk.notes[0].text, "a pipe, socket or device, not read; name it to read it");
    assert!(walk.problems[0].name.ends_with("/missing"));
    assert!(walk.problems[0].remedy.starts_with("check the spelling"));
    // A device that is named is read.
    let walk = self::walk(&["/dev/null".into()]);
    assert_eq!(walk.files, [InputFile { name: "/dev/null".to_owned(), place: Place::Stream("/dev/null".into()) }]);
}

#[test]
fn the_number_of_files_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    for n in 0..20 {
        touch(&folder.path().join(format!("{n}.json")));
    }
    let walk = walk_bounded(&[folder.path().to_path_buf()], 10);
    assert!(walk.files.len() <= 10);
    assert_eq!(walk.problems[0].cause, "more than 10 files; those behind were not read");
    let walk = walk_bounded(&[folder.path().to_path_buf()], 20);
    assert_eq!((walk.files.len(), walk.problems.len()), (20, 0));
}

#[test]
fn own_folders_are_passed_over_whatever_way_leads_there() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for name in ["a.json", "own/secret", "own/log/0.log", "owner/b.json"] {
        touch(&at(name));
    }
    symlink("own/secret", at("link")).unwrap();
    symlink("own", at("linked")).unwrap();
    let own = fs::canonicalize(at("own")).unwrap();
    let walk = super::walk(&[folder.path().to_path_buf()], &|path| path == own);
    assert_eq!(names(&walk, folder.path()), ["a.json", "owner/b.json"]);
    assert_eq!(walk.notes.iter().filter(|note| note.text.starts_with("a folder of Writ itself")).count(), 3);
}
