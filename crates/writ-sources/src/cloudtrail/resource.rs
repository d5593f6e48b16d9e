//! On what: resources the vendor lists, and those well-known request members name.

use super::calls::ByLength;
use super::event::{Event, texts};
use std::fmt::Write as _;
use std::sync::LazyLock;
use writ_model::fact::Resource;
use writ_model::json::{Node, Value};
use writ_model::key::{Attestation, Key, KeyKind, KeyName, KeyRole};

/// Most resources read off one call: answers show few, and a bulk call over thousands would fill the
/// index with terms nobody looks up.
const RESOURCES_MAX: usize = 8;

/// A request member that names a resource.
#[derive(Clone, Copy, Debug)]
struct Member {
    /// The only service at which it does; empty: any.
    service: &'static str,
    name: &'static str,
    kind: &'static str,
}

const fn any(name: &'static str, kind: &'static str) -> Member {
    Member { service: "", name, kind }
}

const fn at(service: &'static str, name: &'static str, kind: &'static str) -> Member {
    Member { service, name, kind }
}

/// Request members that name resources, singly or in a list.
const MEMBERS: &[Member] = &[
    any("instanceId", "AWS::EC2::Instance"),
    any("instanceIds", "AWS::EC2::Instance"),
    any("volumeId", "AWS::EC2::Volume"),
    any("snapshotId", "AWS::EC2::Snapshot"),
    any("imageId", "AWS::EC2::Image"),
    any("groupId", "AWS::EC2::SecurityGroup"),
    any("vpcId", "AWS::EC2::VPC"),
    any("subnetId", "AWS::EC2::Subnet"),
    at("iam", "userName", "AWS::IAM::User"),
    at("iam", "groupName", "AWS::IAM::Group"),
    at("iam", "accessKeyId", "AWS::IAM::AccessKey"),
    at("iam", "roleName", "AWS::IAM::Role"),
    any("roleArn", "AWS::IAM::Role"),
    any("policyArn", "AWS::IAM::Policy"),
    any("secretId", "AWS::SecretsManager::Secret"),
    at("secretsmanager", "secretIdList", "AWS::SecretsManager::Secret"),
    at("ssm", "name", "AWS::SSM::Parameter"),
    at("ssm", "names", "AWS::SSM::Parameter"),
    at("ssm", "documentName", "AWS::SSM::Document"),
    at("ssm", "target", "AWS::EC2::Instance"),
    any("functionName", "AWS::Lambda::Function"),
    any("stackName", "AWS::CloudFormation::Stack"),
    any("stackId", "AWS::CloudFormation::Stack"),
    at("cloudtrail", "name", "AWS::CloudTrail::Trail"),
    at("cloudtrail", "trailName", "AWS::CloudTrail::Trail"),
    at("cloudtrail", "eventDataStore", "AWS::CloudTrail::EventDataStore"),
    any("dBSnapshotIdentifier", "AWS::RDS::DBSnapshot"),
    any("dBClusterSnapshotIdentifier", "AWS::RDS::DBClusterSnapshot"),
    any("dBInstanceIdentifier", "AWS::RDS::DBInstance"),
    any("dBClusterIdentifier", "AWS::RDS::DBCluster"),
    at("kms", "keyId", "AWS::KMS::Key"),
    at("dynamodb", "tableName", "AWS::DynamoDB::Table"),
    any("queueUrl", "AWS::SQS::Queue"),
    any("topicArn", "AWS::SNS::Topic"),
    any("logGroupName", "AWS::Logs::LogGroup"),
    at("ecs", "cluster", "AWS::ECS::Cluster"),
    at("ecs", "taskDefinition", "AWS::ECS::TaskDefinition"),
    at("eks", "name", "AWS::EKS::Cluster"),
    any("clusterName", "AWS::EKS::Cluster"),
    any("repositoryName", "AWS::ECR::Repository"),
    any("modelId", "AWS::Bedrock::Model"),
    any("agentId", "AWS::Bedrock::Agent"),
    any("guardrailIdentifier", "AWS::Bedrock::Guardrail"),
    any("stateMachineArn", "AWS::StepFunctions::StateMachine"),
    any("resolverQueryLogConfigId", "AWS::Route53Resolver::ResolverQueryLoggingConfig"),
    any("hostedZoneId", "AWS::Route53::HostedZone"),
];

static KNOWN_MEMBERS: LazyLock<ByLength<Member>> = LazyLock::new(|| ByLength::of(MEMBERS, |member| member.name));

