//! Key texts: what is read, what is refused, and that they come back as they were.

use writ_tlog::key::{Id, Kind, Name, NoKey, Signer, Verifier};

const KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

fn name() -> Name {
    Name::parse("example.com/log").unwrap()
}

#[test]
fn a_key_of_rfc_8032_gives_its_public_key() {
    // RFC 8032, section 7.1, test 1.
    let secret = hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    let public = hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    assert_eq!(Signer::ed25519(name(), &secret).verifier().key(), &public);
}

fn hex(text: &str) -> [u8; 32] {
    let byte = |index: usize| u8::from_str_radix(&text[2 * index..2 * index + 2], 16).unwrap();
    core::array::from_fn(byte)
}

#[test]
fn keys_come_back_from_their_texts() {
    for seed in 0..=255 {
        let signer = Signer::ed25519(name(), &[seed; 32]);
        let again = Signer::parse(&signer.secret_text()).unwrap();
        assert_eq!(again.verifier(), signer.verifier());
        assert_eq!(again.secret_text(), signer.secret_text());
        // Some of these have a `+` in their base64, which parts are told apart by.
        assert_eq!(Verifier::parse(&signer.verifier().to_string()), Ok(signer.verifier()));
    }
}

#[test]
fn one_key_has_another_id_for_each_name_and_kind() {
    let signer = Signer::ed25519(name(), &[1; 32]).verifier();
    let witness = Verifier::new(name(), Kind::CosignatureV1, signer.key()).unwrap();
    let other = Verifier::new(Name::parse("example.com/other").unwrap(), Kind::Ed25519, signer.key()).unwrap();
    assert!(signer.id() != witness.id() && signer.id() != other.id() && witness.id() != other.id());
    assert_eq!(Verifier::parse(&witness.to_string()), Ok(witness));
}

#[test]
fn texts_that_are_no_verifier_are_refused() {
    let body = "AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    let refused = [
        (String::new(), NoKey::Shape),
        (body.to_owned(), NoKey::Shape),
        (format!("example.com/foo+{body}"), NoKey::Shape),
        (format!("+530d903a+{body}"), NoKey::Name),
        (format!("example com+530d903a+{body}"), NoKey::Name),
        (format!("example.com/foo+530D903A+{body}"), NoKey::Shape),
        (format!("example.com/foo+30d903a+{body}"), NoKey::Shape),
        (format!("example.com/foo++30d903a+{body}"), NoKey::Shape),
        (format!("example.com/foo+530d903a+{body}="), NoKey::Shape),
        (format!("example.com/foo+530d903a+{body}\n"), NoKey::Shape),
        ("example.com/foo+530d903a+".to_owned(), NoKey::Shape),
        ("example.com/foo+530d903a+AQ==".to_owned(), NoKey::Unusable),
        (format!("example.com/foo+530d903a+{body}AAAA"), NoKey::Unusable),
        // The kinds that the specification gives to ECDSA and to ML-DSA-44.
        (format!("example.com/foo+530d903a+{}", body.replacen("Ae", "Au", 1)), NoKey::Type(2)),
        (format!("example.com/foo+530d903a+{}", body.replacen("Ae", "Bu", 1)), NoKey::Type(6)),
    ];
    for (text, cause) in refused {
        assert_eq!(Verifier::parse(&text), Err(cause), "{text}");
    }
}

#[test]
fn a_key_whose_name_id_or_bytes_were_altered_is_refused() {
    let (written, found) = (Id([0x53, 0x0d, 0x90, 0x3a]), Id([0x53, 0x0d, 0x90, 0x3b]));
    let altered = Verifier::parse(&KEY.replace("530d903a", "530d903b"));
    assert_eq!(altered, Err(NoKey::Id { written: found, computed: written }));
    assert!(matches!(Verifier::parse(&KEY.replace("foo", "fou")), Err(NoKey::Id { .. })));
    let signer = Signer::ed25519(name(), &[3; 32]).secret_text();
    assert!(matches!(Signer::parse(&signer.replace("log", "lag")).unwrap_err(), NoKey::Id { .. }));
}

#[test]
fn a_public_key_is_not_taken_for_a_secret_one_nor_shown_in_errors() {
    assert_eq!(Signer::parse(KEY).unwrap_err(), NoKey::SecretShape);
    let secret = Signer::ed25519(name(), &[9; 32]).secret_text();
    assert_eq!(Verifier::parse(&secret), Err(NoKey::Shape));
    // What follows the head is a secret, whatever else is wrong with it.
    let body = secret.rsplit_once('+').unwrap().1;
    for broken in [
        secret.replace("PRIVATE", "private"),
        secret.replace("log+", "log+0"),
        secret.replace("example.com/log", "x y"),
    ] {
        let said = format!("{0} {0:?}", Signer::parse(&broken).unwrap_err());
        assert!(!said.contains(body), "{said}");
    }
}
