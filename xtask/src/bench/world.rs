//! A fictional company in a cloud: accounts, people with keys, workloads with roles, and their sessions.
//!
//! It runs a clock forward and says, one by one, which call is made by whom. What a call looks like in
//! the log is written by `record`.

use super::random::{Random, Zipf};

/// Accounts, the busiest first. The numbers are those that documentation uses for examples.
pub(super) const ACCOUNTS: &[&str] = &["111122223333", "444455556666", "777788889999", "123456789012", "999988887777"];
/// Principals in all accounts.
const N_PRINCIPALS: usize = 600;
/// Roles per account that people and workloads assume on top of their own.
const N_TARGETS: usize = 40;
/// Monday, 2 March 2026, 00:00 UTC.
const BEGIN: i64 = 1_772_409_600;
const SESSION_SECONDS: i64 = 3_600;
/// Sessions that one principal holds at once; the oldest is dropped.
const SESSIONS_MAX: usize = 3;

/// Roles that are assumed one after the other in a long chain; the session of the last makes one call.
const CHAIN_ROLES: usize = 8;

/// What the companies of two corpora differ in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// The exponent of Zipf's law.
    pub(super) zipf_exponent: f64,
    /// How many principals of a thousand are people.
    pub(super) people: usize,
    /// How many calls of a person's thousand are made with the long-lived key itself.
    pub(super) key_calls: usize,
}

/// Somebody who calls: a person with a long-lived key, or a workload whose role a service hands out.
#[derive(Clone, Debug)]
pub(super) struct Principal {
    pub(super) account: &'static str,
    pub(super) name: String,
    /// `AIDA…` or `AROA…`.
    pub(super) id: String,
    /// The long-lived key of a person.
    pub(super) key: Option<String>,
    /// The service that hands its role to a workload.
    pub(super) service: &'static str,
    pub(super) agent: &'static str,
    pub(super) address: String,
    pub(super) region: &'static str,
    /// The name that is carried through all sessions, where the company sets one.
    pub(super) source_identity: Option<String>,
    sessions: Vec<Session>,
}

/// A role that can be assumed.
#[derive(Clone, Debug)]
pub(super) struct Role {
    pub(super) account: &'static str,
    pub(super) name: String,
    pub(super) id: String,
}

/// Temporary credentials of a role.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) role: Role,
    pub(super) name: String,
    pub(super) key: String,
    pub(super) began: i64,
}

/// Who makes a call.
#[derive(Clone, Debug)]
pub(super) enum Caller {
    /// A person, with the long-lived key.
    Key,
    /// A service of the cloud, on behalf of a workload.
    Service,
    /// Somebody with temporary credentials.
    Session(Session),
}

/// Something that happens.
#[derive(Debug)]
pub(super) struct Moment {
    /// Seconds since 1970.
    pub(super) time: i64,
    pub(super) principal: Principal,
    pub(super) caller: Caller,
    pub(super) act: Act,
    pub(super) standing: Standing,
}

/// Why an event may be worth asking about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Usual,
    /// A call at the end of a chain of [`CHAIN_ROLES`] roles.
    Deep,
    /// A call of the busiest principal, whose keys stand in more records than any others.
    Hot,
}

/// What is called.
#[derive(Debug)]
pub(super) enum Act {
    /// Credentials for a role are asked for, and these are given.
    Assume(Session),
    /// Anything else: the type of call is drawn when it is written.
    Call,
}

/// The company, with its clock.
#[derive(Debug)]
pub(super) struct World {
    time: i64,
    shape: Shape,
    zipf: Zipf,
    principals: Vec<Principal>,
    targets: Vec<Role>,
    chain: Option<Chain>,
}

/// Somebody on the way through several roles.
#[derive(Debug)]
struct Chain {
    principal: Principal,
    /// Who makes the next call.
    caller: Caller,
    roles: Vec<Role>,
}

const KEY_LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const TEAMS: &[&str] =
    &["billing", "claims", "data", "edge", "finance", "ledger", "mail", "orders", "risk", "search", "support", "web"];
const TASKS: &[&str] = &[
    "agent", "api", "batch", "crawler", "exporter", "gateway", "indexer", "loader", "planner", "reporter", "runner",
    "worker",
];
const SERVICES: &[&str] =
    &["lambda.amazonaws.com", "ecs-tasks.amazonaws.com", "ec2.amazonaws.com", "bedrock.amazonaws.com"];
