//! A help desk at scale: the same rows in each run, tenant by tenant.

use crate::id::Id;
use crate::random::Random;
use chrono::{DateTime, Days, NaiveDate};

/// Tenants at scale 1. Each has 1,000 tickets and, on average, 4 comments on each.
const TENANTS: f64 = 200.0;
const TICKETS: usize = 1000;
const TEAMS: usize = 5;
const AGENTS: usize = 5;
const REQUESTERS: usize = 40;
/// People who sign in: one agent of each of the first tenants.
const CALLERS_MAX: usize = 100;

/// 2024-01-01, where time begins.
pub(crate) const BEGIN_S: i64 = 1_704_067_200;
/// Tickets are written over that many seconds: 700 days.
pub(crate) const SPAN_S: i64 = 700 * 86_400;

/// Values of `ticket.status`.
pub(crate) const STATUSES: [&str; 4] = ["new", "open", "waiting", "solved"];
/// Values of `ticket.priority`.
pub(crate) const PRIORITIES: [&str; 3] = ["low", "normal", "urgent"];
/// Values of `ticket.tags`.
pub(crate) const TAGS: [&str; 7] = [
    "hardware",
    "software",
    "network",
    "account",
    "security",
    "billing",
    "facilities",
];
const TEAM_NAMES: [&str; TEAMS] = ["Service desk", "Network", "Accounts", "Facilities", "Field service"];
const FIRST_NAMES: [&str; 20] = [
    "Ada", "Bram", "Chloe", "Dario", "Elif", "Femke", "Goran", "Hilde", "Ines", "Jonas", "Katya", "Lars", "Mina",
    "Noor", "Olga", "Pavel", "Rosa", "Sami", "Tess", "Yann",
];
const WORDS: [&str; 16] = [
    "printer",
    "scanner",
    "gateway",
    "invoice",
    "password",
    "screen",
    "keyboard",
    "badge",
    "door",
    "forklift",
    "router",
    "licence",
    "mailbox",
    "backup",
    "meeting room",
    "heating",
];
const TROUBLES: [&str; 8] = [
    "does not start",
    "is slow since Monday",
    "shows a wrong date",
    "was delivered twice",
    "makes a noise",
    "asks for a code",
    "is locked",
    "has no signal",
];

/// What the environment calls its entities in ids.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tags {
    pub(crate) organisation: u16,
    pub(crate) user: u16,
    pub(crate) membership: u16,
    pub(crate) team: u16,
    pub(crate) team_member: u16,
    pub(crate) ticket: u16,
    pub(crate) comment: u16,
}

/// A value of a row that is loaded.
#[derive(Clone, Debug)]
pub(crate) enum Cell {
    Null,
    Id(Id),
    Int(i64),
    Flag(bool),
    Text(String),
    Decimal(String),
    List(Vec<&'static str>),
    Date(NaiveDate),
    /// Seconds since 1970.
    Moment(i64),
}

/// Rows of one table.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) table: &'static str,
    pub(crate) columns: &'static [&'static str],
    pub(crate) cells: Vec<Vec<Cell>>,
}

/// Who asks: an agent of a tenant, member of two of its teams.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) email: String,
    pub(crate) user: Id,
    pub(crate) tenant: Id,
    pub(crate) slug: String,
    /// The two teams.
    pub(crate) teams: Vec<Id>,
    /// Tickets of those teams: what the caller may read and change.
    pub(crate) tickets: Vec<Id>,
    /// A few tickets of other teams, most of which the caller may not read.
    pub(crate) others: Vec<Id>,
    /// Active members who ask for help.
    pub(crate) requesters: Vec<Id>,
    /// Names of all people, in order.
    pub(crate) names: Vec<String>,
}

/// How much there is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) tenants: usize,
}

impl Size {
    /// Scale 1 is 200 tenants, 200,000 tickets and 800,000 comments.
    pub(crate) fn of_scale(scale: f64) -> Self {
        Self {
            tenants: ((TENANTS * scale).round() as usize).max(2),
        }
    }
}

/// One tenant, with all that is in it.
#[derive(Debug)]
pub(crate) struct Tenant {
    /// In an order in which every row finds those that it refers to.
    pub(crate) tables: Vec<Rows>,
    pub(crate) caller: Option<Caller>,
}

