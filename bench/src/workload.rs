//! What is asked: one operation a workload, with other values in each request.

use crate::data::{BEGIN_S, Caller, PRIORITIES, SPAN_S, STATUSES, TAGS};
use crate::id::Id;
use crate::random::Random;
use chrono::{DateTime, NaiveDate};
use clap::ValueEnum;
use serde_json::{Value, json};
use std::fmt;

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Workload {
    /// One row by id, with two references
    Row,
    /// 50 rows by filter and order
    List,
    /// 20 people, their last 10 tickets, the first 5 comments on each
    Nested,
    /// How many rows match a filter
    Count,
    /// The first page of 20, with the total
    Page,
    /// A row is added
    Create,
    /// A row is changed
    Update,
    /// `row`, each request with a text of its own
    RowUncached,
    /// `list`, each request with a text of its own
    ListUncached,
    /// `nested`, each request with a text of its own
    NestedUncached,
}

/// What the design wants: processor time of a request, as a part of the endpoint's.
type Goal = f64;

impl Workload {
    /// All, in the order of the tables.
    pub(crate) const ALL: [Self; 10] = [
        Self::Row,
        Self::List,
        Self::Nested,
        Self::Count,
        Self::Page,
        Self::RowUncached,
        Self::ListUncached,
        Self::NestedUncached,
        Self::Create,
        Self::Update,
    ];

    /// The workload that the endpoint answers: it knows nothing of texts.
    pub(crate) fn plain(self) -> Self {
        match self {
            Self::RowUncached => Self::Row,
            Self::ListUncached => Self::List,
            Self::NestedUncached => Self::Nested,
            Self::Row | Self::List | Self::Nested | Self::Count | Self::Page | Self::Create | Self::Update => self,
        }
    }

    /// Whether each request has a text of its own.
    pub(crate) fn is_uncached(self) -> bool {
        self.plain() != self
    }

    /// Whether it changes the database.
    pub(crate) fn writes(self) -> bool {
        matches!(self, Self::Create | Self::Update)
    }

    /// What it should cost at most.
    pub(crate) fn goal(self) -> Option<Goal> {
        match self {
            Self::Row | Self::Page => Some(0.7),
            Self::List => Some(0.5),
            Self::Nested => Some(0.65),
            Self::Count => Some(0.85),
            Self::Create | Self::Update => Some(1.0),
            Self::RowUncached | Self::ListUncached | Self::NestedUncached => None,
        }
    }

    /// The operation, the same for each request.
    fn text(self) -> &'static str {
        match self.plain() {
            Self::List => {
                "query ($status: TicketStatus!, $before: DateTime!) { tickets(filter: {status: {eq: $status}, createdAt: {lt: $before}}, \
                 orderBy: [{createdAt: DESC}], first: 50) { nodes { id subject status priority tags due hours createdAt } } }"
            }
            Self::Nested => {
                "query ($from: String!, $since: DateTime!) { users(filter: {name: {gte: $from}}, orderBy: [{name: ASC}], first: 20) { \
                 nodes { id name tickets(filter: {createdAt: {gte: $since}}, orderBy: [{createdAt: DESC}], first: 10) { nodes { id subject \
                 status createdAt comments(first: 5) { nodes { id body createdAt owner { name } } } } } } } }"
            }
            Self::Count => {
                "query ($statuses: [TicketStatus!]!, $priority: TicketPriority!, $due: Date!) { tickets(filter: {status: {in: $statuses}, \
                 priority: {eq: $priority}, due: {lt: $due}}) { aggregate { count } } }"
            }
            Self::Page => {
                "query ($statuses: [TicketStatus!]!, $since: DateTime!) { tickets(filter: {status: {in: $statuses}, createdAt: {gte: $since}}, \
                 orderBy: [{createdAt: DESC}], first: 20) { totalCount nodes { id subject status priority tags due hours createdAt } \
                 pageInfo { hasNextPage } } }"
            }
            Self::Create => {
                "mutation ($input: TicketCreateInput!) { createTicket(input: $input) { id subject status priority tags due createdAt } }"
            }
            Self::Update => {
                "mutation ($id: ID!, $input: TicketUpdateInput!) { updateTicket(id: $id, input: $input) { id priority due version } }"
            }
            Self::Row | Self::RowUncached | Self::ListUncached | Self::NestedUncached => {
                "query ($id: ID!) { ticket(id: $id) { id subject status priority tags due hours createdAt team { name } requester { name } } }"
            }
        }
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Row => "one row",
            Self::List => "50 rows",
            Self::Nested => "nested",
            Self::Count => "filter with count",
            Self::Page => "page with total",
            Self::Create => "create",
            Self::Update => "update",
            Self::RowUncached => "one row, new text",
            Self::ListUncached => "50 rows, new text",
            Self::NestedUncached => "nested, new text",
        })
    }
}

/// One request: who asks, and with which values.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    /// Which of the callers.
    pub(crate) caller: usize,
    pub(crate) values: Values,
}

