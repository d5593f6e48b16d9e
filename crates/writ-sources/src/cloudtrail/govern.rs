//! What governs later acts, or the record of them: sessions begun, changes, and recorders changed.

use super::calls::{Calls, Table};
use super::event::Event;
use RecorderChange::{Altered, Resumed, Stopped};
use std::fmt::Write as _;
use writ_model::fact::RecorderChange;

/// Sign-ins and their ends.
const SESSIONS: &[(&str, &str)] = &[
    ("signin", "ConsoleLogin"),
    ("signin", "SwitchRole"),
    ("signin", "ExitRole"),
    ("signin", "RenewRole"),
    ("signin", "GetSigninToken"),
    ("signin", "ExternalIdPDirectoryLogin"),
    ("signin", "UserAuthentication"),
    ("sso", "Authenticate"),
    ("sso", "Federate"),
    ("sso", "Logout"),
];

/// The log this record stands in.
const TRAIL: &str = "";

/// Calls that change what a recorder writes down: service, name, which recorder beside this account's
/// own log (each is named `<log>:<account>`), what became of it.
const RECORDERS: &[Recorder] = &[
    ("cloudtrail", "StopLogging", TRAIL, Stopped),
    ("cloudtrail", "StartLogging", TRAIL, Resumed),
    ("cloudtrail", "DeleteTrail", TRAIL, Stopped),
    ("cloudtrail", "UpdateTrail", TRAIL, Altered),
    ("cloudtrail", "PutEventSelectors", TRAIL, Altered),
    ("cloudtrail", "PutInsightSelectors", TRAIL, Altered),
    ("cloudtrail", "StopEventDataStoreIngestion", "aws.eventdatastore", Stopped),
    ("cloudtrail", "StartEventDataStoreIngestion", "aws.eventdatastore", Resumed),
    ("cloudtrail", "DeleteEventDataStore", "aws.eventdatastore", Stopped),
    ("cloudtrail", "UpdateEventDataStore", "aws.eventdatastore", Altered),
    ("bedrock", "DeleteModelInvocationLoggingConfiguration", INVOCATIONS, Stopped),
    ("bedrock", "PutModelInvocationLoggingConfiguration", INVOCATIONS, Altered),
    ("config", "StopConfigurationRecorder", "aws.config", Stopped),
    ("config", "StartConfigurationRecorder", "aws.config", Resumed),
    ("config", "DeleteConfigurationRecorder", "aws.config", Stopped),
    ("config", "DeleteDeliveryChannel", "aws.config", Stopped),
    ("ec2", "DeleteFlowLogs", "aws.vpcflow", Stopped),
    ("guardduty", "DeleteDetector", "aws.guardduty", Stopped),
    ("guardduty", "StopMonitoringMembers", "aws.guardduty", Stopped),
    ("logs", "DeleteLogGroup", "aws.logs", Stopped),
    ("logs", "DeleteLogStream", "aws.logs", Stopped),
    ("logs", "DeleteSubscriptionFilter", "aws.logs", Altered),
    ("logs", "PutRetentionPolicy", "aws.logs", Altered),
    ("route53resolver", "DeleteResolverQueryLogConfig", "aws.resolver", Stopped),
    ("route53resolver", "DisassociateResolverQueryLogConfig", "aws.resolver", Stopped),
    ("s3", "PutBucketLogging", "aws.s3.access", Altered),
    ("securityhub", "DisableSecurityHub", "aws.securityhub", Stopped),
    ("wafv2", "DeleteLoggingConfiguration", "aws.waf", Stopped),
    ("wafv2", "PutLoggingConfiguration", "aws.waf", Altered),
];