/// Makes the tenant of that number.
pub(crate) fn tenant(number: usize, tags: Tags) -> Tenant {
    let mut random = Random::new(0x00be_9c00 + number as u64);
    let begin_ms = BEGIN_S as u64 * 1000;
    let new_id = |tag: u16, at_s: i64, random: &mut Random| Id::new(at_s as u64 * 1000, tag, random.next());
    let tenant = Id::new(begin_ms, tags.organisation, random.next());
    let slug = format!("bench-{number:03}");
    let organisation = vec![vec![
        Cell::Id(tenant),
        Cell::Int(1),
        Cell::Moment(BEGIN_S),
        Cell::Moment(BEGIN_S),
        Cell::Text(format!("Bench {number:03}")),
        Cell::Text(slug.clone()),
        Cell::Text("plus".into()),
    ]];

    let mut users = Vec::new();
    let mut memberships = Vec::new();
    let mut people: Vec<(Id, String)> = Vec::new();
    let mut requesters = Vec::new();
    for index in 0..AGENTS + REQUESTERS {
        let is_agent = index < AGENTS;
        let id = new_id(tags.user, BEGIN_S + index as i64, &mut random);
        let name = format!("{} {number:03}-{index:02}", random.pick(&FIRST_NAMES));
        users.push(vec![
            Cell::Id(id),
            Cell::Int(1),
            Cell::Moment(BEGIN_S),
            Cell::Moment(BEGIN_S),
            Cell::Text(email(number, index)),
            Cell::Text(name.clone()),
            Cell::Text("member".into()),
            Cell::Text("active".into()),
            Cell::Text(if is_agent { "Service" } else { "Operations" }.into()),
        ]);
        // Some have left: nobody reads their rows any more.
        let is_active = is_agent || !random.percent(4);
        memberships.push(vec![
            Cell::Id(new_id(tags.membership, BEGIN_S + index as i64, &mut random)),
            Cell::Int(1),
            Cell::Moment(BEGIN_S),
            Cell::Moment(BEGIN_S),
            Cell::Id(tenant),
            Cell::Id(id),
            Cell::List(vec![if is_agent { "agent" } else { "requester" }]),
            Cell::Text(if is_active { "active" } else { "blocked" }.into()),
            Cell::Flag(is_agent && index == AGENTS - 1),
        ]);
        if is_active && !is_agent {
            requesters.push(id);
        }
        people.push((id, name));
    }

    let mut teams = Vec::new();
    let mut team_ids = Vec::new();
    let mut team_members = Vec::new();
    for (index, name) in TEAM_NAMES.iter().enumerate() {
        let id = new_id(tags.team, BEGIN_S + index as i64, &mut random);
        team_ids.push(id);
        teams.push(vec![
            Cell::Id(id),
            Cell::Int(1),
            Cell::Moment(BEGIN_S),
            Cell::Moment(BEGIN_S),
            Cell::Id(tenant),
            Cell::Text((*name).into()),
            Cell::Id(people[index % AGENTS].0),
        ]);
        // Agent n is in the teams n and n + 1.
        for agent in [index % AGENTS, (index + AGENTS - 1) % AGENTS] {
            team_members.push(vec![
                Cell::Id(new_id(tags.team_member, BEGIN_S + index as i64, &mut random)),
                Cell::Int(1),
                Cell::Moment(BEGIN_S),
                Cell::Moment(BEGIN_S),
                Cell::Id(tenant),
                Cell::Id(id),
                Cell::Id(people[agent].0),
            ]);
        }
    }

    let agent = number % AGENTS;
    let mut caller = Caller {
        email: email(number, agent),
        user: people[agent].0,
        tenant,
        slug,
        teams: vec![team_ids[agent], team_ids[(agent + 1) % TEAMS]],
        tickets: Vec::new(),
        others: Vec::new(),
        requesters,
        names: people.iter().map(|(_, name)| name.clone()).collect(),
    };
    caller.names.sort();

    let mut tickets = Vec::with_capacity(TICKETS);
    let mut comments = Vec::with_capacity(TICKETS * 4);
    let step_s = SPAN_S / TICKETS as i64;
    for index in 0..TICKETS {
        let at_s = BEGIN_S + index as i64 * step_s + random.below(step_s as usize) as i64;
        let id = new_id(tags.ticket, at_s, &mut random);
        let team = (!random.percent(2)).then(|| random.below(TEAMS));
        let requester = (!random.percent(5)).then(|| people[AGENTS + random.below(REQUESTERS)].0);
        let assignee = team.filter(|_| random.percent(70)).map(|team| people[team].0);
        let owner = requester
            .filter(|_| random.percent(80))
            .unwrap_or(people[random.below(AGENTS)].0);
        let status = match random.below(100) {
            0..15 => "new",
            15..50 => "open",
            50..65 => "waiting",
            _ => "solved",
        };
        let priority = match random.below(100) {
            0..25 => "low",
            25..80 => "normal",
            _ => "urgent",
        };
        let first = random.below(TAGS.len());
        let labels = TAGS.iter().cycle().skip(first).take(random.below(3)).copied().collect();
        let due = day_of(at_s).checked_add_days(Days::new(3 + random.below(28) as u64));
        let hours = if status == "solved" {
            Cell::Decimal(format!("{}.{:02}", random.below(12), 25 * random.below(4)))
        } else {
            Cell::Null
        };
        let note = if random.percent(20) {
            Cell::Text(format!("Seen before, number {index}; do not promise a date."))
        } else {
            Cell::Null
        };
        let (word, trouble) = (random.pick(&WORDS), random.pick(&TROUBLES));
        match team.map(|team| team_ids[team]) {
            Some(team) if caller.teams.contains(&team) => caller.tickets.push(id),
            _ if caller.others.len() < 20 => caller.others.push(id),
            _ => {}
        }
        tickets.push(vec![
            Cell::Id(id),
            Cell::Int(1),
            Cell::Moment(at_s),
            Cell::Moment(at_s),
            Cell::Id(owner),
            Cell::Id(owner),
            Cell::Id(tenant),
            Cell::Text(format!("The {word} {trouble} ({index:04})")),
            Cell::Text(format!(
                "<p>The {word} in hall {} {trouble}. It was reported by phone, and once more by letter.</p>",
                random.below(9) + 1
            )),
            Cell::Text(status.into()),
            Cell::Text(priority.into()),
            Cell::List(labels),
            requester.map_or(Cell::Null, Cell::Id),
            team.map_or(Cell::Null, |team| Cell::Id(team_ids[team])),
            assignee.map_or(Cell::Null, Cell::Id),
            due.map_or(Cell::Null, Cell::Date),
            hours,
            note,
        ]);
        for turn in 0..2 + random.below(5) {
            let said_s = at_s + 600 * (turn as i64 + 1);
            let by = if turn % 2 == 0 {
                people[random.below(AGENTS)].0
            } else {
                owner
            };
            comments.push(vec![
                Cell::Id(new_id(tags.comment, said_s, &mut random)),
                Cell::Int(1),
                Cell::Moment(said_s),
                Cell::Moment(said_s),
                Cell::Id(by),
                Cell::Id(by),
                Cell::Id(tenant),
                Cell::Id(id),
                Cell::Text(format!(
                    "Looked at the **{word}** again: it still {trouble}. Turn {turn}."
                )),
                Cell::Flag(random.percent(20)),
            ]);
        }
    }

    let rows = |table, columns, cells| Rows { table, columns, cells };
    Tenant {
        tables: vec![
            rows("organisation", ORGANISATION, organisation),
            rows("user", USER, users),
            rows("membership", MEMBERSHIP, memberships),
            rows("team", TEAM, teams),
            rows("team_member", TEAM_MEMBER, team_members),
            rows("ticket", TICKET, tickets),
            rows("comment", COMMENT, comments),
        ],
        caller: (number < CALLERS_MAX).then_some(caller),
    }
}

