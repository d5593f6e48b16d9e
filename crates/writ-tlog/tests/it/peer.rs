//! The same trees, tiles, proofs and notes by independent implementations: `tlog_tiles` and `signed_note`.

use crate::levels::{Levels, Numbers, leaf};
use signed_note::Verifier as _;
use std::cell::RefCell;
use tlog_tiles::{Hash as PeerHash, HashReader};
use writ_tlog::checkpoint::{Checkpoint, Log};
use writ_tlog::hash::Hash;
use writ_tlog::key::{Kind, Name, Signer, Verifier};
use writ_tlog::note::Note;
use writ_tlog::proof::{consistency, inclusion, verify_consistency, verify_inclusion};
use writ_tlog::tile::{Tile, new_tiles};

/// Every hash of a tree, in the order in which `tlog_tiles` numbers them.
#[derive(Default)]
struct Peer(RefCell<Vec<PeerHash>>);

impl HashReader for Peer {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<PeerHash>, tlog_tiles::Error> {
        let hashes = self.0.borrow();
        Ok(indexes.iter().map(|index| hashes[usize::try_from(*index).unwrap()]).collect())
    }
}

impl Peer {
    fn of_size(size: u64) -> Peer {
        let peer = Peer::default();
        for index in 0..size {
            let record = index.to_be_bytes();
            let hashes = tlog_tiles::stored_hashes(index, &record, &peer).unwrap();
            peer.0.borrow_mut().extend(hashes);
        }
        peer
    }
}

fn ours(hashes: &[PeerHash]) -> Vec<Hash> {
    hashes.iter().map(|hash| Hash(hash.0)).collect()
}

fn theirs(hashes: &[Hash]) -> Vec<PeerHash> {
    hashes.iter().map(|hash| PeerHash(hash.0)).collect()
}

/// Compares root, some proofs and the tiles of one size.
fn compare(size: u64, levels: &Levels, peer: &Peer, numbers: &mut Numbers) {
    let head = levels.head(size);
    let root = tlog_tiles::tree_hash(size, peer).unwrap();
    assert_eq!(Hash(root.0), head.root, "root of {size}");
    if size == 0 {
        return;
    }
    for index in [0, size / 2, size - 1, numbers.below(size), numbers.below(size)] {
        let proof = inclusion(index, size, |place| levels.read(place)).unwrap();
        let theirs_made = tlog_tiles::prove_record(size, index, peer).unwrap();
        assert_eq!(proof, ours(&theirs_made), "leaf {index} of {size}");
        let leaf = leaf(index);
        assert_eq!(verify_inclusion(&leaf, index, &head, &ours(&theirs_made)), Ok(()));
        tlog_tiles::check_record(&theirs(&proof), size, root, index, PeerHash(leaf.0)).unwrap();
    }
    for old in [1, size, size - size / 3, 1 + numbers.below(size), 1 + numbers.below(size)] {
        let proof = consistency(old, size, |place| levels.read(place)).unwrap();
        let theirs_made = tlog_tiles::prove_tree(size, old, peer).unwrap();
        assert_eq!(proof, ours(&theirs_made), "{old} in {size}");
        let old_head = levels.head(old);
        assert_eq!(verify_consistency(&old_head, &head, &ours(&theirs_made)), Ok(()));
        tlog_tiles::check_tree(&theirs(&proof), size, root, old, PeerHash(old_head.root.0)).unwrap();
    }
    let old = numbers.below(size);
    let mut tiles: Vec<Tile> = new_tiles(old, size).collect();
    let mut theirs_made = tlog_tiles::Tile::new_tiles(8, old, size);
    let key = |tile: &tlog_tiles::Tile| (tile.level(), tile.level_index());
    tiles.sort_by_key(|tile| (tile.level(), tile.index()));
    theirs_made.sort_by_key(key);
    assert_eq!(tiles.len(), theirs_made.len(), "tiles from {old} to {size}");
    for (tile, their) in tiles.iter().zip(&theirs_made) {
        // They write the height into the path, as Go's checksum database does; tlog-tiles leaves it out.
        assert_eq!(tile.path(), their.path().replacen("tile/8/", "tile/", 1));
        assert_eq!(Tile::parse_path(&tile.path()), Ok(*tile));
        let bytes = tile.bytes();
        let range = usize::try_from(bytes.start).unwrap()..usize::try_from(bytes.end).unwrap();
        let stored = &levels.files[usize::from(tile.level())][range];
        // Of large tiles only some are compared, since they are read anew for every size.
        if tiles.len() < 20 {
            assert_eq!(stored, their.read_data(peer).unwrap(), "{}", tile.path());
        }
    }
}

#[test]
fn small_trees_are_the_same_elsewhere() {
    let (levels, peer, mut numbers) = (Levels::of_size(600), Peer::of_size(600), Numbers(3));
    for size in 0..=600 {
        compare(size, &levels, &peer, &mut numbers);
    }
}

#[test]
fn trees_around_a_full_second_level_are_the_same_elsewhere() {
    let largest = 65_536 + 300;
    let (levels, peer, mut numbers) = (Levels::of_size(largest), Peer::of_size(largest), Numbers(4));
    for size in (65_526..65_546).chain([65_536 - 256, 65_536 + 255, 65_536 + 256, 65_536 + 257, largest]) {
        compare(size, &levels, &peer, &mut numbers);
    }
}

