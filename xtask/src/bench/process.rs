//! A program that is run to its end: what it wrote, how long it took, and how much memory at its peak.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// How often a process is asked for its memory. Linux keeps the peak, so only one that is reached in the
/// last moment is missed, and asking costs a thousandth of one core.
const ASKED_EVERY: Duration = Duration::from_millis(10);

/// A process that has ended well.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) output: Output,
    pub(super) seconds: f64,
    /// Most memory that it had resident, in bytes; `None` where the system does not tell.
    pub(super) memory: Option<u64>,
}

/// Runs a program. It must read its input before it writes much.
pub(super) fn run(command: &mut Command, input: &str) -> Result<Ran, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let told = |error| format!("`{name}` cannot be run: {error}");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let start = Instant::now();
    let mut child = command.spawn().map_err(told)?;
    let id = child.id();
    let (running, ended) = mpsc::channel::<()>();
    let watcher = thread::spawn(move || {
        let mut peak = None;
        while ended.recv_timeout(ASKED_EVERY) == Err(RecvTimeoutError::Timeout) {
            peak = peak.max(peak_memory(id));
        }
        peak
    });
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes()).map_err(told)?;
    }
    let output = child.wait_with_output().map_err(told)?;
    let seconds = start.elapsed().as_secs_f64();
    drop(running);
    let memory = watcher.join().unwrap_or_default();
    if output.status.success() {
        return Ok(Ran { output, seconds, memory });
    }
    let arguments: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy()).collect();
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("`{name} {}` ended with {}:\n{}", arguments.join(" "), output.status, said.trim_end()))
}

/// The most memory that a running process has had resident, in bytes, where the system tells (Linux, proc(5)).
pub(super) fn peak_memory(id: u32) -> Option<u64> {
    peak(&std::fs::read_to_string(format!("/proc/{id}/status")).ok()?)
}

fn peak(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kib| kib * 1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_stands_in_kibibytes() {
        assert_eq!(peak("Name:\twrit\nVmPeak:\t  900 kB\nVmHWM:\t  120 kB\nVmRSS:\t 8 kB\n"), Some(122_880));
        assert_eq!(peak("Name:\twrit\n"), None, "a process that has ended has no memory");
    }

    #[test]
    fn a_process_that_fails_spoils_the_measurement() {
        assert!(run(Command::new("cargo").arg("no-such-command"), "").unwrap_err().contains("no-such-command"));
        assert!(run(&mut Command::new("no-such-program"), "").is_err());
    }
}
