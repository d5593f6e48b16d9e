//! Notes: what is read and what is refused, and whose signature makes one good.

use writ_tlog::key::{Kind, Name, Signer, Verifier};
use writ_tlog::note::{Malformed, NOTE_BYTES_MAX, Note, SIGNATURES_MAX, Untrusted};

fn signer(name: &str, seed: u8) -> Signer {
    Signer::ed25519(Name::parse(name).unwrap(), &[seed; 32])
}

fn signed(text: &str, signers: &[&Signer]) -> Note {
    let mut note = Note::new(text).unwrap();
    for signer in signers {
        note.sign(signer).unwrap();
    }
    note
}

/// A line that some unknown key made.
const LINE: &str = "\u{2014} example.com/key AAAAAAA=\n";

#[test]
fn what_was_written_is_read_and_verified() {
    let (log, other) = (signer("example.com/log", 1), signer("example.com/other", 2));
    for text in ["a\n", "\n", "\n\n", "a\n\nb\n\n", "é — ü\n", "\u{2014} not a signature\n", &format!("a\n\n{LINE}")]
    {
        let note = signed(text, &[&log, &other]);
        let read = Note::parse(note.to_string().as_bytes()).unwrap();
        assert_eq!(read, note, "{text:?}");
        for keys in [vec![log.verifier()], vec![other.verifier()], vec![other.verifier(), log.verifier()]] {
            let verified = read.verify(&keys).unwrap();
            assert_eq!((verified.text, verified.signed.len()), (text, keys.len()), "{text:?}");
        }
        assert_eq!(read.verify(&[]), Err(Untrusted::NoKnownKey));
    }
}

#[test]
fn a_text_that_no_note_can_have_is_not_signed() {
    for (text, cause) in [
        ("", Malformed::Unended),
        ("a", Malformed::Unended),
        ("a\n\nb", Malformed::Unended),
        ("a\r\n", Malformed::NotText),
        ("a\tb\n", Malformed::NotText),
        ("a\0\n", Malformed::NotText),
        ("a\u{1f}\n", Malformed::NotText),
    ] {
        assert_eq!(Note::new(text), Err(cause), "{text:?}");
    }
    // Below U+0020 ends what the specification calls control characters.
    assert!(Note::new("a\u{7f}\u{85}\n").is_ok());
    assert_eq!(Note::new(&format!("{}\n", "a".repeat(NOTE_BYTES_MAX))), Err(Malformed::TooLong));
}

#[test]
fn bytes_that_are_no_note_are_refused() {
    let line = LINE.trim_end();
    let refused = [
        (String::new(), Malformed::Unsigned),
        ("text\n".to_owned(), Malformed::Unsigned),
        (format!("text\n{LINE}"), Malformed::Unsigned),
        ("text\n\n".to_owned(), Malformed::Unsigned),
        (format!("text\n\n{line}"), Malformed::Unsigned),
        (format!("text\n\n{LINE}\n"), Malformed::Unsigned),
        (format!("text\n\n{LINE}\nmore"), Malformed::Unsigned),
        (format!("text\n\n{LINE}more\n"), Malformed::Line(2)),
        (format!("text\n\n {LINE}"), Malformed::Line(1)),
        (format!("text\n\n{line} \n"), Malformed::Line(1)),
        (format!("text\n\n{}", LINE.replace('\u{2014}', "-")), Malformed::Line(1)),
        (format!("text\n\n{}", LINE.replace("\u{2014} ", "\u{2014}")), Malformed::Line(1)),
        (format!("text\n\n{}", LINE.replace("example.com/key", "")), Malformed::Line(1)),
        (format!("text\n\n{}", LINE.replace("example.com/key", "a+b")), Malformed::Line(1)),
        (format!("text\n\n{}", LINE.replace("/key", "\u{a0}key")), Malformed::Line(1)),
        // An id without a signature, less than an id, bits behind the last byte, no padding, no base64.
        (format!("text\n\n{}", LINE.replace("AAAAAAA=", "AAAAAA==")), Malformed::Line(1)),
        (format!("text\n\n{}", LINE.replace("AAAAAAA=", "AAAA")), Malformed::Line(1)),
        (format!("text\n\n{}", LINE.replace("AAAAAAA=", "AAAAAAB=")), Malformed::Line(1)),
        (format!("text\n\n{}", LINE.replace("AAAAAAA=", "AAAAAAA")), Malformed::Line(1)),
        (format!("text\n\n{}", LINE.replace("AAAAAAA=", "AAAA_AA=")), Malformed::Line(1)),
        (format!("text\n\n{}", LINE.replace("AAAAAAA=", "")), Malformed::Line(1)),
        (format!("te\txt\n\n{LINE}"), Malformed::NotText),
        (format!("text\r\n\r\n{LINE}"), Malformed::NotText),
        (format!("text\n\n{line}\r\n"), Malformed::NotText),
    ];
    for (text, cause) in refused {
        assert_eq!(Note::parse(text.as_bytes()), Err(cause), "{text:?}");
    }
    assert_eq!(Note::parse(&[b"te\xff\n\n", LINE.as_bytes()].concat()), Err(Malformed::NotText));
    assert!(Note::parse(format!("text\n\n{LINE}").as_bytes()).is_ok(), "the near miss");
}