/// The values of a request.
#[derive(Clone, Debug)]
pub(crate) enum Values {
    Row {
        id: Id,
    },
    List {
        status: &'static str,
        before_s: i64,
    },
    Nested {
        from: String,
        since_s: i64,
    },
    Count {
        statuses: [&'static str; 2],
        priority: &'static str,
        due: NaiveDate,
    },
    Page {
        statuses: [&'static str; 2],
        since_s: i64,
    },
    Create {
        subject: String,
        team: Id,
        requester: Id,
        priority: &'static str,
        tag: &'static str,
        due: NaiveDate,
    },
    Update {
        id: Id,
        priority: &'static str,
        due: NaiveDate,
    },
}

impl Question {
    /// A request with values by chance. `serial` is a number that no other request of the run has.
    pub(crate) fn new(workload: Workload, callers: &[Caller], serial: u64, random: &mut Random) -> Self {
        let index = random.below(callers.len());
        let caller = &callers[index];
        // Moments to the second, so that hardly any request comes twice.
        let mut moment = |from: i64, to: i64| BEGIN_S + from + random.below((to - from) as usize) as i64;
        let values = match workload.plain() {
            Workload::List => Values::List {
                before_s: moment(SPAN_S / 2, SPAN_S),
                status: random.pick(&STATUSES),
            },
            Workload::Nested => Values::Nested {
                since_s: moment(0, SPAN_S / 3),
                // The first half of the names, so that 20 follow.
                from: caller.names[random.below(caller.names.len() / 2)].clone(),
            },
            Workload::Count => Values::Count {
                due: day(moment(SPAN_S / 4, SPAN_S)),
                statuses: two_of(random),
                priority: random.pick(&PRIORITIES),
            },
            Workload::Page => Values::Page {
                since_s: moment(0, SPAN_S / 2),
                statuses: two_of(random),
            },
            Workload::Create => Values::Create {
                due: day(moment(0, SPAN_S)),
                subject: format!("Bench {serial:012x}"),
                team: random.pick(&caller.teams),
                requester: random.pick(&caller.requesters),
                priority: random.pick(&PRIORITIES),
                tag: random.pick(&TAGS),
            },
            Workload::Update => Values::Update {
                due: day(moment(0, SPAN_S)),
                id: random.pick(&caller.tickets),
                priority: random.pick(&PRIORITIES),
            },
            Workload::Row | Workload::RowUncached | Workload::ListUncached | Workload::NestedUncached => Values::Row {
                id: random.pick(&caller.tickets),
            },
        };
        Self { caller: index, values }
    }

    /// The GraphQL request. With a serial number its text is one that nobody has sent before.
    pub(crate) fn graphql(&self, workload: Workload, serial: u64) -> Value {
        let text = workload.text();
        let query = if workload.is_uncached() {
            format!("{text} # {serial}")
        } else {
            text.to_owned()
        };
        json!({"query": query, "variables": self.variables()})
    }

    fn variables(&self) -> Value {
        match &self.values {
            Values::Row { id } => json!({"id": id.to_string()}),
            Values::List { status, before_s } => json!({"status": upper(status), "before": instant(*before_s)}),
            Values::Nested { from, since_s } => json!({"from": from, "since": instant(*since_s)}),
            Values::Count {
                statuses,
                priority,
                due,
            } => {
                json!({"statuses": statuses.map(upper), "priority": upper(priority), "due": due.to_string()})
            }
            Values::Page { statuses, since_s } => json!({"statuses": statuses.map(upper), "since": instant(*since_s)}),
            Values::Create {
                subject,
                team,
                requester,
                priority,
                tag,
                due,
            } => json!({"input": {
                "subject": subject, "team": team.to_string(), "requester": requester.to_string(),
                "priority": upper(priority), "tags": [upper(tag)], "due": due.to_string(),
            }}),
            Values::Update { id, priority, due } => {
                json!({"id": id.to_string(), "input": {"priority": upper(priority), "due": due.to_string()}})
            }
        }
    }

    /// The endpoint's path and query.
    pub(crate) fn path(&self) -> String {
        match &self.values {
            Values::Row { id } => format!("/row?id={id}"),
            Values::List { status, before_s } => format!("/list?status={status}&before_s={before_s}"),
            Values::Nested { from, since_s } => {
                format!("/nested?from={}&since_s={since_s}", from.replace(' ', "+"))
            }
            Values::Count {
                statuses: [first, second],
                priority,
                due,
            } => format!("/count?first={first}&second={second}&priority={priority}&due={due}"),
            Values::Page {
                statuses: [first, second],
                since_s,
            } => format!("/page?first={first}&second={second}&since_s={since_s}"),
            Values::Create {
                subject,
                team,
                requester,
                priority,
                tag,
                due,
            } => format!(
                "/create?subject={}&team={team}&requester={requester}&priority={priority}&tag={tag}&due={due}",
                subject.replace(' ', "+")
            ),
            Values::Update { id, priority, due } => format!("/update?id={id}&priority={priority}&due={due}"),
        }
    }
}

fn two_of(random: &mut Random) -> [&'static str; 2] {
    let first = random.below(STATUSES.len());
    let second = (first + 1 + random.below(STATUSES.len() - 1)) % STATUSES.len();
    [STATUSES[first], STATUSES[second]]
}

fn day(at_s: i64) -> NaiveDate {
    DateTime::from_timestamp(at_s, 0).unwrap_or_default().date_naive()
}

fn instant(at_s: i64) -> String {
    let moment = DateTime::from_timestamp(at_s, 0).unwrap_or_default();
    moment.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn upper(value: &str) -> String {
    value.to_uppercase()
}