/// Calls that change what later acts do or may do: code, policies, schedules, agents.
const CHANGES: &[(&str, &str)] = &[
    ("bedrock", "CreateAgentActionGroup"),
    ("bedrock", "DeleteGuardrail"),
    ("bedrock", "UpdateAgent"),
    ("bedrock", "UpdateAgentActionGroup"),
    ("bedrock", "UpdateGuardrail"),
    ("bedrock-agentcore", "UpdateAgentRuntime"),
    ("bedrock-agentcore", "UpdateGateway"),
    ("cloudformation", "CreateChangeSet"),
    ("cloudformation", "CreateStack"),
    ("cloudformation", "DeleteStack"),
    ("cloudformation", "ExecuteChangeSet"),
    ("cloudformation", "UpdateStack"),
    ("cloudtrail", "PutEventSelectors"),
    ("cloudtrail", "UpdateTrail"),
    ("codebuild", "UpdateProject"),
    ("codepipeline", "UpdatePipeline"),
    ("ec2", "ModifyInstanceAttribute"),
    ("ecr", "PutImage"),
    ("ecs", "RegisterTaskDefinition"),
    ("ecs", "UpdateService"),
    ("events", "DeleteRule"),
    ("events", "DisableRule"),
    ("events", "EnableRule"),
    ("events", "PutRule"),
    ("events", "PutTargets"),
    ("glue", "UpdateJob"),
    ("iam", "AddUserToGroup"),
    ("iam", "AttachGroupPolicy"),
    ("iam", "AttachRolePolicy"),
    ("iam", "AttachUserPolicy"),
    ("iam", "CreatePolicyVersion"),
    ("iam", "DeleteGroupPolicy"),
    ("iam", "DeleteRolePolicy"),
    ("iam", "DeleteUserPolicy"),
    ("iam", "DetachGroupPolicy"),
    ("iam", "DetachRolePolicy"),
    ("iam", "DetachUserPolicy"),
    ("iam", "PutGroupPolicy"),
    ("iam", "PutRolePermissionsBoundary"),
    ("iam", "PutRolePolicy"),
    ("iam", "PutUserPermissionsBoundary"),
    ("iam", "PutUserPolicy"),
    ("iam", "RemoveUserFromGroup"),
    ("iam", "SetDefaultPolicyVersion"),
    ("iam", "UpdateAssumeRolePolicy"),
    ("kms", "PutKeyPolicy"),
    ("lambda", "PublishLayerVersion"),
    ("lambda", "UpdateEventSourceMapping"),
    ("lambda", "UpdateFunctionCode"),
    ("lambda", "UpdateFunctionConfiguration"),
    ("organizations", "AttachPolicy"),
    ("organizations", "DetachPolicy"),
    ("organizations", "UpdatePolicy"),
    ("s3", "DeleteBucketPolicy"),
    ("s3", "PutBucketPolicy"),
    ("scheduler", "CreateSchedule"),
    ("scheduler", "DeleteSchedule"),
    ("scheduler", "UpdateSchedule"),
    ("secretsmanager", "PutResourcePolicy"),
    ("ssm", "UpdateDocument"),
    ("sso", "AttachManagedPolicyToPermissionSet"),
    ("sso", "PutInlinePolicyToPermissionSet"),
    ("sso", "UpdatePermissionSet"),
    ("states", "UpdateStateMachine"),
];

/// Log of what models were asked and answered, beside the account's own.
const INVOCATIONS: &str = "aws.bedrock.invocation";

/// Calls whose content a log of its own holds: service, how the name begins, which log.
const CONTENT: &[(&str, &str, &str)] = &[("bedrock", "InvokeModel", INVOCATIONS), ("bedrock", "Converse", INVOCATIONS)];

/// The recorder that would hold what a call asked for.
pub(super) fn content_in(event: &Event<'_>) -> Option<String> {
    let row = CONTENT.iter().find(|row| event.service == row.0 && event.name.starts_with(row.1))?;
    Some(format!("{}:{}", row.2, event.account()))
}

type Recorder = (&'static str, &'static str, &'static str, RecorderChange);
static SESSION_CALLS: Table = Table::new(|| Calls::of(SESSIONS));
static CHANGE_CALLS: Table = Table::new(|| Calls::of(CHANGES));
static RECORDER_CALLS: Table<Recorder> = Table::new(|| Calls::of(RECORDERS));

pub(super) fn tables() -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write!(text, "{SESSIONS:?}{RECORDERS:?}{CHANGES:?}{CONTENT:?}");
    text
}

/// Whether a sign-in session begins, ends or changes.
pub(super) fn is_session(event: &Event<'_>) -> bool {
    SESSION_CALLS.has(event)
}

/// What a call did to a recorder. `own` is the recorder of the log this record stands in.
pub(super) fn recorder_change(event: &Event<'_>, own: &str) -> Option<(String, RecorderChange)> {
    let (_, _, log, change) = RECORDER_CALLS.about(event).next()?;
    let recorder = if *log == TRAIL { own.to_string() } else { format!("{log}:{}", event.account()) };
    Some((recorder, *change))
}

/// Whether what governs later acts changes.
pub(super) fn is_change(event: &Event<'_>) -> bool {
    CHANGE_CALLS.has(event)
}