#[test]
fn the_bounds_are_exact() {
    let many = |n: usize| format!("text\n\n{}", LINE.repeat(n));
    assert_eq!(Note::parse(many(SIGNATURES_MAX).as_bytes()).unwrap().signatures().len(), SIGNATURES_MAX);
    assert_eq!(Note::parse(many(SIGNATURES_MAX + 1).as_bytes()), Err(Malformed::TooManySignatures));
    let mut full = Note::parse(many(SIGNATURES_MAX).as_bytes()).unwrap();
    // They are all of one key, which a note may come with; adding replaces.
    let before = full.clone();
    let other = signer("example.com/other", 3);
    assert_eq!(full.sign(&other), Err(Malformed::TooManySignatures));
    assert_eq!(full, before);

    let long = |n: usize| format!("{}\n\n{LINE}", "a".repeat(n - LINE.len() - 2));
    assert!(Note::parse(long(NOTE_BYTES_MAX).as_bytes()).is_ok());
    assert_eq!(Note::parse(long(NOTE_BYTES_MAX + 1).as_bytes()), Err(Malformed::TooLong));
    let mut text = Note::new(&format!("{}\n", "a".repeat(NOTE_BYTES_MAX - 50))).unwrap();
    assert_eq!(text.sign(&other), Err(Malformed::TooLong));
    assert_eq!(text.signatures(), []);
}

#[test]
fn unknown_keys_are_passed_over_even_if_half_of_them_is_known() {
    let log = signer("example.com/log", 1);
    let note = signed("text\n", &[&log]);
    // The name with another id, and the id with another name.
    let same_name = signer("example.com/log", 2);
    let text = note.to_string().replace("example.com/log", "example.com/lag");
    let same_id = Note::parse(text.as_bytes()).unwrap();
    assert_eq!(same_id.signatures()[0].id(), log.verifier().id());
    assert_eq!(same_id.verify(&[log.verifier()]), Err(Untrusted::NoKnownKey));
    assert_eq!(note.verify(&[same_name.verifier()]), Err(Untrusted::NoKnownKey));
    let both = signed("text\n", &[&same_name, &log]);
    assert_eq!(both.verify(&[log.verifier()]).unwrap().signed.len(), 1);
}

#[test]
fn one_false_signature_of_a_known_key_spoils_the_note() {
    let (log, other) = (signer("example.com/log", 1), signer("example.com/other", 2));
    let good = signed("text\n", &[&log, &other]).to_string();
    let line = good.lines().last().unwrap();
    let stolen = signed("another text\n", &[&other]).to_string();
    let spoilt = good.replace(line, stolen.lines().last().unwrap());
    let note = Note::parse(spoilt.as_bytes()).unwrap();
    let refused = note.verify(&[log.verifier(), other.verifier()]).unwrap_err();
    assert_eq!(refused, Untrusted::BadSignature { name: other.name().clone(), id: other.verifier().id() });
    // Who does not know the other key has no reason to doubt the first.
    assert!(note.verify(&[log.verifier()]).is_ok());
    // Also where a good one of the same key stands above it.
    let twice = Note::parse(format!("{good}{}\n", stolen.lines().last().unwrap()).as_bytes()).unwrap();
    assert!(matches!(twice.verify(&[other.verifier()]), Err(Untrusted::BadSignature { .. })));
}

