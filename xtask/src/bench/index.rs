//! What the bytes of an index are for, read off the headers of its parts as `docs/spec/index-v3.md` says.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

const MAGIC: &[u8] = b"writpart";
const HEADER: usize = 512;
/// Where the header says how many rows there are, and where positions and fences begin.
const ROWS: usize = 72;
const POSITIONS: usize = 168;
const FENCES: usize = 184;
/// Bytes of a record id.
const ID: u64 = 16;

/// Bytes of all parts of an index that hold record ids, and in what order ids and positions are: what finds a record
/// by its id or its place, and nothing by a key.
pub(super) fn ids(folder: &Path) -> Result<u64, String> {
    let told = |error| format!("`{}` cannot be read: {error}", folder.display());
    let mut bytes = 0;
    for entry in fs::read_dir(folder).map_err(told)? {
        let path = entry.map_err(told)?.path();
        if path.is_dir() {
            bytes += ids(&path)?;
            continue;
        }
        let mut header = [0; HEADER];
        File::open(&path).and_then(|mut file| file.read_exact(&mut header)).map_err(told)?;
        bytes += of(&header).ok_or_else(|| format!("`{}` is not as docs/spec/index-v3.md says", path.display()))?;
    }
    Ok(bytes)
}

/// The same of one part.
fn of(header: &[u8]) -> Option<u64> {
    let orders = number(header, FENCES)?.checked_sub(number(header, POSITIONS)?)?;
    let rows = u32::from_le_bytes(*header.get(ROWS..)?.first_chunk()?);
    header.starts_with(MAGIC).then_some(u64::from(rows) * ID + orders)
}

/// Eight bytes, the least significant first.
fn number(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_orders_are_counted_and_nothing_else() {
        let mut header = vec![0; HEADER];
        header[..8].copy_from_slice(MAGIC);
        header[ROWS] = 3;
        header[POSITIONS..][..2].copy_from_slice(&1_000_u16.to_le_bytes());
        header[FENCES..][..2].copy_from_slice(&1_024_u16.to_le_bytes());
        assert_eq!(of(&header), Some(3 * 16 + 24));
        header[FENCES + 1] = 0;
        assert_eq!(of(&header), None);
        header[0] = 0;
        assert_eq!(of(&header), None);
    }
}
