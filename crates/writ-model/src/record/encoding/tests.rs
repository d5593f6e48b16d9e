//! What reads back, what is refused, and the bytes that the specification names.

use super::*;
use alloc::string::ToString as _;
use alloc::vec;

fn envelope() -> Envelope {
    Envelope {
        identity: Identity {
            source: "aws.cloudtrail".to_string(),
            recorder: "aws:111122223333".to_string(),
            native_id: "e-1".to_string(),
        },
        custody: Custody::HandedIn,
        event_time: Some(EventTime::at(Time::parse("1969-12-31T23:59:59Z").unwrap(), 1000)),
        available_time: None,
        received_time: Time::parse("2026-11-24T00:00:00.5Z").unwrap(),
        origin: Origin { by: "ana".into(), from: "trail.json.gz".into(), byte: 12 },
        redactions: vec![Redaction { pointer: "/a".to_string(), kind: "secret".to_string(), digest: vec![1, 2] }],
    }
}

fn bare() -> Envelope {
    let origin = Origin { byte: 0, ..envelope().origin };
    Envelope { event_time: None, origin, redactions: Vec::new(), ..envelope() }
}

fn spanning() -> Envelope {
    let event = EventTime { end: Some(Time::new(7, 999_999_999)), ..envelope().event_time.unwrap() };
    let identity = Identity { native_id: "5b1d0002-1111-4222-8333-4444555566ab".to_string(), ..envelope().identity };
    Envelope { identity, event_time: Some(event), available_time: Some(Time::new(-1, 0)), ..envelope() }
}

#[test]
fn an_envelope_reads_back_and_a_damaged_one_does_not() {
    for envelope in [envelope(), bare(), spanning()] {
        let (shared, own) = (envelope.encode_shared(), envelope.encode_own());
        assert_eq!(Envelope::decode(&shared, &own), Ok(envelope));
        for n in 0..own.len() {
            assert_eq!(Envelope::decode(&shared, &own[..n]), Err(Malformed), "cut at {n}");
        }
        for n in 0..shared.len() {
            assert_eq!(Envelope::decode(&shared[..n], &own), Err(Malformed), "cut at {n}");
        }
        assert_eq!(Envelope::decode(&shared, &[own.as_slice(), &[0]].concat()), Err(Malformed));
    }
}

/// One value, one byte string: whatever is read is written as it was.
#[test]
fn what_is_read_is_written_again_byte_for_byte() {
    for envelope in [envelope(), bare(), spanning()] {
        let (shared, own) = (envelope.encode_shared(), envelope.encode_own());
        assert!(envelope.shares_with(&Envelope { custody: Custody::Open, ..envelope.clone() }));
        for (n, bit) in (0..own.len()).flat_map(|n| (0..8).map(move |bit| (n, bit))) {
            let mut altered = own.clone();
            altered[n] ^= 1 << bit;
            if let Ok(read) = Envelope::decode(&shared, &altered) {
                assert_eq!(read.encode_own(), altered, "byte {n}, bit {bit}");
            }
        }
        for (n, bit) in (0..shared.len()).flat_map(|n| (0..8).map(move |bit| (n, bit))) {
            let mut altered = shared.clone();
            altered[n] ^= 1 << bit;
            if let Ok(read) = Envelope::decode(&altered, &own) {
                assert_eq!(read.encode_shared(), altered, "shared, byte {n}, bit {bit}");
                assert!(!read.shares_with(&envelope), "shared, byte {n}, bit {bit}");
            }
        }
    }
}

#[test]
fn only_a_uuid_in_lower_case_is_written_as_sixteen_bytes() {
    let own = |native_id: &str| {
        let identity = Identity { native_id: native_id.to_string(), ..envelope().identity };
        Envelope { identity, ..bare() }.encode_own().len()
    };
    let uuid = "5b1d0002-1111-4222-8333-4444555566ab";
    assert_eq!(own(&"x".repeat(36)) - own(uuid), 21);
    for other in [uuid.to_uppercase(), uuid.replace('-', "0"), uuid.replace("5b", "5g")] {
        assert_eq!(own(&other), own(&"x".repeat(36)), "{other}");
        let identity = Identity { native_id: other, ..envelope().identity };
        let envelope = Envelope { identity, ..bare() };
        assert_eq!(Envelope::decode(&envelope.encode_shared(), &envelope.encode_own()), Ok(envelope));
    }
}
