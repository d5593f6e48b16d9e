//! Checkpoints, witnesses and proof files: what is read, what is refused, and who has to sign.

use crate::levels::{Levels, Numbers, leaf};
use writ_tlog::bundle::{self, Bundle, Unproven};
use writ_tlog::checkpoint::{Checkpoint, Log, Malformed, Unopened};
use writ_tlog::cosignature::{Cosigner, TIME_S_MAX, TooLate};
use writ_tlog::hash::Hash;
use writ_tlog::key::{Name, Signer};
use writ_tlog::note::{self, Untrusted};
use writ_tlog::proof::{Invalid, inclusion};
use writ_tlog::tree::Head;

const ORIGIN: &str = "writ.example/log";
const ROOT: &str = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";

fn signer(seed: u8) -> Signer {
    Signer::ed25519(Name::parse(ORIGIN).unwrap(), &[seed; 32])
}

fn witness(name: &str, seed: u8) -> Cosigner {
    Cosigner::ed25519(Name::parse(name).unwrap(), &[seed; 32])
}

fn log(signer: &Signer) -> Log {
    Log { origin: ORIGIN.to_owned(), keys: vec![signer.verifier()] }
}

fn checkpoint(size: u64) -> Checkpoint {
    Checkpoint::new(ORIGIN, Head { size, root: Hash::leaf(&size.to_be_bytes()) }).unwrap()
}

#[test]
fn what_was_signed_is_opened() {
    let signer = signer(1);
    let log = log(&signer);
    for size in [1, 5, 70_000, u64::MAX] {
        let bytes = checkpoint(size).sign(&signer).unwrap().to_string();
        let opened = Checkpoint::open(bytes.as_bytes(), &log, &[]).unwrap();
        assert_eq!(opened.checkpoint, checkpoint(size));
        assert_eq!((opened.signed.len(), opened.witnessed.len()), (1, 0));
        assert_eq!(opened.signed[0].by, &log.keys[0]);
    }
    let empty = Checkpoint::new(ORIGIN, Head { size: 0, root: Hash::EMPTY_ROOT }).unwrap();
    assert_eq!(Checkpoint::parse(&empty.text()), Ok(empty));
    let further = Checkpoint::with_extensions(ORIGIN, *checkpoint(5).head(), &["epoch 2", "\u{2014} a"]).unwrap();
    assert_eq!(Checkpoint::parse(&further.text()), Ok(further));
}

#[test]
fn texts_that_are_no_checkpoint_are_refused() {
    for (text, cause) in [
        (String::new(), Malformed::Unended),
        ("\n".to_owned(), Malformed::Origin),
        (format!("\n5\n{ROOT}\n"), Malformed::Origin),
        ("log\n".to_owned(), Malformed::Size),
        (format!("log\n\n{ROOT}\n"), Malformed::Size),
        (format!("log\n05\n{ROOT}\n"), Malformed::Size),
        (format!("log\n+5\n{ROOT}\n"), Malformed::Size),
        (format!("log\n-5\n{ROOT}\n"), Malformed::Size),
        (format!("log\n5 \n{ROOT}\n"), Malformed::Size),
        (format!("log\n0x5\n{ROOT}\n"), Malformed::Size),
        (format!("log\n18446744073709551616\n{ROOT}\n"), Malformed::Size),
        ("log\n5\n".to_owned(), Malformed::Root),
        ("log\n5\n\n".to_owned(), Malformed::Root),
        (format!("log\n5\n{}\n", ROOT.trim_end_matches('=')), Malformed::Root),
        (format!("log\n5\n {ROOT}\n"), Malformed::Root),
        ("log\n5\nAAAA\n".to_owned(), Malformed::Root),
        (format!("log\n5\n{}\n", ROOT.replace("2I=", "2J=")), Malformed::Root),
        (format!("log\n5\n{ROOT}AA==\n"), Malformed::Root),
        (format!("log\n0\n{ROOT}\n"), Malformed::EmptyRoot),
        (format!("log\n5\n{ROOT}\n\n"), Malformed::Extension),
        (format!("log\n5\n{ROOT}\na\n\nb\n"), Malformed::Extension),
        (format!("log\n5\n{ROOT}"), Malformed::Unended),
        (format!("log\n5\n{ROOT}\na"), Malformed::Unended),
        (format!("log\r\n5\r\n{ROOT}\r\n"), Malformed::Note(note::Malformed::NotText)),
    ] {
        assert_eq!(Checkpoint::parse(&text), Err(cause), "{text:?}");
    }
    assert!(Checkpoint::parse(&format!("log\n5\n{ROOT}\n")).is_ok(), "the near miss");
    assert!(Checkpoint::parse(&format!("a log, with words\n5\n{ROOT}\n")).is_ok(), "any name will do");
}

