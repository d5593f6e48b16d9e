//! How much a call could harm: a table that says which calls are high risk and why.

use super::calls::{Calls, Table};
use super::event::{Event, texts, texts_anywhere};
use std::fmt::Write as _;
use writ_model::fact::{Risk, RiskReason};
use writ_model::json::Node;

/// When a call of that name is high risk.
#[derive(Clone, Copy, Debug)]
enum When {
    /// Whenever it is made.
    Always,
    /// Where it shares with another account or with all.
    Shares,
    /// Where it opens something to the public.
    Public,
    /// Where it asks for the secret in clear.
    Decrypted,
}

use RiskReason::{DataExport as EXPORT, Destructive as DESTROY, PrivilegeEscalation as POWER, SecretAccess as SECRET};
use When::{Always, Decrypted, Public, Shares};

type High = (&'static str, &'static str, RiskReason, When);

static HIGH_CALLS: Table<High> = Table::new(|| Calls::of(HIGH));

/// High-risk calls, by service and name. A call may stand here for several reasons.
const HIGH: &[High] = &[
    // More power for somebody: permissions, trust, credentials.
    ("iam", "AddUserToGroup", POWER, Always),
    ("iam", "AttachGroupPolicy", POWER, Always),
    ("iam", "AttachRolePolicy", POWER, Always),
    ("iam", "AttachUserPolicy", POWER, Always),
    ("iam", "CreateAccessKey", POWER, Always),
    ("iam", "CreateLoginProfile", POWER, Always),
    ("iam", "CreateOpenIDConnectProvider", POWER, Always),
    ("iam", "CreatePolicyVersion", POWER, Always),
    ("iam", "CreateRole", POWER, Always),
    ("iam", "CreateSAMLProvider", POWER, Always),
    ("iam", "CreateServiceSpecificCredential", POWER, Always),
    ("iam", "CreateUser", POWER, Always),
    ("iam", "DeactivateMFADevice", POWER, Always),
    ("iam", "DeleteRolePermissionsBoundary", POWER, Always),
    ("iam", "DeleteUserPermissionsBoundary", POWER, Always),
    ("iam", "PutGroupPolicy", POWER, Always),
    ("iam", "PutRolePermissionsBoundary", POWER, Always),
    ("iam", "PutRolePolicy", POWER, Always),
    ("iam", "PutUserPermissionsBoundary", POWER, Always),
    ("iam", "PutUserPolicy", POWER, Always),
    ("iam", "SetDefaultPolicyVersion", POWER, Always),
    ("iam", "UpdateAssumeRolePolicy", POWER, Always),
    ("iam", "UpdateLoginProfile", POWER, Always),
    ("iam", "UpdateSAMLProvider", POWER, Always),
    ("sts", "AssumeRoot", POWER, Always),
    ("kms", "CreateGrant", POWER, Always),
    ("kms", "PutKeyPolicy", POWER, Always),
    ("organizations", "LeaveOrganization", POWER, Always),
    ("organizations", "DetachPolicy", POWER, Always),
    ("rolesanywhere", "CreateTrustAnchor", POWER, Always),
    ("secretsmanager", "PutResourcePolicy", POWER, Always),
    ("sso", "AttachManagedPolicyToPermissionSet", POWER, Always),
    ("sso", "CreateAccountAssignment", POWER, Always),
    ("sso", "PutInlinePolicyToPermissionSet", POWER, Always),
    // Somebody's code or order run with a role that was handed over; calls that hand one over are high
    // risk wherever the request names a role.
    ("lambda", "AddPermission", POWER, Always),
    ("lambda", "CreateFunction", POWER, Always),
    ("lambda", "UpdateFunctionCode", POWER, Always),
    ("lambda", "UpdateFunctionConfiguration", POWER, Always),
    ("ec2", "AssociateIamInstanceProfile", POWER, Always),
    ("ec2", "ReplaceIamInstanceProfileAssociation", POWER, Always),
    ("ec2-instance-connect", "SendSSHPublicKey", POWER, Always),
    ("glue", "CreateDevEndpoint", POWER, Always),
    ("sagemaker", "CreateNotebookInstance", POWER, Always),
    ("sagemaker", "CreatePresignedNotebookInstanceUrl", POWER, Always),
    ("ssm", "SendCommand", POWER, Always),
    ("ssm", "StartSession", POWER, Always),
    // Data let out.
    ("ec2", "ModifySnapshotAttribute", EXPORT, Shares),
    ("ec2", "ModifyImageAttribute", EXPORT, Shares),
    ("rds", "ModifyDBSnapshotAttribute", EXPORT, Shares),
    ("rds", "ModifyDBClusterSnapshotAttribute", EXPORT, Shares),
    ("ec2", "SharedSnapshotCopyInitiated", EXPORT, Always),
    ("ec2", "SharedSnapshotVolumeCreated", EXPORT, Always),
    ("s3", "PutBucketPolicy", EXPORT, Public),
    ("s3", "PutBucketAcl", EXPORT, Public),
    ("s3", "PutObjectAcl", EXPORT, Public),
    ("s3", "DeleteBucketPublicAccessBlock", EXPORT, Always),
    ("s3", "DeleteAccountPublicAccessBlock", EXPORT, Always),
    ("s3", "PutBucketReplication", EXPORT, Always),
    ("bcm-data-exports", "CreateExport", EXPORT, Always),
    ("dynamodb", "ExportTableToPointInTime", EXPORT, Always),
    ("ec2", "CreateInstanceExportTask", EXPORT, Always),
    ("ec2", "CreateStoreImageTask", EXPORT, Always),
    ("ec2", "CreateTrafficMirrorSession", EXPORT, Always),
    ("ec2", "ExportImage", EXPORT, Always),
    ("rds", "StartExportTask", EXPORT, Always),
    ("glacier", "InitiateJob", EXPORT, Always),
    // Destroyed: data.
    ("backup", "DeleteBackupVault", DESTROY, Always),
    ("backup", "DeleteRecoveryPoint", DESTROY, Always),
    ("cloudformation", "DeleteStack", DESTROY, Always),
    ("dynamodb", "DeleteTable", DESTROY, Always),
    ("dynamodb", "DeleteBackup", DESTROY, Always),
    ("ec2", "DeleteSnapshot", DESTROY, Always),
    ("ec2", "DeleteVolume", DESTROY, Always),
    ("ec2", "DeregisterImage", DESTROY, Always),
    ("ec2", "TerminateInstances", DESTROY, Always),
    ("ecr", "DeleteRepository", DESTROY, Always),
    ("eks", "DeleteCluster", DESTROY, Always),
    ("elasticfilesystem", "DeleteFileSystem", DESTROY, Always),
    ("kms", "DisableKey", DESTROY, Always),
    ("kms", "ScheduleKeyDeletion", DESTROY, Always),
    ("kms", "DeleteImportedKeyMaterial", DESTROY, Always),
    ("rds", "DeleteDBCluster", DESTROY, Always),
    ("rds", "DeleteDBClusterAutomatedBackup", DESTROY, Always),
    ("rds", "DeleteDBClusterSnapshot", DESTROY, Always),
    ("rds", "DeleteDBInstance", DESTROY, Always),
    ("rds", "DeleteDBInstanceAutomatedBackup", DESTROY, Always),
    ("rds", "DeleteDBSnapshot", DESTROY, Always),
    ("redshift", "DeleteCluster", DESTROY, Always),
    ("route53", "DeleteHostedZone", DESTROY, Always),
    ("s3", "DeleteBucket", DESTROY, Always),
    ("s3", "DeleteObject", DESTROY, Always),
    ("s3", "DeleteObjects", DESTROY, Always),
    ("s3", "DeleteBucketReplication", DESTROY, Always),
    ("secretsmanager", "DeleteSecret", DESTROY, Always),
    ("ssm", "DeleteParameter", DESTROY, Always),
    ("ssm", "DeleteParameters", DESTROY, Always),
    // Destroyed: evidence.
    ("bedrock", "DeleteModelInvocationLoggingConfiguration", DESTROY, Always),
    ("cloudtrail", "DeleteEventDataStore", DESTROY, Always),
    ("cloudtrail", "DeleteTrail", DESTROY, Always),
    ("cloudtrail", "PutEventSelectors", DESTROY, Always),
    ("cloudtrail", "StopEventDataStoreIngestion", DESTROY, Always),
    ("cloudtrail", "StopLogging", DESTROY, Always),
    ("cloudtrail", "UpdateTrail", DESTROY, Always),
    ("config", "DeleteConfigurationRecorder", DESTROY, Always),
    ("config", "DeleteDeliveryChannel", DESTROY, Always),
    ("config", "StopConfigurationRecorder", DESTROY, Always),
    ("ec2", "DeleteFlowLogs", DESTROY, Always),
    ("guardduty", "DeleteDetector", DESTROY, Always),
    ("logs", "DeleteLogGroup", DESTROY, Always),
    ("logs", "DeleteLogStream", DESTROY, Always),
    ("route53resolver", "DeleteResolverQueryLogConfig", DESTROY, Always),
    // Secrets read.
    ("codeartifact", "GetAuthorizationToken", SECRET, Always),
    ("ec2", "GetPasswordData", SECRET, Always),
    ("ecr", "GetAuthorizationToken", SECRET, Always),
    ("redshift", "GetClusterCredentials", SECRET, Always),
    ("secretsmanager", "BatchGetSecretValue", SECRET, Always),
    ("secretsmanager", "GetSecretValue", SECRET, Always),
    ("ssm", "GetParameter", SECRET, Decrypted),
    ("ssm", "GetParameters", SECRET, Decrypted),
    ("ssm", "GetParametersByPath", SECRET, Decrypted),
];