const REGIONS: &[&str] = &["eu-west-1", "eu-west-1", "eu-west-1", "us-east-1", "us-east-1", "ap-southeast-2"];
const AGENTS: &[&str] = &[
    "Boto3/1.40.52 md/Botocore#1.40.52 ua/2.1 os/linux#6.8.0-1021-aws md/arch#x86_64 lang/python#3.12.8 cfg/retry-mode#standard",
    "aws-sdk-go-v2/1.39.2 ua/2.1 os/linux lang/go#1.25.1 md/GOARCH#arm64 api/dynamodb#1.51.0",
    "aws-sdk-rust/1.3.9 ua/2.1 api/s3/1.106.0 os/linux lang/rust/1.90.0",
    "aws-sdk-js/3.901.0 ua/2.1 os/linux#5.10.240 lang/js md/nodejs#22.19.0 exec-env/AWS_Lambda_nodejs22.x app/support-agent",
    "aws-cli/2.31.8 md/awscrt#0.27.6 ua/2.1 os/macos#24.6.0 md/arch#arm64 lang/python#3.13.7",
    "APN/1.0 HashiCorp/1.0 Terraform/1.13.3 (+https://www.terraform.io) terraform-provider-aws/6.15.0",
];

impl World {
    pub(super) fn new(shape: Shape, random: &mut Random) -> Self {
        let principals = (0..N_PRINCIPALS).map(|number| principal(shape, random, number)).collect();
        let targets = (0..ACCOUNTS.len() * N_TARGETS).map(|number| target(random, number)).collect();
        let zipf = Zipf::new(N_PRINCIPALS, shape.zipf_exponent);
        Self { time: BEGIN, shape, zipf, principals, targets, chain: None }
    }

    /// The next thing that happens.
    pub(super) fn next(&mut self, random: &mut Random) -> Option<Moment> {
        // Five calls a second on average, in bursts.
        self.time += i64::from(random.chance(200));
        let time = self.time;
        let rank = self.zipf.rank(random);
        // Two in a thousand steps begin a chain; others call between its steps.
        if self.chain.is_none() && random.chance(2) {
            self.chain = Some(self.begin_chain(rank, random)?);
        } else if random.chance(500)
            && let Some(chain) = self.chain.take()
        {
            return Some(self.step(chain, random));
        }
        let chained = random.chance(20);
        let target = random.pick(&self.targets)?.clone();
        let principal = self.principals.get_mut(rank)?;
        principal.sessions.retain(|session| session.began + SESSION_SECONDS > time);
        let first = if principal.key.is_some() { Caller::Key } else { Caller::Service };
        let live = random.pick(&principal.sessions).cloned();
        let (caller, act) = match live {
            // People do much with the long-lived key itself, and services some things in their own name.
            _ if random.chance(if principal.key.is_some() { self.shape.key_calls } else { 120 }) => (first, Act::Call),
            None => {
                let role = if principal.key.is_some() { target } else { own_role(principal) };
                (first, Act::Assume(session(random, principal, role, time)))
            }
            Some(live) if chained => (Caller::Session(live), Act::Assume(session(random, principal, target, time))),
            Some(live) => (Caller::Session(live), Act::Call),
        };
        if let Act::Assume(session) = &act {
            if principal.sessions.len() == SESSIONS_MAX {
                principal.sessions.remove(0);
            }
            principal.sessions.push(session.clone());
        }
        let standing = if rank == 0 && matches!(act, Act::Call) { Standing::Hot } else { Standing::Usual };
        Some(Moment { time, principal: principal.clone(), caller, act, standing })
    }

    fn begin_chain(&self, rank: usize, random: &mut Random) -> Option<Chain> {
        let principal = self.principals.get(rank)?.clone();
        let caller = if principal.key.is_some() { Caller::Key } else { Caller::Service };
        let others = (1..CHAIN_ROLES).filter_map(|_| random.pick(&self.targets).cloned());
        let mut roles: Vec<Role> = others.collect();
        // A service hands out the role of the workload and no other. The last is taken first.
        roles.push(if principal.key.is_some() { random.pick(&self.targets)?.clone() } else { own_role(&principal) });
        Some(Chain { principal, caller, roles })
    }

    /// The next step of a chain, which goes on unless this was its end.
    fn step(&mut self, mut chain: Chain, random: &mut Random) -> Moment {
        let (time, principal, caller) = (self.time, chain.principal.clone(), chain.caller.clone());
        let Some(role) = chain.roles.pop() else {
            return Moment { time, principal, caller, act: Act::Call, standing: Standing::Deep };
        };
        let session = session(random, &principal, role, time);
        chain.caller = Caller::Session(session.clone());
        self.chain = Some(chain);
        Moment { time, principal, caller, act: Act::Assume(session), standing: Standing::Usual }
    }
}

