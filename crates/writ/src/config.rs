//! The one place that reads the environment, and what it means.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use writ_view::text::Style;

/// Environment variables that Writ reads. The help of each command names them.
const DATA: &str = "WRIT_DATA";
const DATA_DEFAULT: &str = "./writ-data";

/// Stands for whoever runs a command where the system does not name them.
pub(crate) const NOBODY: &str = "unknown";

/// What the environment says.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// The folder with the log.
    pub(crate) data: PathBuf,
    /// Who runs this command: the account's name, as the system gives it.
    pub(crate) user: String,
    /// How to write to the terminal.
    pub(crate) style: Style,
    /// Whether standard error is a terminal, so that progress may be shown on it.
    pub(crate) progress: bool,
}

impl Config {
    /// From the environment, overruled by the command line.
    pub(crate) fn load(data: Option<PathBuf>) -> Config {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(read).unwrap_or_default().to_lowercase();
        let terminal = std::io::stdout().is_terminal();
        Config {
            data: data.or_else(|| read(DATA).map(PathBuf::from)).unwrap_or_else(|| PathBuf::from(DATA_DEFAULT)),
            user: ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(read).unwrap_or_else(|| NOBODY.to_string()),
            style: Style {
                // A pipe gets what files hold, UTF-8; a terminal what its locale can show.
                unicode: !terminal || locale.contains("utf-8") || locale.contains("utf8"),
                colour: terminal && read("NO_COLOR").is_none() && read("TERM").as_deref() != Some("dumb"),
                ..Style::default()
            },
            progress: std::io::stderr().is_terminal(),
        }
    }
}

/// A variable that is set and not empty.
#[expect(clippy::disallowed_methods, reason = "this is the home of the environment")]
fn read(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