#[test]
fn a_line_cannot_be_smuggled_into_a_checkpoint() {
    let head = *checkpoint(5).head();
    let smuggled = format!("log\n9\n{ROOT}");
    assert_eq!(Checkpoint::new(&smuggled, head), Err(Malformed::Origin));
    assert_eq!(Checkpoint::new("", head), Err(Malformed::Origin));
    for further in ["", "a\nb", "a\n", "\n"] {
        assert_eq!(Checkpoint::with_extensions(ORIGIN, head, &[further]), Err(Malformed::Extension), "{further:?}");
    }
    let no_leaves = Head { size: 0, ..head };
    assert_eq!(Checkpoint::new(ORIGIN, no_leaves), Err(Malformed::EmptyRoot));
}

#[test]
fn only_the_logs_own_signature_opens_its_checkpoint() {
    let (signer, other) = (signer(1), signer(2));
    let log = log(&signer);
    let stranger = checkpoint(5).sign(&other).unwrap().to_string();
    let refused = Checkpoint::open(stranger.as_bytes(), &log, &[]);
    assert_eq!(refused, Err(Unopened::Untrusted(Untrusted::NoKnownKey)));
    // A witness vouches for what it saw, not for the log.
    let witness = witness("witness.example", 3);
    let mut note = checkpoint(5).sign(&other).unwrap();
    note.add(witness.cosign(&checkpoint(5), 7).unwrap()).unwrap();
    let refused = Checkpoint::open_note(&note, &log, &[witness.verifier()]).unwrap_err();
    assert_eq!(refused, Unopened::Untrusted(Untrusted::NoKnownKey));
    // The right key on the checkpoint of another log, and on what is no checkpoint.
    let elsewhere = Checkpoint::new("writ.example/other", *checkpoint(5).head()).unwrap();
    let refused = Checkpoint::open_note(&elsewhere.sign(&signer).unwrap(), &log, &[]).unwrap_err();
    assert!(matches!(refused, Unopened::OtherLog { found, .. } if found == "writ.example/other"));
    let mut letter = note::Note::new("a letter\n").unwrap();
    letter.sign(&signer).unwrap();
    assert_eq!(Checkpoint::open_note(&letter, &log, &[]), Err(Unopened::Malformed(Malformed::Size)));
}

#[test]
fn witnesses_say_when_and_are_counted_apart() {
    let signer = signer(1);
    let log = log(&signer);
    let (first, second) = (witness("witness.example/1", 11), witness("witness.example/2", 12));
    let mut note = checkpoint(5).sign(&signer).unwrap();
    note.add(first.cosign(&checkpoint(5), 1_679_315_147).unwrap()).unwrap();
    note.add(second.cosign(&checkpoint(5), 0).unwrap()).unwrap();
    let known = [first.verifier(), second.verifier()];
    let bytes = note.to_string();
    let opened = Checkpoint::open(bytes.as_bytes(), &log, &known).unwrap();
    let times: Vec<Option<u64>> = opened.witnessed.iter().map(|signed| signed.time_s).collect();
    assert_eq!((opened.signed.len(), times), (1, vec![Some(1_679_315_147), Some(0)]));
    assert_eq!(Checkpoint::open(bytes.as_bytes(), &log, &known[1..]).unwrap().witnessed.len(), 1);
    // Seen again later: the newer signature takes the place of the older one.
    note.add(first.cosign(&checkpoint(5), 1_679_315_148).unwrap()).unwrap();
    let opened = Checkpoint::open_note(&note, &log, &known).unwrap();
    assert!(opened.witnessed.iter().any(|signed| signed.time_s == Some(1_679_315_148)));
    assert_eq!(opened.witnessed.len(), 2);
}