#[test]
fn tile_paths_are_the_same_elsewhere_for_any_number() {
    let mut numbers = Numbers(5);
    for _ in 0..2_000 {
        let level = u8::try_from(numbers.below(5)).unwrap();
        let digits = 1 + u32::try_from(numbers.below(7)).unwrap();
        let index = numbers.below(10_u64.pow(digits));
        let width = 1 + u16::try_from(numbers.below(256)).unwrap();
        let tile = Tile::new(level, index, width).unwrap();
        let their = tlog_tiles::Tile::new(8, level, index, u32::from(width), false);
        assert_eq!(tile.path(), their.path().replacen("tile/8/", "tile/", 1));
        assert_eq!(tlog_tiles::Tile::from_path(&tile.path().replacen("tile/", "tile/8/", 1)).unwrap(), their);
    }
}

fn signer(seed: u8) -> Signer {
    Signer::ed25519(Name::parse("writ.example/log").unwrap(), &[seed; 32])
}

fn their_list(verifier: &Verifier) -> signed_note::VerifierList {
    let verifier = signed_note::StandardVerifier::new(&verifier.to_string()).unwrap();
    signed_note::VerifierList::new(vec![Box::new(verifier)])
}

#[test]
fn a_note_signed_here_is_verified_elsewhere() {
    for seed in 0..20 {
        let signer = signer(seed);
        let mut note = Note::new("a text\n\nof two parts, é\n").unwrap();
        note.sign(&signer).unwrap();
        let bytes = note.to_string();
        let read = signed_note::Note::from_bytes(bytes.as_bytes()).unwrap();
        let (verified, unknown) = read.verify(&their_list(&signer.verifier())).unwrap();
        assert_eq!((verified.len(), unknown.len()), (1, 0));
        assert_eq!(read.text(), note.text_unverified().as_bytes());
        assert_eq!(read.to_bytes(), bytes.as_bytes());
        assert!(read.verify(&their_list(&super::peer::signer(seed + 1).verifier())).is_err());
    }
}

#[test]
fn a_note_signed_elsewhere_is_verified_here() {
    use signed_note::Signer as _;
    for seed in 0..20 {
        // The key, too, is handed over as its text.
        let signer = signer(seed);
        let their = signed_note::StandardSigner::new(&signer.secret_text()).unwrap();
        assert_eq!(their.key_id().to_be_bytes(), signer.verifier().id().0);
        let mut note = signed_note::Note::new(b"a text\n\nof two parts\n", &[]).unwrap();
        note.add_sigs(&[&their]).unwrap();
        let read = Note::parse(&note.to_bytes()).unwrap();
        let keys = [signer.verifier()];
        assert_eq!(read.verify(&keys).unwrap().text, "a text\n\nof two parts\n");
        assert_eq!(read.to_string().as_bytes(), note.to_bytes());
        assert!(read.verify(&[super::peer::signer(seed + 1).verifier()]).is_err());
    }
}

#[test]
fn verifiers_made_elsewhere_are_read_here() {
    let key = ed25519_dalek::SigningKey::from_bytes(&[42; 32]).verifying_key();
    let ours = Verifier::new(Name::parse("writ.example/log").unwrap(), Kind::Ed25519, key.as_bytes()).unwrap();
    let their = signed_note::StandardVerifier::new(&ours.to_string()).unwrap();
    assert_eq!((their.name(), their.key_id().to_be_bytes()), (ours.name().as_str(), ours.id().0));
}

#[test]
fn a_checkpoint_signed_here_is_opened_elsewhere_and_the_other_way_round() {
    let levels = Levels::of_size(300);
    let signer = signer(1);
    let checkpoint = Checkpoint::new("writ.example/log", levels.head(300)).unwrap();
    let bytes = checkpoint.sign(&signer).unwrap().to_string();
    let read = signed_note::Note::from_bytes(bytes.as_bytes()).unwrap();
    read.verify(&their_list(&signer.verifier())).unwrap();
    let their = tlog_tiles::Checkpoint::from_bytes(read.text()).unwrap();
    assert_eq!((their.origin(), their.size(), Hash(their.hash().0)), ("writ.example/log", 300, levels.head(300).root));
    assert_eq!(their.to_bytes(), checkpoint.text().as_bytes());

    let root = PeerHash(levels.head(299).root.0);
    let their = tlog_tiles::Checkpoint::new("writ.example/log", 299, root, "further\n").unwrap();
    let mut note = signed_note::Note::new(&their.to_bytes(), &[]).unwrap();
    note.add_sigs(&[&signed_note::StandardSigner::new(&signer.secret_text()).unwrap()]).unwrap();
    let log = Log { origin: "writ.example/log".to_owned(), keys: vec![signer.verifier()] };
    let opened = Checkpoint::open(&note.to_bytes(), &log, &[]).unwrap();
    assert_eq!(*opened.checkpoint.head(), levels.head(299));
    assert_eq!(opened.checkpoint.extensions(), ["further"]);
}