#[test]
fn every_bit_of_a_signature_counts() {
    let log = signer("example.com/log", 1);
    let note = signed("text\n", &[&log]).to_string();
    let (head, encoded) = note.trim_end().rsplit_once(' ').unwrap();
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    // 68 bytes are 91 letters and a `=`; the last letter's low bits are nobody's.
    for place in 0..encoded.len() - 1 {
        let value = letters.find(&encoded[place..=place]).unwrap();
        for bit in 0..6 {
            let other = &letters[value ^ (1 << bit)..=value ^ (1 << bit)];
            let altered = format!("{head} {}{other}{}\n", &encoded[..place], &encoded[place + 1..]);
            let verified = Note::parse(altered.as_bytes()).map(|note| note.verify(&[log.verifier()]).is_ok());
            assert!(!matches!(verified, Ok(true)), "letter {place}, bit {bit}");
        }
    }
}

#[test]
fn a_signature_that_others_judge_differently_is_refused() {
    // Made with the key of RFC 8032, section 7.1, test 1, and the neutral element in place of a random point:
    // the equation of the RFC holds, and libraries differ in whether that is enough.
    let key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    let half = "6f181955c1179c975fdaf4b25272b31057e3638b615024b3fa738034d8469b0e";
    let hex = |text: &str| -> [u8; 32] {
        core::array::from_fn(|index| u8::from_str_radix(&text[2 * index..2 * index + 2], 16).unwrap())
    };
    let mut signature = [0; 64];
    signature[0] = 1;
    signature[32..].copy_from_slice(&hex(half));
    let lax = ed25519_dalek::VerifyingKey::from_bytes(&hex(key)).unwrap();
    let point = ed25519_dalek::Signature::from_bytes(&signature);
    assert!(ed25519_dalek::Verifier::verify(&lax, b"text\n", &point).is_ok());

    let key = Verifier::new(Name::parse("example.com/log").unwrap(), Kind::Ed25519, &hex(key)).unwrap();
    let line = data_encoding::BASE64.encode(&[&key.id().0[..], &signature].concat());
    let note = Note::parse(format!("text\n\n\u{2014} example.com/log {line}\n").as_bytes()).unwrap();
    assert!(matches!(note.verify(&[key]), Err(Untrusted::BadSignature { .. })));
}

#[test]
fn signing_again_replaces_and_a_repeated_line_counts_once() {
    let (log, other) = (signer("example.com/log", 1), signer("example.com/other", 2));
    let mut note = signed("text\n", &[&log, &other]);
    note.sign(&log).unwrap();
    let names: Vec<&str> = note.signatures().iter().map(|signature| signature.name().as_str()).collect();
    assert_eq!(names, ["example.com/other", "example.com/log"]);
    let text = note.to_string();
    let repeated = format!("{text}{}\n", text.lines().last().unwrap());
    let note = Note::parse(repeated.as_bytes()).unwrap();
    assert_eq!(note.signatures().len(), 3);
    assert_eq!(note.verify(&[log.verifier()]).unwrap().signed.len(), 1);
    assert_eq!(note.to_string(), repeated);
}

#[test]
fn two_known_keys_with_one_name_and_id_are_told_of() {
    // Ids have 32 bits: two keys that share one are found in a few seconds, so the list must not be
    // trusted to be free of them. These two were found by trying seeds.
    let (first, second) = colliding();
    assert_eq!((first.name(), first.id()), (second.name(), second.id()));
    assert_ne!(first.key(), second.key());
    let seed = COLLIDING[0];
    let note = signed("text\n", &[&Signer::ed25519(first.name().clone(), &secret(seed))]);
    let known = [first.clone(), first.clone()];
    assert!(note.verify(&known).is_ok(), "the same key twice is one key");
    let refused = note.verify(&[first.clone(), second]).unwrap_err();
    assert_eq!(refused, Untrusted::Ambiguous { name: first.name().clone(), id: first.id() });
}

/// Seeds of two keys that have one id under the name `a`.
const COLLIDING: [u64; 2] = [18_329, 84_706];

fn secret(seed: u64) -> [u8; 32] {
    let mut secret = [0; 32];
    secret[..8].copy_from_slice(&seed.to_be_bytes());
    secret
}

fn colliding() -> (Verifier, Verifier) {
    let key = |seed| Signer::ed25519(Name::parse("a").unwrap(), &secret(seed)).verifier();
    (key(COLLIDING[0]), key(COLLIDING[1]))
}

#[test]
fn a_note_is_not_taken_for_a_cosignature() {
    // The same key as a witness has another id, so its plain signature is an unknown one.
    let log = signer("example.com/log", 1);
    let witness = Verifier::new(log.name().clone(), Kind::CosignatureV1, log.verifier().key()).unwrap();
    assert_eq!(signed("text\n", &[&log]).verify(&[witness]), Err(Untrusted::NoKnownKey));
}
