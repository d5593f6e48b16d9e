//! Where stored hashes stand: in one append-only file per level, and in the tiles that are served.
//!
//! Of the tree, every eighth level is stored. Entry *i* of level *L* is the root of the complete subtree
//! over the leaves from *i* · 256^*L* up to (*i* + 1) · 256^*L*; so level 0 holds the hashes of the leaves.
//! A level's file is its entries one after the other, 32 bytes each, and tile *N* of a level is
//! the bytes from *N* · 8192 on: what is served (c2sp.org/tlog-tiles) is a stretch of what is stored.

use crate::hash::{HASH_BYTES, Hash};
use crate::text::parse_decimal;
use alloc::format;
use alloc::string::String;
use core::ops::Range;

/// Levels of the tree that one tile spans (c2sp.org/tlog-tiles).
pub(crate) const TILE_HEIGHT: u8 = 8;

/// Entries of a full tile.
pub const TILE_ENTRIES: u64 = 1 << TILE_HEIGHT;

/// Stored levels a tree can have: sizes are counted in 64 bits, of which each level takes eight.
pub const LEVELS_MAX: u8 = 8;

const HASH_BYTES_64: u64 = HASH_BYTES as u64;

/// How many entries a level has in a tree of this size.
pub fn n_entries(level: u8, size: u64) -> u64 {
    size.checked_shr(u32::from(level) * u32::from(TILE_HEIGHT)).unwrap_or(0)
}

/// Where a stored hash stands: a level, and the number of its entry there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The level, 0 for the leaves.
    pub level: u8,
    /// The number of the entry in its level, from 0.
    pub index: u64,
}

impl Place {
    /// Where the hash begins in the level's file, in bytes.
    ///
    /// A place that no file can reach has the highest number there is, which is past every file's end.
    pub fn byte(self) -> u64 {
        self.index.saturating_mul(HASH_BYTES_64)
    }

    /// Whether a tree of this size has the entry.
    pub fn is_in(self, size: u64) -> bool {
        self.index < n_entries(self.level, size)
    }

    /// The tile in which the entry stands in a tree of this size, if that tree has the entry.
    pub fn tile(self, size: u64) -> Option<Tile> {
        if !self.is_in(size) {
            return None;
        }
        let index = self.index / TILE_ENTRIES;
        let width = (n_entries(self.level, size) - index * TILE_ENTRIES).min(TILE_ENTRIES);
        Some(Tile { level: self.level, index, width: u16::try_from(width).ok()? })
    }

    /// The hash, out of the bytes of its tile. `None` if the tile is too short to have it.
    pub fn hash_in_tile(self, tile: &[u8]) -> Option<Hash> {
        let entry = usize::try_from(self.index % TILE_ENTRIES).ok()?;
        tile.chunks_exact(HASH_BYTES).nth(entry).and_then(Hash::parse)
    }
}

/// A tile: a stretch of entries of one level, full or the part that a size has of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    level: u8,
    index: u64,
    width: u16,
}

/// The text is not the path of a tile that a tree can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not the path of a tile, which reads `tile/0/x001/234` or `tile/0/x001/234.p/56`")]
pub struct NoTile;

impl Tile {
    /// The tile with that number in its level, so many entries wide: 256, or less if it is partial.
    ///
    /// `None` if no tree has it.
    pub fn new(level: u8, index: u64, width: u16) -> Option<Tile> {
        let last = index.checked_mul(TILE_ENTRIES)?.checked_add(u64::from(width).checked_sub(1)?)?;
        let fits = u64::from(width) <= TILE_ENTRIES && Place { level, index: last }.is_in(u64::MAX);
        fits.then_some(Tile { level, index, width })
    }

    /// The level, 0 for the leaves.
    pub fn level(self) -> u8 {
        self.level
    }

    /// The number of the tile in its level, from 0.
    pub fn index(self) -> u64 {
        self.index
    }

    /// How many entries it has: 256, or less if it is partial.
    pub fn width(self) -> u16 {
        self.width
    }

    /// Whether entries are yet to come.
    pub fn is_partial(self) -> bool {
        u64::from(self.width) < TILE_ENTRIES
    }

    /// The bytes of the level's file that are this tile.
    pub fn bytes(self) -> Range<u64> {
        let start = Place { level: self.level, index: self.index.saturating_mul(TILE_ENTRIES) }.byte();
        start..start.saturating_add(u64::from(self.width) * HASH_BYTES_64)
    }

    /// The path at which it is served: `tile/0/x001/234`, and `.p/56` behind it while it is partial.
    pub fn path(self) -> String {
        format!("tile/{}/{}", self.level, self.tail())
    }

    /// The path at which the leaves themselves are served, for a tile of level 0.
    pub fn entries_path(self) -> Option<String> {
        (self.level == 0).then(|| format!("tile/entries/{}", self.tail()))
    }

    /// The number of the tile in groups of three digits, all but the last led by `x`, and the width.
    fn tail(self) -> String {
        let mut text = format!("{:03}", self.index % 1000);
        let mut rest = self.index / 1000;
        while rest > 0 {
            text = format!("x{:03}/{text}", rest % 1000);
            rest /= 1000;
        }
        if self.is_partial() { format!("{text}.p/{}", self.width) } else { text }
    }

