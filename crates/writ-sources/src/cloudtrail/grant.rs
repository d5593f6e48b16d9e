//! Lasting power given or taken: roles handed to services or bound to hosts, permissions, trust.

use super::binding;
use super::calls::{Call, Calls, Table};
use super::event::{Event, member, texts};
use super::presented::{LAMBDA, function_trace, passed_trace};
use crate::admit::short;
use std::fmt::Write as _;
use writ_model::fact::{Detail, Fact, FactKind, Grant, GrantKind, Outcome};
use writ_model::json::Node;
use writ_model::key::{Attestation, Key, KeyKind, KeyName, KeyRole};

/// Most roles read off one call: real calls hand over one or two; a list of targets may hold more.
const ROLES_MAX: usize = 16;
/// A call that hands roles to a service.
#[derive(Clone, Copy, Debug)]
struct Pass {
    service: &'static str,
    name: &'static str,
    /// Where the role stands in the request; `*` is every element of a list.
    role: &'static str,
    /// The service that will act with it.
    to: &'static str,
}

impl Call for Pass {
    fn call(&self) -> (&'static str, &'static str) {
        (self.service, self.name)
    }
}

const fn pass(service: &'static str, name: &'static str, role: &'static str, to: &'static str) -> Pass {
    Pass { service, name, role, to }
}

const CLOUDFORMATION: &str = "cloudformation.amazonaws.com";
const ECS_TASKS: &str = "ecs-tasks.amazonaws.com";
const GLUE: &str = "glue.amazonaws.com";
const SAGEMAKER: &str = "sagemaker.amazonaws.com";
const CODEBUILD: &str = "codebuild.amazonaws.com";
const STATES: &str = "states.amazonaws.com";
const BEDROCK: &str = "bedrock.amazonaws.com";
const AGENTCORE: &str = "bedrock-agentcore.amazonaws.com";

