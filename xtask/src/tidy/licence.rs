//! What Writ is built from must be free to hand on: the licence of every package is read and judged.

use super::{Check, Problem};
use crate::bench::sqlite;
use crate::tree::{Package, Tree};

pub(super) const CHECK: Check =
    Check { name: "licence", says: "every package has a licence that Apache-2.0 can be handed on with", run };

/// Permissive licences, by their SPDX names.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// The licence of the crates of this workspace.
const OURS: &str = "Apache-2.0";

fn run(tree: &Tree) -> Vec<Problem> {
    let within = judge(&tree.packages, "");
    let folder = sqlite::MANIFEST.trim_end_matches("Cargo.toml");
    within.chain(judge(&tree.beside, folder)).collect()
}

/// Judges packages whose manifest and lock file lie in this folder.
fn judge<'a>(packages: &'a [Package], folder: &'a str) -> impl Iterator<Item = Problem> + 'a {
    packages.iter().filter_map(move |package| {
        let who = format!("`{} {}`", package.name, package.version);
        let fault = fault(package.member, package.licence.as_deref())?;
        let path = format!("{folder}{}", if package.member { "Cargo.toml" } else { "Cargo.lock" });
        Some(Problem::file(&path, format!("{who} {fault}")))
    })
}

/// What is wrong with a package's licence.
fn fault(ours: bool, licence: Option<&str>) -> Option<String> {
    let Some(licence) = licence else {
        return Some("names no licence; read its files before it is used".to_owned());
    };
    if ours {
        return (licence != OURS).then(|| format!("is ours and must say `{OURS}`, not `{licence}`"));
    }
    match allowed(licence) {
        Ok(true) => None,
        Ok(false) => Some(format!("has the licence `{licence}`, which is not on the list")),
        Err(cause) => Some(format!("has the licence `{licence}`: {cause}")),
    }
}

/// Whether some choice that an SPDX expression offers needs only licences on the list.
///
/// The old spelling `MIT/Apache-2.0` means `OR`. `AND` binds tighter than `OR`.
fn allowed(expression: &str) -> Result<bool, &'static str> {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut reader = Reader { words: &words, depth: 0 };
    let verdict = reader.any()?;
    if reader.words.is_empty() { Ok(verdict) } else { Err("the expression ends too early") }
}

/// More brackets than any licence needs; each level costs stack.
const DEPTH_MAX: usize = 16;

struct Reader<'a> {
    words: &'a [&'a str],
    depth: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, word: &str) -> bool {
        let Some((first, rest)) = self.words.split_first() else { return false };
        let taken = *first == word;
        if taken {
            self.words = rest;
        }
        taken
    }

    fn next(&mut self) -> Option<&'a str> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first)
    }

    fn any(&mut self) -> Result<bool, &'static str> {
        let mut verdict = self.all()?;
        while self.take("OR") {
            verdict |= self.all()?;
        }
        Ok(verdict)
    }

    fn all(&mut self) -> Result<bool, &'static str> {
        let mut verdict = self.one()?;
        while self.take("AND") {
            verdict &= self.one()?;
        }
        Ok(verdict)
    }

    fn one(&mut self) -> Result<bool, &'static str> {
        if self.take("(") {
            self.depth += 1;
            if self.depth > DEPTH_MAX {
                return Err("too many brackets");
            }
            let verdict = self.any()?;
            self.depth -= 1;
            return if self.take(")") { Ok(verdict) } else { Err("a bracket is not closed") };
        }
        let name =
            self.next().filter(|name| !matches!(*name, "OR" | "AND" | "WITH" | ")")).ok_or("a licence is missing")?;
        if self.take("WITH") {
            let exception = self.next().ok_or("an exception is missing")?;
            return Ok(ALLOWED.contains(&format!("{name} WITH {exception}").as_str()));
        }
        Ok(ALLOWED.contains(&name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_read_as_spdx_says() {
        for good in [
            "MIT",
            "MIT-0",
            "MIT OR Apache-2.0",
            "MIT/Apache-2.0",
            "GPL-3.0 OR MIT",
            "Apache-2.0 WITH LLVM-exception",
            "(MIT OR GPL-2.0) AND Unicode-3.0",
            "GPL-2.0 AND MIT OR ISC",
        ] {
            assert_eq!(allowed(good), Ok(true), "{good}");
        }
        for bad in ["GPL-3.0", "MIT AND GPL-3.0", "GPL-2.0 WITH LLVM-exception", "ISC AND (GPL-2.0 OR MPL-2.0)", "mit"]
        {
            assert_eq!(allowed(bad), Ok(false), "{bad}");
        }
        for broken in ["", "MIT OR", "(MIT", "MIT)", "MIT Apache-2.0", "AND", "MIT WITH", &"(".repeat(1_000)] {
            assert!(allowed(broken).is_err(), "{broken}");
        }
    }

    fn package(licence: Option<&str>, member: bool) -> Package {
        let licence = licence.map(str::to_owned);
        Package { name: "a".to_owned(), version: "1.0.0".to_owned(), licence, member, dependencies: Vec::new() }
    }

    fn n_found(licence: Option<&str>, member: bool) -> usize {
        run(&Tree { packages: vec![package(licence, member)], ..Tree::default() }).len()
    }

    #[test]
    fn the_program_beside_the_workspace_is_judged_too() {
        let found = run(&Tree { beside: vec![package(Some("AGPL-3.0-only"), false)], ..Tree::default() });
        assert_eq!(found.iter().map(|problem| problem.path.as_str()).collect::<Vec<_>>(), ["bench/sqlite/Cargo.lock"]);
    }

    #[test]
    fn silence_is_not_permission() {
        assert_eq!(n_found(None, false), 1);
        assert_eq!(n_found(Some("MIT"), false), 0);
        assert_eq!(n_found(Some("AGPL-3.0-only"), false), 1);
    }

    #[test]
    fn our_own_crates_say_one_thing() {
        assert_eq!(n_found(Some("MIT"), true), 1);
        assert_eq!(n_found(Some("Apache-2.0"), true), 0);
    }
}