/// Places in requests and responses of EC2 where ids stand in lists.
const NESTED: &[(&[&str], &str)] = &[
    (&["instancesSet", "items", "*", "instanceId"], "AWS::EC2::Instance"),
    (&["volumeSet", "items", "*", "volumeId"], "AWS::EC2::Volume"),
    (&["snapshotSet", "items", "*", "snapshotId"], "AWS::EC2::Snapshot"),
    (&["DeleteFlowLogsRequest", "FlowLogId", "content"], "AWS::EC2::FlowLog"),
    (&["DeleteFlowLogsRequest", "FlowLogId", "*", "content"], "AWS::EC2::FlowLog"),
];

pub(super) fn tables() -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write!(text, "{MEMBERS:?}{NESTED:?}");
    text
}

/// The resources of a call, those the vendor lists first.
pub(super) fn of(event: &Event<'_>) -> Vec<Resource> {
    let mut out = Vec::new();
    for resource in event.resources {
        let arn = resource.get("ARN").or_else(|| resource.get("arn")).and_then(Node::as_str).unwrap_or_default();
        add(&mut out, resource.text(&["type"]).unwrap_or_default(), arn);
    }
    if let Some(request) = event.request {
        bucket(event, request, &mut out);
        members(event, request, &mut out);
    }
    if event.service == "cloudformation" {
        add(&mut out, "AWS::CloudFormation::Stack", event.answered(&["stackId"]).unwrap_or_default());
    }
    if event.service == "ec2" {
        for place in [event.request, event.response].into_iter().flatten() {
            for (path, kind) in NESTED {
                let mut ids = Vec::new();
                texts(place, path, RESOURCES_MAX, &mut ids);
                for id in ids {
                    add(&mut out, kind, id);
                }
            }
        }
    }
    out
}

/// Keys by which records about a resource are found.
pub(super) fn keys(resources: &[Resource]) -> impl Iterator<Item = Key> {
    let key =
        |resource: &Resource| Key::new(KeyKind::Resource, "aws", &resource.id, KeyRole::Names, Attestation::Verified);
    resources.iter().filter_map(key)
}

fn add(out: &mut Vec<Resource>, kind: &str, id: &str) {
    let known = |resource: &Resource| resource.id == id;
    // Bounded in length and free of placeholders, as keys are.
    if out.len() < RESOURCES_MAX && !out.iter().any(known) && KeyName::normalise(id).is_some() {
        out.push(Resource { kind: kind.to_string(), id: id.to_string() });
    }
}

fn bucket(event: &Event<'_>, request: &Node<'_>, out: &mut Vec<Resource>) {
    let Some(bucket) = request.text(&["bucketName"]).filter(|bucket| !bucket.is_empty()) else { return };
    let partition = event.partition();
    match request.text(&["key"]).filter(|key| !key.is_empty()) {
        Some(key) => add(out, "AWS::S3::Object", &["arn:", partition, ":s3:::", bucket, "/", key].concat()),
        None => add(out, "AWS::S3::Bucket", &["arn:", partition, ":s3:::", bucket].concat()),
    }
}

fn members(event: &Event<'_>, request: &Node<'_>, out: &mut Vec<Resource>) {
    let mut found: Vec<(usize, &Node<'_>)> = Vec::new();
    collect(event, request, &mut found);
    // In the order of the table, not of the members.
    found.sort_by_key(|(row, _)| *row);
    for (row, value) in found {
        let kind = MEMBERS.get(row).map_or("", |member| member.kind);
        for id in value.as_str().into_iter().chain(value.elements().iter().filter_map(Node::as_str)) {
            add(out, kind, id);
        }
    }
}

fn collect<'n>(event: &Event<'_>, request: &'n Node<'n>, out: &mut Vec<(usize, &'n Node<'n>)>) {
    for (name, value) in request.members() {
        // Newer EC2 calls wrap what they ask for: `{"CreateFlowLogsRequest": {…}}`.
        if name.ends_with("Request") && event.service == "ec2" {
            collect(event, value, out);
            continue;
        }
        if !matches!(value.value, Value::String(_) | Value::Array(_)) {
            continue;
        }
        let known = |(_, member): &&(usize, &Member)| {
            member.name.eq_ignore_ascii_case(name) && (member.service.is_empty() || member.service == event.service)
        };
        out.extend(KNOWN_MEMBERS.rows(name.len()).iter().find(known).map(|(row, _)| (*row, value)));
    }
}