/// Calls that hand roles to services, from the vendor's lists of actions that need `iam:PassRole`.
const PASSES: &[Pass] = &[
    pass("cloudformation", "CreateStack", "roleARN", CLOUDFORMATION),
    pass("cloudformation", "UpdateStack", "roleARN", CLOUDFORMATION),
    pass("cloudformation", "DeleteStack", "roleARN", CLOUDFORMATION),
    pass("cloudformation", "CreateChangeSet", "roleARN", CLOUDFORMATION),
    pass("cloudformation", "ContinueUpdateRollback", "roleARN", CLOUDFORMATION),
    pass("cloudformation", "RollbackStack", "roleARN", CLOUDFORMATION),
    pass("cloudformation", "CreateStackSet", "administrationRoleARN", CLOUDFORMATION),
    pass("cloudformation", "UpdateStackSet", "administrationRoleARN", CLOUDFORMATION),
    pass("lambda", "CreateFunction", "role", LAMBDA),
    pass("lambda", "UpdateFunctionConfiguration", "role", LAMBDA),
    pass("ecs", "RegisterTaskDefinition", "taskRoleArn", ECS_TASKS),
    pass("ecs", "RegisterTaskDefinition", "executionRoleArn", ECS_TASKS),
    pass("ecs", "RunTask", "overrides/taskRoleArn", ECS_TASKS),
    pass("ecs", "RunTask", "overrides/executionRoleArn", ECS_TASKS),
    pass("ecs", "StartTask", "overrides/taskRoleArn", ECS_TASKS),
    pass("ecs", "StartTask", "overrides/executionRoleArn", ECS_TASKS),
    pass("ecs", "CreateService", "role", "ecs.amazonaws.com"),
    pass("batch", "RegisterJobDefinition", "containerProperties/jobRoleArn", ECS_TASKS),
    pass("batch", "RegisterJobDefinition", "containerProperties/executionRoleArn", ECS_TASKS),
    pass("batch", "CreateComputeEnvironment", "serviceRole", "batch.amazonaws.com"),
    pass("glue", "CreateJob", "role", GLUE),
    pass("glue", "UpdateJob", "jobUpdate/role", GLUE),
    pass("glue", "CreateCrawler", "role", GLUE),
    pass("glue", "UpdateCrawler", "role", GLUE),
    pass("glue", "CreateDevEndpoint", "roleArn", GLUE),
    pass("glue", "CreateSession", "role", GLUE),
    pass("sagemaker", "CreateNotebookInstance", "roleArn", SAGEMAKER),
    pass("sagemaker", "UpdateNotebookInstance", "roleArn", SAGEMAKER),
    pass("sagemaker", "CreateTrainingJob", "roleArn", SAGEMAKER),
    pass("sagemaker", "CreateProcessingJob", "roleArn", SAGEMAKER),
    pass("sagemaker", "CreateAutoMLJob", "roleArn", SAGEMAKER),
    pass("sagemaker", "CreateModel", "executionRoleArn", SAGEMAKER),
    pass("sagemaker", "CreatePipeline", "roleArn", SAGEMAKER),
    pass("sagemaker", "UpdatePipeline", "roleArn", SAGEMAKER),
    pass("sagemaker", "CreateDomain", "defaultUserSettings/executionRole", SAGEMAKER),
    pass("sagemaker", "UpdateDomain", "defaultUserSettings/executionRole", SAGEMAKER),
    pass("sagemaker", "CreateUserProfile", "userSettings/executionRole", SAGEMAKER),
    pass("codebuild", "CreateProject", "serviceRole", CODEBUILD),
    pass("codebuild", "UpdateProject", "serviceRole", CODEBUILD),
    pass("codebuild", "StartBuild", "serviceRoleOverride", CODEBUILD),
    pass("codepipeline", "CreatePipeline", "pipeline/roleArn", "codepipeline.amazonaws.com"),
    pass("codepipeline", "UpdatePipeline", "pipeline/roleArn", "codepipeline.amazonaws.com"),
    pass("states", "CreateStateMachine", "roleArn", STATES),
    pass("states", "UpdateStateMachine", "roleArn", STATES),
    pass("events", "PutTargets", "targets/*/roleArn", "events.amazonaws.com"),
    pass("events", "PutRule", "roleArn", "events.amazonaws.com"),
    pass("scheduler", "CreateSchedule", "target/roleArn", "scheduler.amazonaws.com"),
    pass("scheduler", "UpdateSchedule", "target/roleArn", "scheduler.amazonaws.com"),
    pass("pipes", "CreatePipe", "roleArn", "pipes.amazonaws.com"),
    pass("pipes", "UpdatePipe", "roleArn", "pipes.amazonaws.com"),
    pass("bedrock", "CreateAgent", "agentResourceRoleArn", BEDROCK),
    pass("bedrock", "UpdateAgent", "agentResourceRoleArn", BEDROCK),
    pass("bedrock", "CreateKnowledgeBase", "roleArn", BEDROCK),
    pass("bedrock", "UpdateKnowledgeBase", "roleArn", BEDROCK),
    pass("bedrock", "CreateFlow", "executionRoleArn", BEDROCK),
    pass("bedrock", "UpdateFlow", "executionRoleArn", BEDROCK),
    pass("bedrock", "CreateModelCustomizationJob", "roleArn", BEDROCK),
    pass("bedrock-agentcore", "CreateAgentRuntime", "roleArn", AGENTCORE),
    pass("bedrock-agentcore", "UpdateAgentRuntime", "roleArn", AGENTCORE),
    pass("bedrock-agentcore", "CreateGateway", "roleArn", AGENTCORE),
    pass("bedrock-agentcore", "UpdateGateway", "roleArn", AGENTCORE),
    pass("bedrock-agentcore", "CreateCodeInterpreter", "executionRoleArn", AGENTCORE),
    pass("bedrock-agentcore", "CreateBrowser", "executionRoleArn", AGENTCORE),
    pass("ssm", "StartAutomationExecution", "parameters/AutomationAssumeRole/*", "ssm.amazonaws.com"),
    pass("ssm", "CreateActivation", "iamRole", "ssm.amazonaws.com"),
    pass("eks", "CreateCluster", "roleArn", "eks.amazonaws.com"),
    pass("eks", "CreateNodegroup", "nodeRole", "ec2.amazonaws.com"),
    pass("eks", "CreatePodIdentityAssociation", "roleArn", "pods.eks.amazonaws.com"),
    pass("eks", "UpdatePodIdentityAssociation", "roleArn", "pods.eks.amazonaws.com"),
    pass("eks", "CreateFargateProfile", "podExecutionRoleArn", "eks-fargate-pods.amazonaws.com"),
    pass("rds", "AddRoleToDBInstance", "roleArn", "rds.amazonaws.com"),
    pass("rds", "AddRoleToDBCluster", "roleArn", "rds.amazonaws.com"),
    pass("redshift", "CreateCluster", "iamRoles/*", "redshift.amazonaws.com"),
    pass("redshift", "ModifyClusterIamRoles", "addIamRoles/*", "redshift.amazonaws.com"),
    pass("firehose", "CreateDeliveryStream", "extendedS3DestinationConfiguration/roleARN", "firehose.amazonaws.com"),
    pass("apprunner", "CreateService", "instanceConfiguration/instanceRoleArn", "tasks.apprunner.amazonaws.com"),
    pass("elasticmapreduce", "RunJobFlow", "serviceRole", "elasticmapreduce.amazonaws.com"),
    pass("backup", "StartBackupJob", "iamRoleArn", "backup.amazonaws.com"),
    pass("backup", "StartRestoreJob", "iamRoleArn", "backup.amazonaws.com"),
    pass("transfer", "CreateUser", "role", "transfer.amazonaws.com"),
    pass("transfer", "CreateServer", "loggingRole", "transfer.amazonaws.com"),
    pass("logs", "PutSubscriptionFilter", "roleArn", "logs.amazonaws.com"),
    pass("cloudtrail", "CreateTrail", "cloudWatchLogsRoleArn", "cloudtrail.amazonaws.com"),
    pass("cloudtrail", "UpdateTrail", "cloudWatchLogsRoleArn", "cloudtrail.amazonaws.com"),
];