/// How the names of calls begin that only look.
const LOOKS: &[&str] = &["Get", "List", "Describe", "Head", "Lookup"];

/// Calls that look by their names and give out content, also where the record does not say `Data`.
const CONTENT: &[(&str, &str)] = &[("s3", "GetObject"), ("dynamodb", "GetItem"), ("ec2", "DescribeInstanceAttribute")];

pub(super) fn tables() -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write!(text, "{HIGH:?}{LOOKS:?}{CONTENT:?}");
    text
}

/// The risk of a call, whatever came of it: an attempt counts.
pub(super) fn of(event: &Event<'_>) -> Risk {
    let mut reasons: Vec<RiskReason> =
        HIGH_CALLS.about(event).filter(|row| met(row.3, event)).map(|row| row.2).collect();
    if super::grant::hands_power_over(event) {
        reasons.push(POWER);
    }
    if !reasons.is_empty() {
        reasons.sort_unstable();
        reasons.dedup();
        return Risk::High(reasons);
    }
    let looks = event.read_only != Some(false) && LOOKS.iter().any(|head| event.name.starts_with(head));
    let content = event.category == "Data" || CONTENT.iter().any(|(service, name)| event.is(service, name));
    if looks && !content && !super::minting::makes(event) { Risk::Low } else { Risk::Normal }
}