    /// Reads what [`Tile::path`] writes, and refuses every other spelling.
    pub fn parse_path(path: &str) -> Result<Tile, NoTile> {
        let rest = path.strip_prefix("tile/").ok_or(NoTile)?;
        let (level, rest) = rest.split_once('/').ok_or(NoTile)?;
        let (groups, width) = match rest.split_once(".p/") {
            Some((groups, width)) => (groups, parse_decimal(width).ok_or(NoTile)?),
            None => (rest, TILE_ENTRIES),
        };
        let mut index = 0_u64;
        for group in groups.split('/') {
            let digits = group.trim_start_matches('x').parse::<u16>().map_err(|_| NoTile)?;
            index = index.checked_mul(1000).and_then(|index| index.checked_add(u64::from(digits))).ok_or(NoTile)?;
        }
        let level = parse_decimal(level).and_then(|level| u8::try_from(level).ok()).ok_or(NoTile)?;
        let tile = u16::try_from(width).ok().and_then(|width| Tile::new(level, index, width)).ok_or(NoTile)?;
        // Written again, so that one tile has one path: no group too many, no sign, no zero in front.
        if tile.path() == path { Ok(tile) } else { Err(NoTile) }
    }
}

/// The tiles that a tree of `new` leaves has and one of `old` leaves had not, or not as wide: what is to
/// be published when a tree grows. From level 0 upwards, in order within a level.
pub fn new_tiles(old: u64, new: u64) -> impl Iterator<Item = Tile> {
    (0..LEVELS_MAX).flat_map(move |level| {
        let (had, has) = (n_entries(level, old), n_entries(level, new));
        let tiles = if had < has { had / TILE_ENTRIES..has.div_ceil(TILE_ENTRIES) } else { 0..0 };
        tiles.filter_map(move |index| Place { level, index: index * TILE_ENTRIES }.tile(new))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn paths(old: u64, new: u64) -> Vec<String> {
        new_tiles(old, new).map(Tile::path).collect()
    }

    #[test]
    fn a_tree_of_70000_has_the_tiles_that_the_specification_counts() {
        let tiles: Vec<Tile> = new_tiles(0, 70_000).collect();
        let n =
            |level, partial| tiles.iter().filter(|tile| tile.level() == level && tile.is_partial() == partial).count();
        assert_eq!([n(0, false), n(0, true), n(1, false), n(1, true), n(2, false), n(2, true)], [273, 1, 1, 1, 0, 1]);
        let partial: Vec<String> = tiles.iter().filter(|tile| tile.is_partial()).map(|tile| tile.path()).collect();
        assert_eq!(partial, ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]);
        assert_eq!(paths(0, 256), ["tile/0/000", "tile/1/000.p/1"]);
    }

    #[test]
    fn only_what_grew_is_new() {
        assert_eq!(paths(0, 0), [""; 0]);
        assert_eq!(paths(5, 5), [""; 0]);
        assert_eq!(paths(9, 5), [""; 0]);
        assert_eq!(paths(5, 6), ["tile/0/000.p/6"]);
        assert_eq!(paths(255, 257), ["tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1"]);
        assert_eq!(paths(256, 257), ["tile/0/001.p/1"]);
    }

    #[test]
    fn a_path_is_read_as_it_is_written_and_not_otherwise() {
        let tile = Tile::new(0, 1_234_067, 256).unwrap();
        assert_eq!(tile.path(), "tile/0/x001/x234/067");
        assert_eq!(tile.entries_path().unwrap(), "tile/entries/x001/x234/067");
        assert_eq!(Tile::new(1, 0, 256).unwrap().entries_path(), None);
        for index in [0, 7, 999, 1000, 1_234_067, u64::MAX >> 8] {
            for width in [1, 17, 255, 256] {
                let Some(tile) = Tile::new(0, index, width) else { continue };
                assert_eq!(Tile::parse_path(&tile.path()), Ok(tile));
            }
        }
        for wrong in [
            "",
            "tile",
            "tile/0",
            "tile/0/",
            "tile/0/67",
            "tile/0/0067",
            "tile/0/x000/067",
            "tile/0/001/067",
            "tile/0/x001/x067",
            "tile/0/xx001/067",
            "tile/0/+67",
            "tile/00/067",
            "tile/8/000",
            "tile/0/067.p/0",
            "tile/0/067.p/256",
            "tile/0/067.p/01",
            "tile/0/067.p/",
            "tile/0/067/",
            "/tile/0/067",
            "tile/entries/067",
            "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
        ] {
            assert_eq!(Tile::parse_path(wrong), Err(NoTile), "{wrong}");
        }
    }

    #[test]
    fn a_tile_is_a_stretch_of_its_level_file() {
        let place = Place { level: 1, index: 300 };
        assert_eq!(place.byte(), 9600);
        let bytes: Vec<u8> = (0..54_u8).flat_map(|entry| [entry; 32]).collect();
        assert_eq!(place.hash_in_tile(&bytes), Some(Hash([44; 32])));
        assert_eq!(place.hash_in_tile(&bytes[..45 * 32 - 1]), None);
        let tile = place.tile(310 << 8).unwrap();
        assert_eq!((tile.level(), tile.index(), tile.width(), tile.bytes()), (1, 1, 54, 8192..8192 + 54 * 32));
        assert_eq!(place.tile(300 << 8), None);
        assert_eq!(place.tile((300 << 8) + 255), None);
        assert_eq!(place.tile(1 << 24).unwrap().width(), 256);
        assert_eq!(Place { level: 200, index: 0 }.tile(u64::MAX), None);
        assert_eq!(Place { level: 0, index: u64::MAX }.byte(), u64::MAX);
        assert_eq!(Tile::new(7, 0, 255).unwrap().path(), "tile/7/000.p/255");
        for (level, index, width) in [(7, 0, 256), (7, 1, 1), (8, 0, 1), (0, 0, 0), (0, 0, 257), (0, u64::MAX, 1)] {
            assert_eq!(Tile::new(level, index, width), None);
        }
    }
}