#[test]
fn a_cosignature_is_for_one_checkpoint_and_one_time() {
    let signer = signer(1);
    let log = log(&signer);
    let witness = witness("witness.example", 3);
    let known = [witness.verifier()];
    let stolen = witness.cosign(&checkpoint(4), 7).unwrap();
    let mut note = checkpoint(5).sign(&signer).unwrap();
    note.add(stolen).unwrap();
    let refused = Checkpoint::open_note(&note, &log, &known).unwrap_err();
    assert!(matches!(refused, Unopened::Untrusted(Untrusted::BadSignature { .. })), "{refused}");

    // The time stands before the signature; one more second, or the highest bit, and it is not what was signed.
    let good = witness.cosign(&checkpoint(5), 7).unwrap().to_string();
    let line = |time: [u8; 8]| {
        let mut bytes = data(&good);
        bytes[4..12].copy_from_slice(&time);
        let (head, _) = good.rsplit_once(' ').unwrap();
        let text = checkpoint(5).sign(&signer).unwrap().to_string();
        format!("{text}{head} {}\n", encoded(&bytes))
    };
    assert!(Checkpoint::open(line(7_u64.to_be_bytes()).as_bytes(), &log, &known).is_ok());
    for time in [8, 6, 7 | 1 << 63, u64::MAX] {
        assert!(Checkpoint::open(line(time.to_be_bytes()).as_bytes(), &log, &known).is_err(), "{time}");
    }
    assert_eq!(witness.cosign(&checkpoint(5), TIME_S_MAX + 1), Err(TooLate));
    assert!(witness.cosign(&checkpoint(5), TIME_S_MAX).is_ok());
}

#[test]
fn a_witness_does_not_sign_letters() {
    let known = [witness("witness.example", 3).verifier()];
    let text = checkpoint(5).text();
    assert!(cosigned_by_hand(&text, 7).verify(&known).is_ok(), "the near miss");
    let letter = cosigned_by_hand("a letter\n", 7);
    assert!(matches!(letter.verify(&known), Err(Untrusted::BadSignature { .. })));
    assert!(cosigned_by_hand(&text, TIME_S_MAX).verify(&known).is_ok());
    let too_late = cosigned_by_hand(&text, TIME_S_MAX + 1);
    assert!(matches!(too_late.verify(&known), Err(Untrusted::BadSignature { .. })));
}

/// A note that the witness's key signed as a cosignature, whatever its text and the time.
fn cosigned_by_hand(text: &str, time_s: u64) -> note::Note {
    let witness = witness("witness.example", 3);
    let key = Signer::ed25519(Name::parse("witness.example").unwrap(), &[3; 32]);
    let mut message = note::Note::new(&format!("cosignature/v1\ntime {time_s}\n{text}")).unwrap();
    message.sign(&key).unwrap();
    let signature = data(&message.to_string())[4..].to_vec();
    let bytes = [&witness.verifier().id().0[..], &time_s.to_be_bytes(), &signature].concat();
    note::Note::parse(format!("{text}\n\u{2014} witness.example {}\n", encoded(&bytes)).as_bytes()).unwrap()
}

/// The bytes at the end of a line that signs, and back. The peers have base64 of their own.
fn data(line: &str) -> Vec<u8> {
    let encoded = line.trim_end().rsplit_once(' ').unwrap().1;
    data_encoding::BASE64.decode(encoded.as_bytes()).unwrap()
}

fn encoded(bytes: &[u8]) -> String {
    data_encoding::BASE64.encode(bytes)
}

/// A proof file for leaf 3 of a log of 7.
fn proved() -> (Signer, Bundle) {
    let signer = signer(1);
    let levels = Levels::of_size(7);
    let note = Checkpoint::new(ORIGIN, levels.head(7)).unwrap().sign(&signer).unwrap();
    let proof = inclusion(3, 7, |place| levels.read(place)).unwrap();
    (signer, Bundle { extra: None, index: 3, proof, checkpoint: note })
}

