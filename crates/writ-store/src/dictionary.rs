//! Static dictionaries: what records of many sources have in common, so that one packed by itself is
//! nearly as small as one packed with its neighbours.
//!
//! They are trained on our own fixtures and never on users' records: a dictionary of those would itself
//! be data about people. Each has a number that parts name, and is never changed; number 0 is none.
//! `cargo xtask dictionary` trains the next one.

/// Every dictionary, by its number.
pub(crate) const ALL: &[&[u8]] = &[&[], include_bytes!("dictionary/1.zdict"), include_bytes!("dictionary/2.zdict")];

/// What most sources have in common, trained on the scenarios.
const MIXED: u8 = 1;
/// CloudTrail: names of services, calls and their parameters, of agents and of errors.
const CLOUDTRAIL: u8 = 2;

/// The dictionary that new records of a source are packed with.
pub(crate) fn of(source: &str) -> u8 {
    if source == "aws.cloudtrail" { CLOUDTRAIL } else { MIXED }
}

/// Whether there is one of this number.
pub(crate) fn is_known(id: u8) -> bool {
    usize::from(id) < ALL.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use writ_model::canon::hex;

    /// Records are packed with it: with other bytes they could not be read.
    #[test]
    fn a_dictionary_never_changes() {
        use sha2::Digest as _;
        let digests: Vec<String> = ALL.iter().map(|bytes| hex(&sha2::Sha256::digest(bytes))).collect();
        assert_eq!(digests[1], "1190f5bdc4e97ec1e48c1fcc2977f3b7f8862693d830c5db4b44e933eccb3043");
        assert_eq!(digests[2], "0bd41ae6dacab2f16aee0dc3581eb08d886a212373731e00bba9d202ad29cac4");
        assert!(is_known(of("aws.cloudtrail")) && is_known(of("test.log")) && !is_known(3));
    }
}
