//! Files that are written by a program and kept in the repository, so that they can be read there.
//!
//! A generator is one line in [`GENERATORS`] and a function from the tree to the whole text of its
//! output. `cargo xtask generate` writes the outputs; with `--check`, as `cargo xtask test` runs it,
//! an output that is out of date is an error. A generator may run a program of the workspace, whose
//! output it gets with [`cargo::read`]; what it writes must depend on nothing but the repository.

mod codes;
mod limits;
mod rfd;

use std::fs;

use crate::cargo;
use crate::tree::Tree;

/// The generators, in the order they run.
const GENERATORS: &[Generator] = &[codes::GENERATOR, limits::GENERATOR, rfd::GENERATOR];

/// Something that writes one file.
struct Generator {
    /// The file it writes, from the root.
    output: &'static str,
    /// The whole text of the file, which may keep parts of what stands there now.
    make: fn(&Tree) -> Result<String, String>,
}

/// The files that are generated: the checks let those in Rust be long and open as they like.
pub(crate) fn outputs() -> Vec<String> {
    GENERATORS.iter().map(|generator| generator.output.to_owned()).collect()
}

/// `cargo xtask generate [--check]`
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let check = match arguments {
        [] => false,
        [flag] if flag == "--check" => true,
        _ => return Err("`cargo xtask generate` knows one flag, `--check`".to_owned()),
    };
    let root = cargo::root();
    let tree = Tree::read(&root, outputs())?;
    let mut stale = Vec::new();
    for generator in GENERATORS {
        let text = (generator.make)(&tree)?;
        if tree.text(generator.output) == Some(text.as_str()) {
            continue;
        }
        if check {
            stale.push(format!("`{}` is out of date", generator.output));
        } else {
            let path = root.join(generator.output);
            fs::write(&path, text).map_err(|error| format!("`{}` cannot be written: {error}", generator.output))?;
            println!("wrote {}", generator.output);
        }
    }
    if stale.is_empty() { Ok(()) } else { Err(format!("{}; run `cargo xtask generate`", stale.join(", "))) }
}