#[test]
fn a_proof_file_proves_its_leaf_and_no_other() {
    let (signer, bundle) = proved();
    let log = log(&signer);
    let text = bundle.to_string();
    assert!(text.starts_with("c2sp.org/tlog-proof@v1\nindex 3\n") && text.contains("\n\nwrit.example/log\n7\n"));
    assert_eq!(Bundle::parse(text.as_bytes()), Ok(bundle.clone()));
    let opened = bundle.verify(&leaf(3), &log, &[]).unwrap();
    assert_eq!(opened.checkpoint.head().size, 7);
    assert_eq!(bundle.verify(&leaf(4), &log, &[]), Err(Unproven::Proof(Invalid::Root)));
    let moved = Bundle { index: 2, ..bundle.clone() };
    assert_eq!(moved.verify(&leaf(3), &log, &[]), Err(Unproven::Proof(Invalid::Root)));
    let unsigned = super::checkpoint::log(&super::checkpoint::signer(2));
    assert!(matches!(bundle.verify(&leaf(3), &unsigned, &[]), Err(Unproven::Checkpoint(_))));
    let with_extra = Bundle { extra: Some(vec![0, 1, 255]), ..bundle };
    assert!(with_extra.to_string().starts_with("c2sp.org/tlog-proof@v1\nextra AAH/\nindex 3\n"));
    assert_eq!(Bundle::parse(with_extra.to_string().as_bytes()), Ok(with_extra));
}

#[test]
fn bytes_that_are_no_proof_file_are_refused() {
    use bundle::Malformed;
    let (_, bundle) = proved();
    let good = bundle.to_string();
    let first_hash = bundle.proof[0].to_string();
    for (text, cause) in [
        (String::new(), Malformed::Header),
        (good.replace("@v1", "@v2"), Malformed::Header),
        (good.replacen('\n', "\r\n", 1), Malformed::Header),
        (good.replace("index 3", "index 03"), Malformed::Index),
        (good.replace("index 3", "index"), Malformed::Index),
        (good.replace("index 3\n", ""), Malformed::Index),
        (good.replace("index 3", "extra AA=\nindex 3"), Malformed::Extra),
        (good.replace("index 3", "index 3\nextra AA=="), Malformed::Proof),
        (good.replace("index 3", "extra AA==\nextra AA==\nindex 3"), Malformed::Index),
        (good.replace(&first_hash, "AAAA"), Malformed::Proof),
        (good.replace(&first_hash, &format!("{first_hash} ")), Malformed::Proof),
        (good.replace("\n\nwrit.example", "\nwrit.example"), Malformed::Proof),
        (good.replace(&first_hash, &[first_hash.as_str(); 63].join("\n")), Malformed::Proof),
        (good.replace("\u{2014} ", "-"), Malformed::Note(note::Malformed::Line(1))),
        ("c2sp.org/tlog-proof@v1\nindex 3\n".to_owned(), Malformed::Proof),
        ("c2sp.org/tlog-proof@v1\nindex 0\n\n".to_owned(), Malformed::Note(note::Malformed::Unsigned)),
        ("a".repeat(bundle::BUNDLE_BYTES_MAX + 1), Malformed::TooLong),
    ] {
        assert_eq!(Bundle::parse(text.as_bytes()), Err(cause), "{}", text.chars().take(300).collect::<String>());
    }
    let longest = good.replace(&first_hash, &[first_hash.as_str(); 62].join("\n"));
    assert_eq!(Bundle::parse(longest.as_bytes()).unwrap().proof.len(), 64);
    assert_eq!(Bundle::parse(b"c2sp.org/tlog-proof@v1\nindex \xff\n"), Err(Malformed::Header));
}

#[test]
fn what_is_read_prints_as_it_was() {
    let (_, bundle) = proved();
    let good = Bundle { extra: Some(b"extra".to_vec()), ..bundle }.to_string().into_bytes();
    let mut numbers = Numbers(7);
    let (mut n_read, mut n_refused) = (0, 0);
    for _ in 0..20_000 {
        let mut bytes = good.clone();
        for _ in 0..=numbers.below(2) {
            let place = usize::try_from(numbers.below(bytes.len() as u64)).unwrap();
            let byte = b"\n\n  =+/0AZaz19\r\xe2\x80\x94"[usize::try_from(numbers.below(18)).unwrap()];
            match numbers.below(3) {
                0 => bytes[place] = byte,
                1 => bytes.insert(place, byte),
                _ => drop(bytes.remove(place)),
            }
        }
        match Bundle::parse(&bytes) {
            Ok(read) => {
                assert_eq!(read.to_string().as_bytes(), bytes);
                n_read += 1;
            }
            Err(_) => n_refused += 1,
        }
    }
    assert!(n_read > 1_000 && n_refused > 1_000, "{n_read} were read and {n_refused} refused");
}