/// Calls that give or take permissions or trust: service, name, sort, whether they give.
const POWERS: &[Power] = &[
    ("iam", "AddUserToGroup", GrantKind::Permission, true),
    ("iam", "AttachGroupPolicy", GrantKind::Permission, true),
    ("iam", "AttachRolePolicy", GrantKind::Permission, true),
    ("iam", "AttachUserPolicy", GrantKind::Permission, true),
    ("iam", "CreateLoginProfile", GrantKind::Permission, true),
    ("iam", "CreatePolicyVersion", GrantKind::Permission, true),
    ("iam", "PutGroupPolicy", GrantKind::Permission, true),
    ("iam", "PutRolePolicy", GrantKind::Permission, true),
    ("iam", "PutUserPolicy", GrantKind::Permission, true),
    ("iam", "SetDefaultPolicyVersion", GrantKind::Permission, true),
    ("iam", "UpdateLoginProfile", GrantKind::Permission, true),
    ("iam", "DeleteRolePermissionsBoundary", GrantKind::Permission, true),
    ("iam", "DeleteUserPermissionsBoundary", GrantKind::Permission, true),
    ("iam", "DeleteGroupPolicy", GrantKind::Permission, false),
    ("iam", "DeleteLoginProfile", GrantKind::Permission, false),
    ("iam", "DeleteRolePolicy", GrantKind::Permission, false),
    ("iam", "DeleteUserPolicy", GrantKind::Permission, false),
    ("iam", "DetachGroupPolicy", GrantKind::Permission, false),
    ("iam", "DetachRolePolicy", GrantKind::Permission, false),
    ("iam", "DetachUserPolicy", GrantKind::Permission, false),
    ("iam", "RemoveUserFromGroup", GrantKind::Permission, false),
    ("iam", "CreateRole", GrantKind::Trust, true),
    ("iam", "UpdateAssumeRolePolicy", GrantKind::Trust, true),
    ("iam", "CreateOpenIDConnectProvider", GrantKind::Trust, true),
    ("iam", "CreateSAMLProvider", GrantKind::Trust, true),
    ("iam", "UpdateSAMLProvider", GrantKind::Trust, true),
    ("iam", "DeleteRole", GrantKind::Trust, false),
    ("iam", "DeleteOpenIDConnectProvider", GrantKind::Trust, false),
    ("iam", "DeleteSAMLProvider", GrantKind::Trust, false),
    ("kms", "CreateGrant", GrantKind::Permission, true),
    ("kms", "PutKeyPolicy", GrantKind::Permission, true),
    ("kms", "RevokeGrant", GrantKind::Permission, false),
    ("lambda", "AddLayerVersionPermission", GrantKind::Trust, true),
    ("lambda", "AddPermission", GrantKind::Trust, true),
    ("lambda", "RemovePermission", GrantKind::Trust, false),
    ("rolesanywhere", "CreateTrustAnchor", GrantKind::Trust, true),
    ("s3", "PutBucketPolicy", GrantKind::Permission, true),
    ("s3", "DeleteBucketPolicy", GrantKind::Permission, false),
    ("secretsmanager", "PutResourcePolicy", GrantKind::Permission, true),
    ("sso", "AttachManagedPolicyToPermissionSet", GrantKind::Permission, true),
    ("sso", "CreateAccountAssignment", GrantKind::Permission, true),
    ("sso", "PutInlinePolicyToPermissionSet", GrantKind::Permission, true),
    ("sso", "DeleteAccountAssignment", GrantKind::Permission, false),
];