fn met(when: When, event: &Event<'_>) -> bool {
    let Some(request) = event.request else { return matches!(when, Always) };
    match when {
        Always => true,
        Shares => shares(request),
        Public => public(request),
        Decrypted => request.get("withDecryption").and_then(Node::as_bool) == Some(true),
    }
}

/// Whether accounts, or all, are added: EC2 lists them under `add`, RDS under `valuesToAdd`.
fn shares(request: &Node<'_>) -> bool {
    let mut added = Vec::new();
    texts(request, &["valuesToAdd", "*"], 1, &mut added);
    for permission in ["createVolumePermission", "launchPermission"] {
        for member in ["userId", "organizationArn", "organizationalUnitArn"] {
            texts(request, &[permission, "add", "items", "*", member], 1, &mut added);
        }
        let mut groups = Vec::new();
        texts(request, &[permission, "add", "items", "*", "group"], 8, &mut groups);
        added.extend(groups.into_iter().filter(|group| *group == "all"));
    }
    !added.is_empty()
}

/// Whether an access list or a policy opens a bucket to everybody.
fn public(request: &Node<'_>) -> bool {
    const OPEN: [&str; 3] = ["public-read", "public-read-write", "authenticated-read"];
    let mut lists = Vec::new();
    for name in ["x-amz-acl", "accessControlList"] {
        texts(request, &[name], 1, &mut lists);
        texts(request, &[name, "*"], 8, &mut lists);
    }
    let groups = texts_anywhere(request, "URI", usize::MAX);
    let everybody = |uri: &&str| uri.ends_with("/global/AllUsers") || uri.ends_with("/global/AuthenticatedUsers");
    lists.iter().any(|acl| OPEN.contains(acl)) || groups.iter().any(everybody) || policy_is_public(request)
}

/// Whether a bucket policy allows everybody without a condition.
fn policy_is_public(request: &Node<'_>) -> bool {
    let Some(statements) = request.at(&["bucketPolicy", "Statement"]) else { return false };
    let single = std::slice::from_ref(statements);
    let statements = if statements.elements().is_empty() { single } else { statements.elements() };
    statements.iter().any(|statement| {
        let mut principals: Vec<&str> = statement.text(&["Principal"]).into_iter().collect();
        principals.extend(statement.text(&["Principal", "AWS"]));
        texts(statement, &["Principal", "AWS", "*"], 64, &mut principals);
        let unconditional = statement.get("Condition").is_none_or(|condition| condition.members().is_empty());
        statement.text(&["Effect"]) == Some("Allow") && principals.contains(&"*") && unconditional
    })
}
