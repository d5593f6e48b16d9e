//! The story that `writ demo` tells: made-up logs of a made-up firm, embedded in the binary.

/// The logs, by file name.
pub(crate) const FILES: [(&str, &[u8]); 2] = [
    ("cloudtrail.json", include_bytes!("../../story/cloudtrail.json")),
    ("directory.json", include_bytes!("../../story/directory.json")),
];

/// What happened, as somebody would tell it.
pub(crate) const TOLD: &str = "\
A made-up firm. On 2 October Omar makes an access key for the user domains-bot, to
renew domains. On 14 October, at 09:31, a snapshot of the orders database is shared
with an account nobody knows. The audit log names a role session, ops-broker/
session-4f1c. Mira has a session of the same role open in the same minute.

Whose power shared the snapshot, and what did nobody write down?
";

/// The event that is asked about.
pub(crate) const EVENT: &str = "aws.cloudtrail:00001007-5a0e-4d57-9c1e-3d2f6b7a8c90";

/// What to make of the answer.
pub(crate) const LESSON: &str = "\
Mira's session looked alike and is not in the answer: her key minted another session.
The key of domains-bot is proven, hop by hop. That Omar made that key is proven too,
and does not make him the one who used it. Who asked stays open, and says so.
";