/// Calls that give or change a stack, and whether they make it. Stacks are standing orders: what the
/// service does for them carries their id.
const STACKS: &[(&str, bool)] = &[
    ("CreateStack", true),
    ("UpdateStack", false),
    ("DeleteStack", false),
    ("CreateChangeSet", false),
    ("ExecuteChangeSet", false),
    ("RollbackStack", false),
    ("ContinueUpdateRollback", false),
];

/// Members that say to whom power is given or from whom it is taken, most telling first.
const TARGETS: &[&str] = &[
    "userName",
    "roleName",
    "groupName",
    "policyArn",
    "functionName",
    "layerName",
    "bucketName",
    "keyId",
    "secretId",
    "principalId",
    "name",
    "url",
];

type Power = (&'static str, &'static str, GrantKind, bool);
static PASS_CALLS: Table<Pass> = Table::new(|| Calls::of(PASSES));
static POWER_CALLS: Table<Power> = Table::new(|| Calls::of(POWERS));

/// Namespace of stacks.
pub(super) const STACK: &str = "aws.cloudformation";

pub(super) fn tables() -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write!(text, "{PASSES:?}{POWERS:?}{STACKS:?}");
    text
}

/// The grants this record shows. Only a successful call gives anything.
pub(super) fn facts(event: &Event<'_>, base: &Fact, out: &mut Vec<Fact>) {
    if base.outcome != Outcome::Success {
        return;
    }
    let stack = stack_key(event);
    for row in PASS_CALLS.about(event) {
        passed(event, row, base, stack.as_ref(), out);
    }
    binding::facts(event, base, out);
    if let Some((_, _, kind, gives)) = POWER_CALLS.about(event).next() {
        let target = TARGETS
            .iter()
            .find_map(|name| event.asked(&[name]))
            .map_or(String::new(), |target| format!(" {} `{}`", if *gives { "to" } else { "from" }, short(target)));
        let what = if *kind == GrantKind::Trust { "trust" } else { "permissions" };
        let verb = if *gives { "given" } else { "taken" };
        out.push(grant(base, *kind, Vec::new(), format!("{what} {verb}{target}")));
    }
}

/// Whether the request names a role to hand to a service, or a profile to bind to instances.
pub(super) fn hands_power_over(event: &Event<'_>) -> bool {
    let Some(request) = event.request else { return false };
    let names_role = |row: &Pass| !roles(request, row).is_empty();
    PASS_CALLS.about(event).any(names_role) || binding::binds(event, request)
}

/// The stack a successful call gave or changed.
pub(super) fn stack_key(event: &Event<'_>) -> Option<Key> {
    if event.service != "cloudformation" {
        return None;
    }
    let makes = STACKS.iter().find(|(name, _)| *name == event.base)?.1;
    let id = event.answered(&["stackId"]).or_else(|| event.asked(&["stackName"])).filter(|id| is_stack_id(id))?;
    let role = if makes { KeyRole::Mints } else { KeyRole::Names };
    Key::new(KeyKind::Task, STACK, id, role, Attestation::Verified)
}