fn account(random: &mut Random) -> &'static str {
    // Half of everything happens in the first account.
    if random.chance(500) { ACCOUNTS.first().copied().unwrap_or_default() } else { random.word(ACCOUNTS) }
}

fn principal(shape: Shape, random: &mut Random, number: usize) -> Principal {
    let is_person = random.chance(shape.people);
    let (team, task) = (random.word(TEAMS), random.word(TASKS));
    let name = if is_person { format!("{team}.person{number:04}") } else { format!("{team}-{task}-{number:04}") };
    let id = format!("{}{}", if is_person { "AIDA" } else { "AROA" }, random.letters(KEY_LETTERS, 17));
    // Addresses of the ranges kept for documentation.
    let range = random.word(&["192.0.2", "198.51.100", "203.0.113"]);
    Principal {
        account: account(random),
        source_identity: random.chance(300).then(|| name.clone()),
        name,
        id,
        key: is_person.then(|| format!("AKIA{}", random.letters(KEY_LETTERS, 16))),
        service: random.word(SERVICES),
        agent: random.word(AGENTS),
        address: format!("{range}.{}", 1 + random.below(254)),
        region: random.word(REGIONS),
        sessions: Vec::new(),
    }
}

fn target(random: &mut Random, number: usize) -> Role {
    let name = format!(
        "{}-{}-access-{number:03}",
        random.word(TEAMS),
        random.word(&["read", "write", "deploy", "break-glass"])
    );
    Role { account: account(random), name, id: format!("AROA{}", random.letters(KEY_LETTERS, 17)) }
}

fn own_role(principal: &Principal) -> Role {
    Role { account: principal.account, name: principal.name.clone(), id: principal.id.clone() }
}

fn session(random: &mut Random, principal: &Principal, role: Role, began: i64) -> Session {
    let name = match principal.service {
        "ec2.amazonaws.com" if principal.key.is_none() => format!("i-0{}", random.hex(16)),
        _ if principal.key.is_none() => format!("task-{}", random.hex(12)),
        _ => principal.name.clone(),
    };
    Session { role, name, key: format!("ASIA{}", random.letters(KEY_LETTERS, 16)), began }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::super::corpus::Kind;
    use super::*;

    #[test]
    fn sessions_are_minted_before_they_are_used_and_not_after_they_end() {
        let mut random = Random::new(7);
        let mut world = World::new(Kind::Usual.shape(), &mut random);
        let mut minted = BTreeSet::new();
        let (mut n_calls, mut n_chained, mut time) = (0, 0, 0);
        for _ in 0..20_000 {
            let moment = world.next(&mut random).unwrap();
            assert!(moment.time >= time, "the clock runs forward");
            time = moment.time;
            if let Caller::Session(session) = &moment.caller {
                assert!(minted.contains(&session.key));
                assert!(session.began + SESSION_SECONDS > moment.time);
            }
            match (&moment.act, &moment.caller) {
                (Act::Assume(session), caller) => {
                    n_chained += usize::from(matches!(caller, Caller::Session(_)));
                    assert!(minted.insert(session.key.clone()), "a key is minted once");
                }
                (Act::Call, _) => n_calls += 1,
            }
        }
        assert!(n_calls > 15_000, "most records are calls: {n_calls}");
        assert!(n_chained > 100, "roles are chained: {n_chained}");
    }

    #[test]
    fn a_chain_ends_in_a_call_through_all_its_roles() {
        let mut random = Random::new(7);
        let mut world = World::new(Kind::Usual.shape(), &mut random);
        // How many roles stand behind a key.
        let mut depths = BTreeMap::new();
        let (mut n_deep, mut n_hot) = (0, 0);
        for _ in 0..20_000 {
            let moment = world.next(&mut random).unwrap();
            let depth = match &moment.caller {
                Caller::Session(session) => depths[&session.key],
                Caller::Key | Caller::Service => 0,
            };
            if let Act::Assume(session) = &moment.act {
                depths.insert(session.key.clone(), depth + 1);
            }
            if moment.standing == Standing::Deep {
                assert_eq!(depth, CHAIN_ROLES);
                n_deep += 1;
            }
            n_hot += usize::from(moment.standing == Standing::Hot);
        }
        assert!(n_deep > 20, "{n_deep}");
        assert!((1_000..2_500).contains(&n_hot), "{n_hot} calls of the busiest of 20,000");
    }
}
