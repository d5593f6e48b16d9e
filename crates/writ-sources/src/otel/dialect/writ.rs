//! Writ's own attributes, for emitters that want to say what nobody else has a name for.

use super::Meaning as M;
use super::{Dialect, Row};

/// See the module.
pub(in crate::otel) static WRIT: Dialect = Dialect {
    name: "writ",
    rows: &[
        Row("writ.task.id", M::Task),
        Row("writ.transaction.id", M::Transaction),
        Row("writ.principal.id", M::Principal),
        Row("writ.principal.kind", M::PrincipalKind),
        Row("writ.principal.issuer", M::PrincipalIssuer),
        Row("writ.on_behalf_of", M::OnBehalfOf),
        Row("writ.credential.fingerprint", M::Credential),
        Row("writ.approval.id", M::Approval),
        Row("writ.approval.state", M::ApprovalStep),
        Row("writ.decision.id", M::Decision),
        Row("writ.arguments.digest", M::ArgumentsDigest),
        Row("writ.risk", M::Risk),
    ],
    acts: &[],
};