/// A stack's immutable id, not its name.
pub(super) fn is_stack_id(text: &str) -> bool {
    text.starts_with("arn:") && text.contains(":stack/")
}

fn passed(event: &Event<'_>, row: &Pass, base: &Fact, stack: Option<&Key>, out: &mut Vec<Fact>) {
    let Some(request) = event.request else { return };
    for role in roles(request, row) {
        let arn = role_arn(event, role);
        let Some(trace) = passed_trace(row.to, &arn) else { continue };
        let mut traces = vec![trace];
        traces.extend(function(event, row).and_then(|function| function_trace(&arn, function)));
        let mut fact = grant(base, GrantKind::Passed, traces, format!("role `{}` handed to {}", short(&arn), row.to));
        fact.keys.extend(stack.cloned());
        out.push(fact);
    }
}

/// The function that will act with the role, without its ARN's head or a version.
fn function<'n>(event: &Event<'n>, row: &Pass) -> Option<&'n str> {
    let told = event.answered(&["functionName"]).or_else(|| event.asked(&["functionName"]));
    let name = told.filter(|_| row.to == LAMBDA)?;
    name.rsplit("function:").next()?.split(':').next()
}

/// The roles a request names at that row's place.
fn roles<'n>(request: &'n Node<'n>, row: &Pass) -> Vec<&'n str> {
    let path: Vec<&str> = row.role.split('/').collect();
    let mut roles = Vec::new();
    texts(request, &path, ROLES_MAX, &mut roles);
    roles.sort_unstable();
    roles.dedup();
    roles
}

/// The ARN of a role that is given by name: names are unique in an account.
fn role_arn(event: &Event<'_>, role: &str) -> String {
    if role.starts_with("arn:") {
        role.to_string()
    } else {
        format!("arn:{}:iam::{}:role/{role}", event.partition(), event.account())
    }
}

pub(super) fn grant(base: &Fact, kind: GrantKind, traces: Vec<KeyName>, says: String) -> Fact {
    let mut fact = super::facts::beside(base, FactKind::Grant);
    let key = |name: &KeyName| Key { name: name.clone(), role: KeyRole::Names, class: Attestation::Verified };
    fact.keys = traces.iter().map(key).collect();
    fact.detail = Detail::Grant(Grant { kind, traces, says });
    fact
}

/// Stacks whose orders a call carries out: their ids in the tags that only the service may set.
///
/// Only the service itself may set them, so only its own calls are believed: in anybody else's request
/// the name may stand in a map that the caller filled.
pub(super) fn orders(event: &Event<'_>, via: Option<&str>) -> Vec<KeyName> {
    if via != Some(CLOUDFORMATION) {
        return Vec::new();
    }
    let mut found = Vec::new();
    if let Some(request) = event.request {
        tagged(request, &mut found);
    }
    found.sort_unstable();
    found.dedup();
    found.truncate(ORDERS_MAX);
    found.into_iter().filter_map(|id| KeyName::new(KeyKind::Task, STACK, id)).collect()
}

/// The tag CloudFormation puts on what it makes; users cannot set tags that begin with `aws:`.
const STACK_TAG: &str = "aws:cloudformation:stack-id";
/// Most orders read off one call: a call belongs to one stack.
const ORDERS_MAX: usize = 4;

fn tagged<'n>(node: &'n Node<'n>, out: &mut Vec<&'n str>) {
    for child in node.elements() {
        tagged(child, out);
    }
    let named = |names: [&str; 2]| names.into_iter().find_map(|name| member(node, name)).and_then(Node::as_str);
    if named(["key", "tagKey"]) == Some(STACK_TAG) {
        out.extend(named(["value", "tagValue"]).filter(|id| is_stack_id(id)));
    }
    for (name, child) in node.members() {
        match child.as_str() {
            Some(id) if name == STACK_TAG && is_stack_id(id) => out.push(id),
            _ => tagged(child, out),
        }
    }
}
