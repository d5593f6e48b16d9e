//! What the C2SP documents give as examples, read and verified as they say.

use writ_tlog::checkpoint::{Checkpoint, Log, Unopened};
use writ_tlog::key::{Kind, Verifier};
use writ_tlog::note::{Note, Untrusted};

/// c2sp.org/signed-note, section "Example".
const KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const NOTE: &str = "This is an example message.\n\n\u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

/// The same document's first note, whose key it does not give.
const POEM: &str = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n\u{2014} quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";

/// c2sp.org/tlog-checkpoint and c2sp.org/tlog-cosignature: a checkpoint, and a witness's line below it.
const CHECKPOINT: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
const COSIGNED: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\u{2014} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\u{2014} witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";

#[test]
fn the_example_key_verifies_the_example_note() {
    let key = Verifier::parse(KEY).unwrap();
    assert_eq!(
        (key.name().as_str(), key.kind(), key.id().to_string()),
        ("example.com/foo", Kind::Ed25519, "530d903a".to_owned())
    );
    assert_eq!(key.to_string(), KEY);
    let note = Note::parse(NOTE.as_bytes()).unwrap();
    let keys = [key];
    let verified = note.verify(&keys).unwrap();
    assert_eq!(verified.text, "This is an example message.\n");
    assert_eq!(verified.signed.len(), 1);
    assert_eq!((verified.signed[0].by, verified.signed[0].time_s), (&keys[0], None));
}

#[test]
fn no_letter_of_the_example_text_may_change() {
    let keys = [Verifier::parse(KEY).unwrap()];
    let n_text = "This is an example message.".len();
    for place in 0..n_text {
        let mut bytes = NOTE.as_bytes().to_vec();
        bytes[place] ^= 1;
        let refused = Note::parse(&bytes).unwrap().verify(&keys).map(|verified| verified.text.to_owned());
        assert!(matches!(refused, Err(Untrusted::BadSignature { .. })), "letter {place}: {refused:?}");
    }
}

#[test]
fn a_text_may_have_blank_lines_of_its_own() {
    let note = Note::parse(POEM.as_bytes()).unwrap();
    assert!(
        note.text_unverified().starts_with("Ognuno")
            && note.text_unverified().ends_with("sole:\n\ned è subito sera.\n")
    );
    assert_eq!(note.signatures()[0].name().as_str(), "quasimodo.example/salvatore");
    assert_eq!(note.to_string(), POEM);
    assert_eq!(note.verify(&[Verifier::parse(KEY).unwrap()]), Err(Untrusted::NoKnownKey));
}

#[test]
fn the_example_checkpoint_is_read() {
    let note = Note::parse(COSIGNED.as_bytes()).unwrap();
    assert_eq!(note.text_unverified(), CHECKPOINT);
    assert_eq!(note.to_string(), COSIGNED);
    let ids: Vec<String> = note.signatures().iter().map(|signature| signature.id().to_string()).collect();
    assert_eq!(ids, ["033de0ae", "8d66cf3f"]);
    let checkpoint = Checkpoint::parse(CHECKPOINT).unwrap();
    assert_eq!((checkpoint.origin(), checkpoint.head().size), ("example.com/behind-the-sofa", 20_852_163));
    assert_eq!(checkpoint.head().root.to_string(), "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=");
    assert_eq!((checkpoint.extensions().len(), checkpoint.text().as_str()), (0, CHECKPOINT));
    // The documents do not give the keys, so nobody here vouches for it.
    let log = Log { origin: checkpoint.origin().to_owned(), keys: vec![Verifier::parse(KEY).unwrap()] };
    let refused = Checkpoint::open(COSIGNED.as_bytes(), &log, &[]);
    assert_eq!(refused, Err(Unopened::Untrusted(Untrusted::NoKnownKey)));
}
