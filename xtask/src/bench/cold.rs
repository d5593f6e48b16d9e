//! Answers when nothing of the folder is in the memory of the system.
//!
//! GNU dd tells the system to forget a file (`iflag=nocache`, `posix_fadvise(2)`). Whether it did is seen by what was
//! then read from the disk (`read_bytes` of `proc(5)`, where a parent is told of its children); where that does not
//! grow there is no figure.

use std::path::Path;
use std::process::{Command, Stdio};

/// Runs something with none of the files below a folder in the memory of the system; `None` where that cannot be had.
pub(super) fn cold<T>(folder: &Path, run: impl FnOnce() -> Result<T, String>) -> Result<Option<T>, String> {
    if !forget(folder) {
        return Ok(None);
    }
    let before = bytes_read();
    let done = run()?;
    Ok((bytes_read() > before).then_some(done))
}

/// Has the system forget what it keeps of every file below a folder; whether that could be asked for.
fn forget(folder: &Path) -> bool {
    let dd = ["-type", "f", "-exec", "dd", "if={}", "iflag=nocache", "count=0", "status=none", ";"];
    let ran = Command::new("find").arg(folder).args(dd).stderr(Stdio::null()).status();
    ran.is_ok_and(|status| status.success())
}

/// What this process and those it has waited for have had read from the disk so far, in bytes; `None` where the
/// system does not tell.
fn bytes_read() -> Option<u64> {
    let io = std::fs::read_to_string("/proc/self/io").ok()?;
    io.lines().find_map(|line| line.strip_prefix("read_bytes: "))?.trim().parse().ok()
}