fn email(tenant: usize, person: usize) -> String {
    format!("person-{person}@bench-{tenant:03}.test")
}

/// The day of a moment in seconds.
fn day_of(at_s: i64) -> NaiveDate {
    DateTime::from_timestamp(at_s, 0).unwrap_or_default().date_naive()
}

const ORGANISATION: &[&str] = &["id", "version", "created_at", "updated_at", "name", "slug", "contract"];
const USER: &[&str] = &[
    "id",
    "version",
    "created_at",
    "updated_at",
    "email",
    "name",
    "profile",
    "status",
    "title",
];
const MEMBERSHIP: &[&str] = &[
    "id",
    "version",
    "created_at",
    "updated_at",
    "tenant_id",
    "user_id",
    "roles",
    "status",
    "on_call",
];
const TEAM: &[&str] = &[
    "id",
    "version",
    "created_at",
    "updated_at",
    "tenant_id",
    "name",
    "lead_id",
];
const TEAM_MEMBER: &[&str] = &[
    "id",
    "version",
    "created_at",
    "updated_at",
    "tenant_id",
    "team_id",
    "member_id",
];
const TICKET: &[&str] = &[
    "id",
    "version",
    "created_at",
    "updated_at",
    "owner_id",
    "created_by_id",
    "tenant_id",
    "subject",
    "body",
    "status",
    "priority",
    "tags",
    "requester_id",
    "team_id",
    "assignee_id",
    "due",
    "hours",
    "internal_note",
];
const COMMENT: &[&str] = &[
    "id",
    "version",
    "created_at",
    "updated_at",
    "owner_id",
    "created_by_id",
    "tenant_id",
    "ticket_id",
    "body",
    "internal",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_is_always_the_same() {
        let (one, two) = (tenant(7, Tags::default()), tenant(7, Tags::default()));
        assert_eq!(format!("{one:?}"), format!("{two:?}"));
        let caller = one.caller.unwrap();
        assert!((300..500).contains(&caller.tickets.len()), "{}", caller.tickets.len());
        for table in &one.tables {
            assert!(
                table.cells.iter().all(|row| row.len() == table.columns.len()),
                "{}",
                table.table
            );
        }
        let comments = one.tables[6].cells.len();
        assert!((3800..4200).contains(&comments), "{comments}");
    }
}
